import signal
from collections.abc import Iterator

import psutil
import pytest

from harness.hookspecs import hookimpl
from harness.metrics import Measurement
from harness.records import Trial
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.diary import Diary
from tests.experiment.probes import Steady


def test_ctrl_c_keeps_what_is_done(settings: MakeSettings, run_plan: RunPlan, request: pytest.FixtureRequest) -> None:
    """The trial in hand is written as interrupted, listeners hear the end, and no process is left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    diary = Diary()
    ran = run_plan(settings({"fail": "interrupt@run@1"}, iterations=4), listeners={"diary": diary})
    assert [str(trial.outcome) for trial in ran.trials] == ["ok", "interrupted"]
    assert [phase.name for phase in ran.trials[1].visits[0].phases] == ["load"]
    assert ran.ending.outcomes == {"ok": 1, "interrupted": 1}
    assert (ran.ending.interrupted, ran.ending.ok) == (True, False)
    assert diary.lines[-2:] == ["trial_finished 1", "run_finished run"]
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_ctrl_c_while_a_trial_is_measured_does_not_lose_it(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A trial whose commands are all done is on disk, whatever it is called."""
    measured: list[int] = []

    class Impatient(Steady):
        name = "impatient"

        @hookimpl
        def measure(self, trial: Trial) -> Iterator[Measurement]:
            """Stand for Ctrl-C while no worker is at work, once."""
            measured.append(trial.index)
            if measured == [0, 1]:
                raise KeyboardInterrupt
            return iter(())

    ran = run_plan(settings(order=("asr",), iterations=3), probes=(Impatient,))
    assert ran.ending.interrupted
    assert [trial.index for trial in ran.trials] == [0, 1]
