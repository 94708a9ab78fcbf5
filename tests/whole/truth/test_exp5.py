"""The original experiment, on an engine whose costs are known."""

import re

import pytest

from harness.analysis.verdict import MIN_FOR_LEAK
from tests.engine.build import Value
from tests.whole.command import assert_in_order, json_of
from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, PRINTED, near

pytestmark = NEEDS
CELL = r"-?\d+\.\d\d"


def test_exp5_prints_the_originals_tables_with_the_true_numbers(chain: Run) -> None:
    """Twenty iterations, one model at a time, threads 6, context 4096: overheads, WER, growth are the engine's."""
    asr: dict[str, Value] = {"keep_mib": 48, "load_peak_mib": 16, "leak_load_kib": 512, "chunk_ms": 1}
    aligner: dict[str, Value] = {"keep_mib": 24, "leak_load_kib": 256}
    ran = chain("experiment=exp5", "iterations=20", asr=asr, aligner=aligner)
    assert (ran.status, ran.outcomes) == (0, ["ok"] * 20)
    assert ran.out.splitlines().count(PRINTED) == 20
    overheads = [r"Phase +Load Overhead +Net Overhead", "-[- ]+", rf"ASR +{CELL} +{CELL}", rf"Aligner +{CELL} +{CELL}"]
    averages = [r"Metric +ASR +Aligner", "-[- ]+", rf"Avg TTFT \(ms\) +{CELL} +-", r"Avg WER \(%\) +0\.00 +-"]
    names = ("Initial Memory (MB)", "Final Memory (MB)", "Total Growth (MB)", "Growth Rate (MB/iter)")
    overall = ["Overall Memory", *(rf"{re.escape(name)} +{CELL}" for name in names)]
    assert_in_order(ran.out, [r"Summary \(20 iterations\)", *overheads, *averages, *overall, "Trials: 20 ok"])
    table = ran.out[ran.out.index("\nSummary (") :]

    def printed(name: str) -> list[float]:
        (row,) = re.findall(rf"(?m)^{re.escape(name)} +(.*\d.*)$", table)
        return [float(cell) for cell in row.split() if cell != "-"]

    assert printed("ASR") == [near(48.5), pytest.approx(0.5, abs=0.3)]
    assert printed("Aligner") == [near(24.25), pytest.approx(0.25, abs=0.3)]
    assert printed("Avg TTFT (ms)")[0] >= 2
    assert printed("Total Growth (MB)") == [near(15)]
    assert printed("Growth Rate (MB/iter)") == [pytest.approx(0.75, abs=0.05)]
    assert ran.summary["metrics"]["memory.growth_mib_per_iteration"]["value"] == pytest.approx(0.75, rel=0.01)
    verdict = ran.summary["verdicts"]["memory"]
    assert (verdict["verdict"], verdict["n"]) == ("undecided", 19)  # it grows, and could stop yet, as caches do
    assert verdict["slope_mib_per_iteration"] == pytest.approx(0.75, rel=0.01)
    assert verdict["settles_at"] > MIN_FOR_LEAK
    original = json_of(ran.folder / "asr_align_results.json")
    assert original["summary"]["asr"]["avg_load_overhead_mb"] == near(48.5)
    assert original["summary"]["asr"]["avg_wer_percent"] == 0
