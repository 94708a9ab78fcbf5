from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.drift import Drift
from harness.analysis.summary import summarise
from harness.analysis.sweep import Cell, Sweep
from harness.report.drift_lines import drift_lines, drift_notes
from harness.report.sweep_table import sweep_figures, sweep_table
from harness.report.verdict_lines import verdict_lines
from tests import stored

TIME = Drift("asr.latency_ms", "time", 12.34, (8.05, 16.2), 0.0, 540.0, 40)
HEAT = Drift("aligner.load_ms", "temperature", -3.0, (-4.44, -1.51), 45.2, 71.0, 40)
SUMMARY = replace(summarise(stored.run(), stored.trials()), drift=(TIME, HEAT))
LINES = [
    "Drift (asr.latency_ms): with time, +12.3 % (95 % interval +8.1 .. +16.2 %, n = 40) over 9 min",
    "Drift (aligner.load_ms): with temperature, -3.0 % (95 % interval -4.4 .. -1.5 %, n = 40) from 45 to 71 °C",
]


def cell(job: str, *drift: Drift) -> Cell:
    """Return a job that was done."""
    return Cell(job, Path(job), {"threads": job}, "ok", True, {}, drift=drift)


def test_a_run_says_what_drifts_with_what() -> None:
    """A line for each metric, by how much, over what."""
    assert drift_lines(SUMMARY) == LINES
    assert drift_lines(replace(SUMMARY, drift=())) == []


def test_the_lines_stand_before_the_outcomes() -> None:
    """At a run's end and in its report."""
    lines = verdict_lines(SUMMARY)
    at = lines.index(LINES[0])
    assert lines[at : at + 3] == [*LINES, "Trials: 3 ok"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(45.4, "45 s"), (119.0, "119 s"), (120.0, "2 min"), (7199.0, "120 min"), (9000.0, "2.5 h")]
)
def test_how_long_it_took_is_told_in_a_fitting_unit(seconds: float, text: str) -> None:
    """Seconds, minutes or hours."""
    assert drift_lines(replace(SUMMARY, drift=(replace(TIME, last=seconds),)))[0].endswith(f" over {text}")


def test_a_sweep_says_which_job_drifts_and_whether_the_machine_does() -> None:
    """The machine first, for that is about all of them."""
    sweep = Sweep(Path(), (cell("0"), cell("1", TIME)), ("threads",), {}, drift=(replace(TIME, change_percent=9.0),))
    facts = "(95 % interval +8.1 .. +16.2 %, n = 40)"
    notes = [
        f"the machine drifts: asr.latency_ms +9.0 % {facts} over the blocks of all cells",
        f"job 1: asr.latency_ms drifts with time, +12.3 % {facts} over 9 min",
    ]
    assert list(drift_notes(sweep)) == notes
    assert list(sweep_table(sweep, sweep_figures(sweep)).notes) == notes
