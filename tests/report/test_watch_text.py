from pathlib import Path

import pytest

from harness.analysis.follow_run import FollowedRun
from harness.analysis.follow_sweep import FollowedSweep
from harness.records import Outcome
from harness.report.watch_text import news_line, run_lines, sparkline, sweep_lines
from tests import stored
from tests.analysis.test_follow_sweep import sweep

LATER_S = 4e9


def followed(folder: Path) -> FollowedRun:
    """Return a run as it is now."""
    made = FollowedRun(folder)
    made.poll()
    return made


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([5], "\u2581"),
        ([1, 1], "\u2581\u2581"),
        ([0, 7], "\u2581\u2588"),
        ([0, 1, 2, 7], "\u2581\u2582\u2583\u2588"),
    ],
)
def test_sparkline(values: list[float], drawn: str) -> None:
    """From the least to the greatest; all equal is low."""
    assert sparkline(values) == drawn


def test_a_peak_is_not_lost_in_a_narrow_sparkline() -> None:
    """Several values in one column are their greatest."""
    assert sparkline([0, 9, 0, 0, 0, 0], 3) == "\u2588\u2581\u2581"


def test_a_finished_run(tmp_path: Path) -> None:
    """What was run, all trials, memory, figures beside last values, the last trials, the verdict."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials())
    stored.curve(folder, (10**9, 0, 2048, 0, 0), (2 * 10**9, 0, 4096, 0, 0))
    lines = run_lines(followed(folder), LATER_S)
    assert lines[:4] == [
        f"{folder}: finished",
        "asr (madeup-asr.bin) -> aligner (madeup-aligner.bin), recreate, one_at_a_time, threads 2",
        "Trials  3 of 3 [########################]  3 ok",
        "Memory  4.0 MiB  " + 29 * "\u2581" + "\u2588  2.0 .. 4.0 in the last minute",
    ]
    assert f"{'asr.ttft_ms':<34}{'400.00':>12}{'400.00':>12}" in lines
    assert lines[-1].startswith("      2  jfk  ok  ")


def test_a_run_of_which_nothing_is_heard(tmp_path: Path) -> None:
    """Files cannot tell a killed run from one that works: both are said."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    assert "nothing was written for" in run_lines(followed(folder), LATER_S)[0]


@pytest.mark.parametrize("rows", [8, 12, 23])
def test_small_terminals(tmp_path: Path, rows: int) -> None:
    """No more lines than there is room for, the head always among them."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials())
    lines = run_lines(followed(folder), LATER_S, rows)
    assert len(lines) <= rows
    assert lines[0].endswith("finished")


def test_control_characters_are_shown(tmp_path: Path) -> None:
    """An engine's message and an utterance's name cannot speak to the terminal."""
    trial = stored.trial(
        1,
        outcome=Outcome("error", "asr", "run", "\x1b[2Jgone"),
        utterance=stored.utterance(id="a\x07b"),
        problems=("\x9b",),
    )
    folder = stored.write(tmp_path / "run", stored.run(), [trial])
    text = "\n".join([*run_lines(followed(folder), LATER_S), news_line(followed(folder), LATER_S)])
    assert r"a\x07b  error: \x1b[2Jgone in run (asr)" in text
    assert r"Problem: trial 1: \x9b" in text
    assert not any(one < " " or "\x7f" <= one <= "\x9f" for one in text.replace("\n", ""))


def test_a_sweep(tmp_path: Path) -> None:
    """Its jobs with their states, then the run that goes on."""
    state = FollowedSweep(sweep(tmp_path))
    state.poll()
    lines = sweep_lines(state, LATER_S)
    assert lines[0].startswith(f"{tmp_path}: running, 1 done, 1 failed, 1 running, 1 waiting")
    assert lines[1:5] == [
        "      0  done    threads=0  3 ok",
        "      1  failed  threads=1  threads: found 1",
        "      2  running threads=2",
        "      3  waiting threads=3",
    ]
    assert lines[6].startswith("job 2: ")
    assert news_line(state, LATER_S).startswith(
        "[2/4 jobs ended, job 2] trial 1/3 asr.rtf 0.20 asr.latency_ms 2000 rss 34.0 MiB"
    )


def test_a_large_sweep_in_a_small_terminal(tmp_path: Path) -> None:
    """Only jobs about the running one are listed; the others are counted."""
    state = FollowedSweep(sweep(tmp_path, jobs=500))
    state.poll()
    lines = sweep_lines(state, LATER_S, 23)
    assert len(lines) <= 23
    assert "  and 493 more" in lines
    assert "      2  running threads=2" in lines


def test_nothing_yet(tmp_path: Path) -> None:
    """Before the first trial there is no news, and a run that has not begun says so."""
    assert news_line(followed(tmp_path), 0.0) == ""
    assert run_lines(followed(tmp_path), 0.0) == [f"{tmp_path}: not begun"]
