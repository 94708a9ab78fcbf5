from dataclasses import replace
from pathlib import Path

from harness.analysis.outputs import OutputCheck, Unlike
from harness.analysis.summary import summarise
from harness.analysis.sweep import Sweep, read_sweep
from harness.records import Trial
from harness.report.caution_notes import caution_notes
from harness.report.constancy_lines import constancy_lines, sweep_constancy_notes
from harness.report.sweep_report import sweep_text
from harness.report.verdict_lines import findings
from tests import stored
from tests.analysis.cells import cell, sweep
from tests.stored_sweep import job

UNLIKE = Unlike(base="0", other="1", utterance="jfk", difference="word 7 'ask' -> 'as'")


def heard(index: int, **texts: str) -> Trial:
    """Return a trial with other outputs: of the ASR its transcript, of the aligner its word times."""
    trial = stored.trials()[index]
    return replace(
        trial,
        measurements=tuple(
            replace(one, text=texts.get(one.metric, one.text)) if one.text is not None else one
            for one in trial.measurements
        ),
    )


def swept(*checks: OutputCheck) -> Sweep:
    """Return a sweep of two cells with these checks."""
    cells = (cell(number, {"threads": str(number + 1)}, None) for number in range(2))
    return replace(sweep(("threads",), *cells), outputs=checks)


def test_nothing_is_said_of_what_stays_the_same() -> None:
    """A run's report has a line only where something changed."""
    assert constancy_lines(summarise(stored.run(), stored.trials())) == []


def test_a_run_that_changed() -> None:
    """One line for each stage, with how many of the repeated trials; something is wrong then."""
    trials = [heard(0), heard(1), heard(2, transcript="and so my yellow", word_times="0 5 and")]
    summary = summarise(stored.run(), trials)
    lines = [
        "Output (asr): text: differs first in trial 2 (iteration 2, jfk): word 5 'americans' is missing "
        "(1 of 2 repeated trials, 50%)",
        "Output (aligner): word times: differs first in trial 2 (iteration 2, jfk): word 1 'and' starts 320 ms earlier "
        "and ends 555 ms earlier (1 of 2 repeated trials, 50%)",
    ]
    assert constancy_lines(summary) == lines
    assert [one.line for one in findings(summary) if one.status == "bad"] == lines


def test_a_sweep_that_agrees() -> None:
    """Text and word times in one note, with the number of cells, and of groups where there are several."""
    text = OutputCheck(stage="asr", metric="transcript", cells=6, groups=1)
    times = OutputCheck(stage="asr", metric="word_times", cells=6, groups=1)
    grouped = OutputCheck(stage="aligner", metric="word_times", cells=4, groups=2)
    both = OutputCheck(stage="asr", metric="transcript", cells=2, groups=1)
    assert list(sweep_constancy_notes(swept(text, times, grouped))) == [
        "asr: the same text and word times in all 6 cells",
        "aligner: the same word times in each of 2 groups of cells that have to agree (4 cells)",
    ]
    assert list(sweep_constancy_notes(swept(both))) == ["asr: the same text in both cells"]
    assert list(caution_notes(swept(text, times))) == []


def test_a_sweep_that_differs() -> None:
    """Both cells by their swept keys, the utterance and the word; it is a caution too."""
    text = OutputCheck(stage="asr", metric="transcript", cells=6, groups=1, other=2, first=UNLIKE)
    line = (
        "asr: text differs from cell threads=1 first in cell threads=2, utterance jfk: word 7 'ask' -> 'as' "
        "(2 of 6 cells differ)"
    )
    assert list(sweep_constancy_notes(swept(text))) == [line]
    assert list(caution_notes(swept(text))) == [line]
    same = replace(text, other=0, first=None)
    times = OutputCheck(stage="asr", metric="word_times", cells=6, groups=1, other=1, first=UNLIKE)
    assert list(sweep_constancy_notes(swept(same, times))) == [
        "asr: the same text in all 6 cells; word times differ from cell threads=1 first in cell threads=2, utterance "
        "jfk: word 7 'ask' -> 'as' (1 of 6 cells differ)"
    ]


def test_trials_that_were_not_read() -> None:
    """What was not looked at is said."""
    text = OutputCheck(stage="asr", metric="transcript", cells=9, groups=1, other=5, unread=3, first=UNLIKE)
    (line,) = sweep_constancy_notes(swept(text))
    assert line.endswith("(5 of 9 cells differ; the trials of 3 were not read)")
    (line,) = sweep_constancy_notes(swept(replace(text, first=None)))
    assert line == "asr: text may differ in 5 of 9 cells, whose trials were not read"


def test_a_cell_that_changes_within(tmp_path: Path) -> None:
    """Two cells that begin alike do not agree where one of them goes on otherwise: an engine that remembers."""
    job(tmp_path / "0", "lifecycle=restart")
    job(
        tmp_path / "1",
        "lifecycle=reuse",
        trials=[heard(0), heard(1, transcript="and so my fellow americans"), heard(2)],
    )
    line = (
        "asr: the same text in both cells the first time; text changed within 1 of 2 cells, first in cell "
        "lifecycle=reuse: differs first in trial 1 (iteration 1, jfk): word 4 'yellow' -> 'fellow'"
    )
    found = read_sweep(tmp_path)
    assert list(sweep_constancy_notes(found)) == [line, "aligner: the same word times in both cells"]
    assert list(caution_notes(found)) == [line]


def test_the_note_of_a_stored_sweep(tmp_path: Path) -> None:
    """It stands below the sweep's table, on the screen and in the files."""
    for number in range(2):
        job(tmp_path / str(number), f"threads={number + 1}")
    assert "\nasr: the same text in both cells\n" in sweep_text(read_sweep(tmp_path))
