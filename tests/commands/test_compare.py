import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.records import Phase, Trial
from tests import stored
from tests.whole.command import Ran, called, settle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two runs in ``outputs``: of the second each call takes half as long again."""
    place = settle(tmp_path, monkeypatch)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    run = replace(stored.run(), trials=8)
    stored.write(place / "outputs" / "a", run, stored.trials(8), stored.environment())
    slow = tuple(stored.measured(slowed(trial)) for trial in stored.trials(8))
    stored.write(place / "outputs" / "b", replace(run, harness_version="0.2.0"), slow, stored.environment())
    return place


def slowed(trial: Trial) -> Trial:
    """Return a trial whose inference calls took half as long again."""
    visits = tuple(replace(visit, phases=tuple(map(slowed_phase, visit.phases))) for visit in trial.visits)
    return replace(trial, visits=visits, measurements=())


def slowed_phase(phase: Phase) -> Phase:
    """Return a phase that took half as long again, if it is an inference call."""
    more_ns = (phase.end_ns - phase.start_ns) // 2
    return replace(phase, end_ns=phase.end_ns + more_ns) if phase.name == "run" else phase


def compare(capsys: Capture, *arguments: str) -> Ran:
    """Compare on the command line."""
    return called(capsys, ["compare", *arguments])


def row(ran: Ran, metric: str) -> list[str]:
    """Return the cells of a metric's row on the screen."""
    return next(line for line in ran.out.splitlines() if line.startswith(metric)).split()


def test_two_runs(capsys: Capture) -> None:
    """Figures, ratio, p and word on the screen; status 0 without a threshold."""
    ran = compare(capsys, "outputs/a", "outputs/b")
    assert (ran.status, ran.err) == (0, "")
    cells = ["2000.00", "3000.00", "x", "1.500", "1.500", "..", "1.500", "0.003", "7,", "7", "slower"]
    assert row(ran, "asr.latency_ms")[1:] == cells
    assert ran.out.splitlines()[:2] == ["A: outputs/a", "B: outputs/b"]
    assert "harness              0.1.0  0.2.0" in ran.out
    assert ran.out.splitlines()[-1] == (
        "Shown: asr.latency_ms slower; aligner.latency_ms slower; asr.rtf slower; aligner.rtf slower"
    )


def test_no_line_is_wider_than_a_terminal(capsys: Capture) -> None:
    """The tables fit into 120 columns."""
    out = compare(capsys, "outputs/a", "outputs/b", "--metric", "*").out
    assert max(len(line) for line in out.splitlines() if ".." in line and ":" not in line) <= 120


def test_metrics_are_chosen(capsys: Capture) -> None:
    """By full name or pattern, any of them, main or not."""
    ran = compare(capsys, "outputs/a", "outputs/b", "--metric", "asr.rtf*", "--metric", "asr.transcript")
    names = [line.split()[0] for line in ran.out.splitlines() if line.startswith("asr.")]
    assert (ran.status, names) == (0, ["asr.rtf", "asr.rtfx", "asr.transcript"])
    assert row(ran, "asr.rtfx")[-1] == "slower"
    assert row(ran, "asr.transcript")[-2:] == ["same", "text"]


def test_a_broken_threshold_is_status_1(capsys: Capture) -> None:
    """The lines name each metric; what is within its own threshold holds."""
    ran = compare(capsys, "outputs/a", "outputs/b", "--threshold", "5%", "--threshold", "asr.*=60%")
    assert (ran.status, ran.err) == (1, "")
    assert [line for line in ran.out.splitlines() if line.startswith("Threshold")] == [
        "Threshold broken: aligner.latency_ms: slower by 50.0 %, 5 % may be",
        "Threshold broken: aligner.rtf: slower by 50.0 %, 5 % may be",
    ]
    assert compare(capsys, "outputs/a", "outputs/b", "--threshold", "50%").status == 0
    assert compare(capsys, "outputs/b", "outputs/a", "--threshold", "0%").status == 0


def test_a_threshold_adds_its_metric(capsys: Capture) -> None:
    """A metric that has a threshold is compared, main or not."""
    ran = compare(capsys, "outputs/a", "outputs/b", "--threshold", "asr.rtfx=90%", "--metric", "asr.rtf")
    assert row(ran, "asr.rtfx")[-1] == "slower"
    assert row(ran, "asr.rtf")[-1] == "slower"
    assert ran.status == 0  # by less than that


def test_one_json_document(capsys: Capture) -> None:
    """Standard output is one document; notes go to standard error."""
    called(capsys, ["baseline", "outputs", "outputs/a"])
    ran = compare(capsys, "outputs/a", "outputs/b", "--json", "--threshold", "asr.rtf=5%")
    document: Any = json.loads(ran.out)
    assert (ran.status, document["schema"], document["tests"]) == (1, 3, 6)
    assert [one["metric"] for one in document["broken"]] == ["asr.rtf"]


def test_for_github(capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Markdown is appended to the step's summary and to a file; figures go into a file of their own."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    (folder / "summary.md").write_text("before\n")
    arguments = ["--github-summary", "--markdown", "mine.md", "--benchmark-json", "figures.json"]
    ran = compare(capsys, "outputs/a", "outputs/b", *arguments)
    assert (ran.status, ran.err) == (0, "")
    assert (folder / "summary.md").read_text() == "before\n" + (folder / "mine.md").read_text()
    assert (folder / "mine.md").read_text().startswith("# Comparison\n")
    figures = json.loads((folder / "figures.json").read_text())
    assert {
        "name": "asr.rtf",
        "unit": "s/s",
        "value": 0.3,
        "range": "0.300 .. 0.300",
        "extra": "n = 7; slower than A",
    } in figures


def test_figures_of_which_more_is_better(capsys: Capture, folder: Path) -> None:
    """They go to a second file, for the tool takes one direction a file."""
    arguments = ["--benchmark-json", "figures.json", "--metric", "asr.rtf", "--metric", "asr.rtfx"]
    ran = compare(capsys, "outputs/a", "outputs/b", *arguments)
    assert ran.err == "note: metrics of which more is better are in 'figures-bigger.json', for customBiggerIsBetter\n"
    names = [
        [one["name"] for one in json.loads((folder / name).read_text())]
        for name in ("figures.json", "figures-bigger.json")
    ]
    assert names == [["asr.rtf"], ["asr.rtfx"]]


def test_baselines_by_name(capsys: Capture, folder: Path) -> None:
    """A stored name stands where a folder may; a folder of that name goes before it, with a note."""
    assert called(capsys, ["baseline", "main", "outputs/a"]).out == "Baseline: outputs/baselines/main\n"
    ran = compare(capsys, "main", "outputs/b")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "A: outputs/baselines/main")
    stored.write(folder / "main", stored.run(), stored.trials())
    ran = compare(capsys, "main", "outputs/b")
    assert ran.err == "note: 'main' is taken for the folder of that name, not for the stored baseline\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["outputs/a", "mian"], "comparison: found 'mian', expected .*, or the name of a stored baseline .*"),
        (["outputs/a", "outputs"], "comparison: found the sweep '.*' and the run '.*'.*|run folder: .*"),
        (["outputs/a"], "Missing argument 'B'."),
        (["outputs/a", "outputs/b", "outputs/c"], ".*unexpected extra argument.*"),
        (["outputs/a", "outputs/b", "--metric", "asr.fast"], "metric: found 'asr.fast', expected .*choose from: asr.*"),
        (["outputs/a", "outputs/b", "--metric"], ".*--metric.* requires an argument.*"),
        (["outputs/a", "outputs/b", "--threshold", "5"], "threshold: found '5', expected a share such as 5%, or .*"),
        (
            ["outputs/a", "outputs/b", "--threshold", "-5%"],
            "threshold: found '-5%', expected a share such as 5%, or .*",
        ),
        (["outputs/a", "outputs/b", "--threshold", "x%"], "threshold: found 'x%', expected a share such as 5%, or .*"),
        (["outputs/a", "outputs/b", "--threshold", "x.*=5%"], "threshold: found 'x[.][*]', expected a metric that .*"),
        (["outputs/a", "outputs/b", "--threshold", "asr.fast=5%"], "metric: found 'asr.fast', expected .*"),
        (
            ["outputs/a", "outputs/b", "--threshold", "5%", "--threshold", "6%"],
            "threshold: found the general .* twice.*",
        ),
        (["outputs/a", "outputs/b", "--github-summary"], "--github-summary: found no GITHUB_STEP_SUMMARY .*"),
        (["outputs/a", "outputs/b", "--markdown", "no/where.md"], "output file: found 'no/where.md' .*"),
        (["outputs/a", "outputs/b", "--benchmark-json", "no/where.json"], "output file: found 'no/where.json' .*"),
        (["outputs/a", "outputs/b", "--nosuch"], ".*--nosuch.*"),
    ],
)
def test_what_cannot_be_used_is_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    """Status 2, and the line says what was found and what was expected."""
    ran = compare(capsys, *arguments)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert re.fullmatch(f"harness: (?:{line})\n", ran.err)


def test_runs_that_are_not_comparable(capsys: Capture, folder: Path) -> None:
    """The first difference of input, references or protocol is the line, and nothing is printed or written."""
    run = replace(stored.run(), protocol=replace(stored.run().protocol, trim="each"))
    stored.write(folder / "outputs" / "c", run, stored.trials())
    ran = compare(capsys, "outputs/a", "outputs/c", "--markdown", "mine.md")
    found = "trim=end in 'outputs/a' and trim=each in 'outputs/c'"
    line = f"harness: comparison: found {found}, expected the same protocol in both runs\n"
    assert ran == Ran(2, "", line)
    assert not (folder / "mine.md").exists()


def test_a_damaged_run(capsys: Capture, folder: Path) -> None:
    """A damaged line is named with its number; a folder without run.json as no run."""
    lines = (folder / "outputs" / "b" / store.TRIALS).read_bytes().splitlines(keepends=True)
    (folder / "outputs" / "b" / store.TRIALS).write_bytes(lines[0] + b"{}\n" + lines[1])
    ran = compare(capsys, "outputs/a", "outputs/b")
    assert (ran.status, ran.out) == (2, "")
    assert "trials.jsonl' line 2" in ran.err
