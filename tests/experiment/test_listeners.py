from harness.hookspecs import hookimpl
from harness.records import Run, Trial
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.diary import Diary
from tests.experiment.probes import Steady


def test_listeners_hear_everything_in_order(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A trial is over before a command of the next one is sent."""
    diary = Diary()
    run_plan(settings(order=("asr",), iterations=2, trim="end"), listeners={"diary": diary})
    assert diary.lines == [
        "run_started run True",
        "phase_started 0 asr prepare",
        "phase_started 0 asr load",
        "phase_started 0 asr run",
        "phase_started 0 asr unload",
        "trial_finished 0",
        "phase_started 1 asr load",
        "phase_started 1 asr run",
        "phase_started 1 asr unload",
        "phase_started 1 asr trim",
        "trial_finished 1",
        "run_finished run",
    ]


def test_each_trial_is_on_disk_before_the_next_begins(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Whoever hears of a trial finds it, measurements included, as the last line of the file."""
    diary = Diary()
    run_plan(settings(iterations=3), probes=(Steady,), listeners={"diary": diary})
    assert diary.on_disk == [tuple(diary.heard[:count]) for count in (1, 2, 3)]
    assert all(trial.measurements for trial in diary.heard)


class Grumpy:
    """Fails at all news."""

    @hookimpl
    def run_started(self, run: Run) -> None:
        """Fail."""
        raise ValueError("no")

    @hookimpl
    def phase_started(self, phase: str) -> None:
        """Fail once in a while."""
        if phase == "load":
            raise LookupError(phase)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")

    @hookimpl
    def run_finished(self) -> None:
        """Fail without a word."""
        raise RuntimeError


def test_a_listener_that_raises_does_not_end_the_run(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Its failures are lines for the end of the run; the trials are whole."""
    ran = run_plan(settings(order=("asr",), iterations=2), listeners={"grumpy": Grumpy()})
    assert ran.ending.outcomes == {"ok": 2}
    assert ran.ending.ok
    assert [trial.problems for trial in ran.trials] == [(), ()]
    assert ran.ending.problems == [
        "grumpy failed in run_started: ValueError: no",
        "grumpy failed in phase_started: LookupError: load",
        "grumpy failed in trial_finished: OSError: [Errno 28] No space left on device",
        "grumpy failed in phase_started: LookupError: load",
        "grumpy failed in trial_finished: OSError: [Errno 28] No space left on device",
        "grumpy failed in run_finished: RuntimeError:",
    ]
