import io
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from harness.console import progress
from harness.console.progress import ProgressBar
from harness.plugins import Listeners
from harness.sweeping.place import Place
from tests import stored

NOWHERE = Path("/nowhere")


class Terminal(io.StringIO):
    """A terminal that keeps what it was sent."""

    def drain(self) -> str:
        """Return what came since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let the bar draw to a terminal of 100 columns that is none."""
    made = Terminal()
    environment = {"TERM": "xterm-256color"}
    console = partial(
        Console,
        file=made,
        force_terminal=True,
        width=100,
        color_system=None,
        legacy_windows=False,
        _environ=environment,
    )
    monkeypatch.setattr(progress, "Console", console)
    return made


@pytest.fixture
def bar(terminal: Terminal) -> Iterator[ProgressBar]:
    """Return a bar over three trials that has been drawn, and take it away afterwards."""
    made = ProgressBar(3)
    made.run_started(stored.run(), NOWHERE)
    yield made
    made.run_finished(stored.run(), NOWHERE)


def test_nothing_is_drawn_before_the_run(terminal: Terminal) -> None:
    """Making a bar draws nothing."""
    ProgressBar(3)
    assert terminal.getvalue() == ""


def test_no_thread(bar: ProgressBar, terminal: Terminal) -> None:
    """The bar has no thread: nothing of ours runs while the engine does."""
    before = threading.enumerate()
    bar.phase_started(0, "asr", "run")
    assert threading.enumerate() == before == [threading.main_thread()]


def test_no_thread_is_started(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first hook to its last the bar starts no thread."""

    def refuse(thread: threading.Thread) -> None:
        raise AssertionError(f"{thread} was started")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    bar = ProgressBar(1)
    bar.run_started(stored.run(), NOWHERE)
    bar.phase_started(0, "asr", "run")
    bar.write("a line")
    bar.trial_finished(stored.trial())
    bar.run_finished(stored.run(), NOWHERE)
    assert "1/1" in terminal.getvalue()


def test_phase(bar: ProgressBar, terminal: Terminal) -> None:
    """The bar says what the worker is about to do."""
    terminal.drain()
    bar.phase_started(0, "aligner", "load")
    text = terminal.drain()
    assert "Aligner load" in text
    assert "0/3" in text
    assert "left" in text


def test_trials(bar: ProgressBar, terminal: Terminal) -> None:
    """The bar counts trials as they end."""
    counted = []
    for index in range(3):
        terminal.drain()
        bar.trial_finished(stored.trial(index))
        text = terminal.drain()
        counted.append([count for count in ("0/3", "1/3", "2/3", "3/3") if count in text])
    assert counted == [["1/3"], ["2/3"], ["3/3"]]


def test_a_cell_of_a_sweep(terminal: Terminal) -> None:
    """The bar begins with the cell, and says memory at the last reading and the first main figures."""
    bar = ProgressBar(3, Place(3, 6, "threads=\x1b2", mean_s=60.0, waiting=2))
    bar.run_started(stored.run(), NOWHERE)
    bar.trial_finished(stored.trials()[0])
    terminal.drain()
    bar.phase_started(1, "asr", "run")
    text = terminal.drain()
    bar.run_finished(stored.run(), NOWHERE)
    assert r"[3/6 threads=\x1b2] ASR run" in text
    assert "34.0 MiB asr.rtf 0.20" in text


def test_time_left_of_slow_trials(bar: ProgressBar, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials of minutes have a time left too, and so has their sweep."""
    now_s = [1000.0]
    monkeypatch.setattr(bar._progress, "get_time", lambda: now_s[0])
    for task in bar._progress.tasks:
        monkeypatch.setattr(task, "_get_time", lambda: now_s[0])
    for index in range(2):
        now_s[0] += 300.0
        terminal.drain()
        bar.trial_finished(stored.trial(index))
    assert "left 0:05:00" in terminal.drain()


def test_line_above_the_bar(bar: ProgressBar, terminal: Terminal) -> None:
    """A line is written above the bar, which is drawn again below it."""
    bar.phase_started(0, "asr", "run")
    terminal.drain()
    bar.write("[ASR] Loading model...")
    text = terminal.drain()
    assert text.index("[ASR] Loading model...\n") < text.index("ASR run")


@pytest.mark.parametrize(
    "line",
    ["[bold]not bold[/bold]", ":smile: 1.5 'quoted' http://x", "x" * 250, "\u4f60\u597d, \u05e9\u05dc\u05d5\u05dd", ""],
)
def test_line_as_it_is(bar: ProgressBar, terminal: Terminal, line: str) -> None:
    """A line is text: no markup, no emoji, no colours, no wrapping."""
    terminal.drain()
    bar.write(line)
    assert f"{line}\n" in terminal.drain()


def test_end(terminal: Terminal) -> None:
    """After the run the bar is gone, and what is printed is printed plainly."""
    stdout = sys.stdout
    bar = ProgressBar(1)
    bar.run_started(stored.run(), NOWHERE)
    bar.run_finished(stored.run(), NOWHERE)
    assert sys.stdout is stdout
    terminal.drain()
    bar.write("after")
    assert terminal.drain() == "after\n"


def test_is_a_listener() -> None:
    """Its hooks are those that a run calls, with their arguments."""
    Listeners().add(ProgressBar(1), "progress")


def test_counts_and_times_stay_whole_on_a_narrow_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut where there is no room are the figures, in one line; never a time in its middle."""
    monkeypatch.setattr(
        progress, "Console", partial(Console, file=terminal, force_terminal=True, width=60, color_system=None)
    )
    bar = ProgressBar(3)
    bar.run_started(stored.run(), NOWHERE)
    bar.trial_finished(stored.trials()[0])
    terminal.drain()
    bar.phase_started(1, "asr", "run")
    text = terminal.drain()
    bar.run_finished(stored.run(), NOWHERE)
    assert "1/3 0:00:00 left -:--:-- " in text
    assert "\N{HORIZONTAL ELLIPSIS}" in text
    assert "asr.rtf 0.20" not in text
    assert "\n" not in text
