from dataclasses import replace

from harness.analysis.legs import legs
from harness.analysis.summary import summarise
from harness.report.caution_notes import caution_notes
from harness.report.run_facts import run_facts
from harness.report.seam_lines import POOLED, forced_texts, machine_texts, seam_texts, sweep_seam_notes
from harness.report.sweep_table import sweep_figures, sweep_table
from harness.report.verdict_lines import Finding, findings
from tests import made_sweep, stored

FORCED = stored.run(seams=(stored.seam(1), stored.seam(2, set_aside=0, forced=("threads: 2 -> 4",))))
SEAMS = [
    "stopped after trial 2, taken up again at 2026-01-03 10:00:00 on elsewhere (leg 1, 1 trial was cut short and done "
    "again)",
    "stopped after trial 5, taken up again at 2026-01-04 10:00:00 on elsewhere (leg 2)",
]
WARNING = "forced before leg 2: threads: 2 -> 4: figures of before and after it are pooled all the same"


def test_seams_and_what_was_forced() -> None:
    """Where, when and on which machine; how many trials were done again; what had changed."""
    found = legs(FORCED, stored.legged())
    assert list(seam_texts(found)) == SEAMS
    assert list(forced_texts(found)) == [WARNING]
    (first,) = seam_texts(legs(stored.run(seams=(stored.seam(set_aside=2),)), stored.legged()[3:]))
    assert first.startswith("stopped before the first trial was done, ")
    assert first.endswith("(leg 1, 2 trials were cut short and done again)")


def test_a_run_says_its_seams_first() -> None:
    """As findings, a forced change as one that is wrong, and among the facts; without a seam nothing is said."""
    summary = summarise(FORCED, stored.legged())
    found = findings(summary)
    assert [one.line for one in found if one.line.startswith("Seam: ")] == [f"Seam: {text}" for text in SEAMS]
    assert Finding(f"Warning: {WARNING}", "bad") in found
    assert Finding(f"Note: {POOLED}") in found
    assert [text for name, text in run_facts(FORCED, None, summary.legs) if name == "Resumed"] == SEAMS
    plain = summarise(stored.run(), stored.trials())
    assert not [one for one in findings(plain) if "leg" in one.line or "Seam" in one.line]


def test_machines_that_differ() -> None:
    """Legs on one machine need no word; one that is unknown says nothing either."""
    assert list(machine_texts(("here", "here"))) == []
    assert list(machine_texts(("", "here"))) == []
    assert list(machine_texts(("here", "", "there"))) == [
        "the legs ran on 2 machines (leg 0 on here, leg 1 on an unknown one, leg 2 on there): times and drift are "
        "pooled over them, and of none"
    ]


def test_a_sweep_marks_its_resumed_cells() -> None:
    """By a word in their row, with a note on what it means and what was forced."""
    figures = {"asr.ttft_ms": 1.0}
    cells = [made_sweep.cell(job, {"threads": str(job)}, figures) for job in (1, 2)]
    resumed = replace(cells[0], seams=tuple(("1", seam) for seam in FORCED.seams))
    sweep = made_sweep.sweep([resumed, cells[1]])
    table = sweep_table(sweep, sweep_figures(sweep))
    assert [row[0] for row in table.rows] == ["1\nbaseline\nresumed", "2"]
    notes = [
        f"resumed: 1 cell stopped and taken up again; {POOLED}",
        "job 1: forced before leg 2: threads: 2 -> 4",
    ]
    assert list(sweep_seam_notes(sweep)) == notes
    assert list(caution_notes(sweep))[:2] == notes
    assert set(notes) < set(table.notes)
    assert list(sweep_seam_notes(made_sweep.sweep(cells))) == []
