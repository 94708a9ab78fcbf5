from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.console.screen import Screen
from harness.plugins import Listeners
from harness.report.screen_text import banner, trial_block
from tests import stored

NOWHERE = Path("/nowhere")


def play(screen: Screen, trials: int = 2) -> None:
    """Let a screen hear a run of this many trials, of one phase each."""
    run = stored.run()
    screen.run_started(run, NOWHERE)
    for trial in stored.trials(trials):
        screen.phase_started(trial.index, "asr", "load")
        screen.trial_finished(trial)


def blocks(trials: int = 2) -> list[str]:
    """Return the banner and a block a trial."""
    run = stored.run()
    made = list(banner(run, stored.REFERENCE))
    for trial in stored.trials(trials):
        made += trial_block(run, trial)
    return made


def test_banner_and_blocks() -> None:
    """The banner when the run begins, a block when a trial is over, a line at a time."""
    lines: list[str] = []
    play(Screen(stored.REFERENCE, lines.append))
    assert lines == blocks()


def test_verbose() -> None:
    """In verbose mode each phase is said before it begins."""
    lines: list[str] = []
    play(Screen(stored.REFERENCE, lines.append, verbose=True))
    phases = ["[ASR] load (trial 0)", "[ASR] load (trial 1)"]
    assert [line for line in lines if line in phases] == phases
    assert [line for line in lines if line not in phases] == blocks()
    assert lines.index(phases[0]) == len(list(banner(stored.run(), stored.REFERENCE)))


@pytest.mark.parametrize("verbose", [False, True])
def test_quiet(capsys: pytest.CaptureFixture[str], verbose: bool) -> None:
    """A quiet screen writes nothing, verbose or not, and neither does it show what it is given."""
    lines: list[str] = []
    screen = Screen(stored.REFERENCE, lines.append, quiet=True, verbose=verbose)
    play(screen)
    screen.show(["the summary"])
    assert lines == []
    assert capsys.readouterr() == ("", "")


def test_show() -> None:
    """What is to be shown is written as it is, in its order."""
    lines: list[str] = []
    Screen(None, lines.append).show(iter(["b", "", "a"]))
    assert lines == ["b", "", "a"]


def test_prints_where_nothing_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines go to standard output."""
    play(Screen(stored.REFERENCE))
    assert capsys.readouterr() == ("".join(f"{line}\n" for line in blocks()), "")


@pytest.mark.parametrize("quiet", [False, True])
def test_warnings(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    """Warnings go to standard error, also when quiet."""
    lines: list[str] = []
    Screen(None, lines.append, quiet=quiet).warn(["the machine is busy", "x"])
    assert lines == []
    assert capsys.readouterr() == ("", "warning: the machine is busy\nwarning: x\n")


@pytest.mark.parametrize("make", [lambda: Screen(None), lambda: Screen("x", quiet=True)])
def test_is_a_listener(make: Callable[[], Screen]) -> None:
    """Its hooks are those that a run calls, with their arguments."""
    Listeners().add(make(), "screen")


def test_control_characters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A transcript, a message or a warning cannot speak to the terminal."""
    lines: list[str] = []
    screen = Screen(None, lines.append)
    screen.run_started(stored.run(), NOWHERE)
    visit = replace(stored.asr_visit(), text="and\x1b]0;mine\x07 so")
    screen.trial_finished(stored.trial(visits=(visit,), problems=("\x9b2J",)))
    screen.warn(["\x1b[2J"])
    assert r"[ASR] Transcript: and\x1b]0;mine\x07 so" in lines
    assert r"[Problem] \x9b2J" in lines
    assert capsys.readouterr().err == "warning: \\x1b[2J\n"


def test_without_blocks() -> None:
    """The trials are left to somebody else, the banner is not."""
    lines: list[str] = []
    play(Screen(stored.REFERENCE, lines.append, blocks=False))
    assert lines == list(banner(stored.run(), stored.REFERENCE))


def test_what_went_wrong_is_said_where_there_are_no_blocks() -> None:
    """Of each trial that has something to say, and of no other."""
    lines: list[str] = []
    screen = Screen(None, lines.append, blocks=False, troubles=True)
    screen.run_started(stored.run(), NOWHERE)
    del lines[:]
    for trial in (stored.trial(0), stored.failed(1)):
        screen.trial_finished(trial)
    assert lines == ["[Outcome] jfk: crashed: SIGSEGV in load (asr)"]
    silent = Screen(None, lines.append, blocks=False)
    silent.trial_finished(stored.failed(2))
    assert len(lines) == 1
