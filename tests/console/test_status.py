from pathlib import Path

from harness.clock import FakeClock
from harness.console.status import StatusLines
from harness.plugins import Listeners
from harness.protocol import Protocol
from harness.sweeping.place import Place
from tests import stored

NOWHERE = Path("/nowhere")


def test_a_line_a_trial() -> None:
    """Cell, trial, the first main figures, memory at the last reading, the time left here and in the sweep."""
    lines: list[str] = []
    clock = FakeClock()
    status = StatusLines(lines.append, clock, Place(3, 6, "threads=2", mean_s=60.0, waiting=2))
    status.run_started(stored.run(), NOWHERE)
    for trial in stored.trials():
        clock.advance(20.0)
        status.trial_finished(trial)
    assert lines[0] == (
        "[3/6 threads=2] trial 1/3 asr.rtf 0.20 asr.latency_ms 2000 rss 34.0 MiB left 40 s sweep left 3 min"
    )
    assert [line.partition(" asr")[0] for line in lines] == [
        "[3/6 threads=2] trial 1/3",
        "[3/6 threads=2] trial 2/3",
        "[3/6 threads=2] trial 3/3",
    ]


def test_fast_trials_share_a_line() -> None:
    """At most one line in two seconds, and one after the last trial; failed ones are counted."""
    lines: list[str] = []
    clock = FakeClock()
    status = StatusLines(lines.append, clock)
    status.run_started(stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=40)), NOWHERE)
    for index in range(40):
        clock.advance(0.1)
        status.trial_finished(stored.failed(index))
    assert [line.partition(" (")[0] for line in lines] == [
        "trial 1/40 crashed: SIGSEGV in load",
        "trial 21/40 crashed: SIGSEGV in load",
        "trial 40/40 crashed: SIGSEGV in load",
    ]
    assert "(40 failed)" in lines[-1]
    assert lines[-1].endswith("left 0 s")


def test_is_a_listener() -> None:
    """Its hooks are those that a run calls, with their arguments."""
    Listeners().add(StatusLines(print, FakeClock()), "status")


def test_a_resumed_run_begins_with_what_is_done() -> None:
    """The time left is at the pace of this leg alone."""
    lines: list[str] = []
    clock = FakeClock()
    status = StatusLines(lines.append, clock, done=38)
    status.run_started(stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=40)), NOWHERE)
    clock.advance(20.0)
    status.trial_finished(stored.trials()[0])
    assert lines[0].startswith("trial 39/40 ")
    assert lines[0].endswith(" left 20 s")
