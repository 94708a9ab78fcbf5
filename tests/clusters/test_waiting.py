from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.clock import FakeClock
from harness.clusters.slurm_queue import Place
from harness.clusters.waiting import Submitted, Waiting
from harness.sweeping.requests import JobLost


@dataclass
class Job:
    """A job that returns at a time."""

    id: str
    clock: FakeClock
    at_s: float = float("inf")
    broken: bool = False
    log: str = "log"

    def returned(self) -> bool:
        """Tell whether that time has come."""
        return self.clock.now_ns() >= self.at_s * 1e9

    def result(self) -> str:
        """Return a text, or raise as a job does that broke."""
        if self.broken:
            raise JobLost(f"job {self.id}: ImportError")
        return f"result of {self.id}"


@dataclass
class Queue:
    """A scheduler whose word for each job changes at known times; it keeps when it was asked, and what was wished."""

    clock: FakeClock
    states: Mapping[str, Sequence[tuple[float, str]]]
    asked_s: list[float] = field(default_factory=list)
    wishes: list[tuple[float, int, list[str]]] = field(default_factory=list)
    name: str = "slurm"

    def turn(self) -> None:
        """Do nothing."""

    def places(self, ids: Iterable[str]) -> Mapping[str, Place]:
        """Return each job's place at this time."""
        self.asked_s.append(self.clock.now_ns() / 1e9)
        return {one: self._place(one) for one in ids}

    def _place(self, job: str) -> Place:
        now_s = self.clock.now_ns() / 1e9
        return Place([state for since_s, state in self.states.get(job, [(0, "RUNNING")]) if since_s <= now_s][-1], "n1")

    def wished(self, going_on: Sequence[Submitted], count: int) -> None:
        """Keep when, and who was left."""
        self.wishes.append((self.clock.now_ns() / 1e9, count, [job.id for job in going_on]))


def waited(
    queue: Queue, jobs: Sequence[Job], wished_s: Sequence[float] = ()
) -> tuple[dict[str, Any | JobLost], list[str]]:
    """Wait for jobs, with Ctrl-C at these times; return the results and what was told."""
    told: list[str] = []
    clock = queue.clock

    def wishes() -> int:
        return sum(clock.now_ns() >= at_s * 1e9 for at_s in wished_s)

    waiting = Waiting(queue, clock, clock.advance, wishes, lambda job, line: told.append(f"{job.id}: {line}"))
    return waiting.all_of(jobs), told


def test_a_lost_job_costs_no_other_its_result() -> None:
    """A job that returned, one that broke by itself, and one whose node died: a result or a line for each."""
    clock = FakeClock()
    queue = Queue(clock, {"1_2": [(0, "RUNNING"), (3, "NODE_FAIL")]})
    jobs = [Job("1_0", clock, at_s=30), Job("1_1", clock, at_s=1, broken=True), Job("1_2", clock)]
    results, told = waited(queue, jobs)
    assert results["1_0"] == "result of 1_0"
    assert str(results["1_1"]) == "job 1_1: ImportError"
    assert str(results["1_2"]) == "slurm job 1_2: NODE_FAIL on n1; what it printed: log"
    assert told == [
        "1_1: lost",
        "1_2: lost",
        "1_0: ended",
    ]


def test_a_job_that_looks_over_once_is_waited_for() -> None:
    """A requeued job has an end between two lives, and a network file system shows a result late."""
    clock = FakeClock()
    queue = Queue(clock, {"1": [(0, "NODE_FAIL"), (3, "PENDING"), (5, "RUNNING")], "2": [(0, "COMPLETED")]})
    results, _ = waited(queue, [Job("1", clock, at_s=20), Job("2", clock, at_s=3.5)])
    assert results == {"1": "result of 1", "2": "result of 2"}


def test_the_scheduler_is_asked_less_often_as_time_goes_by() -> None:
    """After two seconds, and at most every thirty later; one that cannot say is waited for."""
    clock = FakeClock()
    queue = Queue(clock, {"1": [(0, "UNKNOWN")]})
    waited(queue, [Job("1", clock, at_s=300)])
    assert queue.asked_s[:4] == [2, 4, 6, 8]
    assert [later - earlier for earlier, later in zip(queue.asked_s, queue.asked_s[1:], strict=False)][-4:] == [30] * 4


def test_the_first_ctrl_c_changes_nothing_and_the_second_waits_for_the_end() -> None:
    """Those that are left are named; the command is interrupted when they are over."""
    clock = FakeClock()
    queue = Queue(clock, {"2": [(0, "RUNNING"), (9, "CANCELLED")]})
    with pytest.raises(KeyboardInterrupt):
        waited(queue, [Job("1", clock, at_s=3), Job("2", clock)], wished_s=[1, 5])
    assert queue.wishes == [(1, 1, ["1", "2"]), (5, 2, ["2"])]
    assert 9 < clock.now_ns() / 1e9 < 20


def test_cancelled_jobs_that_do_not_end_are_left() -> None:
    """Forty seconds after the second Ctrl-C the command ends without them."""
    clock = FakeClock()
    with pytest.raises(KeyboardInterrupt):
        waited(Queue(clock, {}), [Job("1", clock)], wished_s=[1, 2])
    assert clock.now_ns() / 1e9 == 42
