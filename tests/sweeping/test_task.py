import pickle
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.clock import FakeClock
from harness.errors import OwnedRun
from harness.sweeping.task import SweepTask, clear, here, patiently


def owned(times: int, *, elsewhere: bool) -> tuple[list[int], Any]:
    """Return a job that a living owner has so many times, and the list of its tries."""
    tries: list[int] = []

    def run() -> str:
        tries.append(len(tries))
        if len(tries) <= times:
            raise OwnedRun("run folder", "another's", "nobody's", elsewhere=elsewhere)
        return "done"

    return tries, run


@pytest.mark.parametrize(
    ("times", "elsewhere", "count", "ends"),
    [(0, False, 1, True), (12, True, 13, True), (1, False, 1, False), (1_000, True, 19, False)],
)
def test_patience(times: int, elsewhere: bool, count: int, ends: bool) -> None:
    """An owner on another host may be dead, which shows within 90 s; one that is seen alive is believed at once."""
    clock = FakeClock()
    tries, run = owned(times, elsewhere=elsewhere)
    if ends:
        assert patiently(run, clock, clock.advance) == "done"  # type: ignore[comparison-overlap]
    else:
        with pytest.raises(OwnedRun):
            patiently(run, clock, clock.advance)
    assert len(tries) == count


def test_a_task_can_be_sent_elsewhere() -> None:
    """It knows there that it is not at home."""
    task = SweepTask(("threads",), forced=True)
    assert pickle.loads(pickle.dumps(task)) == task
    assert task.home == here()


def test_what_a_process_left_that_had_not_begun(tmp_path: Path) -> None:
    """An empty file for trials is no run, unless a living process holds it; one with trials stays."""
    (tmp_path / store.TRIALS).touch()
    log = store.TrialLog(tmp_path)
    clear(tmp_path)
    assert (tmp_path / store.TRIALS).exists()
    log.close()
    clear(tmp_path)
    assert not (tmp_path / store.TRIALS).exists()
    (tmp_path / store.TRIALS).write_text("x")
    clear(tmp_path)
    assert (tmp_path / store.TRIALS).exists()
