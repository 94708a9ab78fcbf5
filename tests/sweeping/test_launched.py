from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from harness.errors import ConfigError
from harness.sweeping.launched import Launched, joined, launched


class Returning(Launcher):
    """Returns, or raises, what it was given."""

    def __init__(self, *results: object) -> None:
        self.results = results

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Need nothing."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Raise the first result where that is an exception, else return one for each job."""
        if isinstance(self.results[0], tuple):
            raise self.results[0][0]
        return [
            JobReturn(status=JobStatus.FAILED if isinstance(one, Exception) else JobStatus.COMPLETED, _return_value=one)
            for one in self.results
        ]


def lost(message: str) -> Exception:
    """Return what a pool raises when one of its processes has died."""
    return BrokenProcessPool(message)


def test_statuses() -> None:
    """A job elsewhere that was asked to stop says so by its status; a failed one stops nothing."""
    assert launched(Returning(0, 1, 2), [], 0) == Launched()
    assert launched(Returning(0, 130, 1), [], 0) == Launched(interrupted=True)


def test_a_lost_job_is_a_line() -> None:
    """The others count as what they are; one cause is said once."""
    found = launched(Returning(lost("gone\nand more"), 130, lost("gone\nelsewhere")), [], 0)
    assert found == Launched(True, ("BrokenProcessPool: gone", "BrokenProcessPool: gone"))
    assert joined([found, Launched(lost=("x",), gone=True)]) == Launched(
        True, ("BrokenProcessPool: gone (2 jobs)", "x"), True
    )


def test_a_launcher_that_cannot_go_on_is_a_line() -> None:
    """Whatever it raises, but for what is the user's, or is the user."""
    assert launched(Returning((RuntimeError("no\x1bhead"),)), [], 0) == Launched(
        lost=("RuntimeError: no\\x1bhead",), gone=True
    )
    for error in (ConfigError("a", "b", "c"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            launched(Returning((error,)), [], 0)


def test_a_defect_of_ours_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    """What a job raised by itself is no launcher's."""
    with pytest.raises(ZeroDivisionError):
        launched(Returning(ZeroDivisionError("x")), [], 0)
