"""Waiting for jobs that a scheduler runs: each has an end of its own, and a lost one costs no other its result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.clock import Clock
from harness.clusters.slurm_queue import Place
from harness.sweeping.requests import JobLost

Sleep = Callable[[float], None]
_LOOK_S = 0.5
_ASK_S = (2.0, 30.0)
"""The scheduler is asked after so many seconds at first, and at most so many later: it has other users."""
_CANCEL_S = 40.0
"""How long cancelled jobs have to end: SLURM kills what is left after its KillWait, 30 s unless set."""


class Submitted(Protocol):
    """A job that was handed to a scheduler."""

    @property
    def id(self) -> str:
        """What the scheduler calls it."""
        ...

    @property
    def log(self) -> str:
        """Where what it printed is."""
        ...

    def returned(self) -> bool:
        """Tell whether its result is there."""
        ...

    def result(self) -> Any:
        """Return the result. Raises :class:`JobLost` where the job ended with an error of its own."""
        ...


class Queue(Protocol):
    """A scheduler, as far as waiting for it needs it."""

    name: str

    def turn(self) -> None:
        """Do what is to be done from time to time, where the scheduler is no process of its own."""
        ...

    def places(self, ids: Iterable[str]) -> Mapping[str, Place]:
        """Return where each job is."""
        ...

    def wished(self, going_on: Sequence[Submitted], count: int) -> None:
        """Do what the first, or the second, Ctrl-C asks for."""
        ...


@dataclass
class _Asking:
    """When the scheduler is asked again, and which jobs it said were over when it was asked last."""

    since_s: float
    next_s: float
    over: frozenset[str] = frozenset()


class Waiting:
    """Waits for jobs until each has returned, or is over and has not.

    ``told`` hears of each job once, when it is; ``wishes`` returns how many times the user has asked to end.
    """

    def __init__(
        self,
        queue: Queue,
        clock: Clock,
        sleep: Sleep,
        wishes: Callable[[], int],
        told: Callable[[Submitted, str], None],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._sleep = sleep
        self._wishes = wishes
        self._told = told
        self._answered = 0

    def all_of(self, jobs: Sequence[Submitted]) -> dict[str, Any | JobLost]:
        """Return the result of each job, or why there is none.

        Raises :class:`KeyboardInterrupt` when the user has asked twice and the jobs are over, or do not end.
        """
        results: dict[str, Any | JobLost] = {}
        now_s = self._now_s()
        asking = _Asking(now_s, now_s + _ASK_S[0])
        ends_s: float | None = None
        while waited := [job for job in jobs if job.id not in results]:
            self._queue.turn()
            results.update(self._back(waited))
            ends_s = self._hear(waited, ends_s)
            if self._now_s() >= asking.next_s:
                results.update(self._lost([job for job in waited if job.id not in results], asking))
            if ends_s is not None and self._now_s() >= ends_s:
                break
            if len(results) < len(jobs):
                self._sleep(_LOOK_S)
        if self._answered > 1:
            raise KeyboardInterrupt
        return results

    def _back(self, waited: Sequence[Submitted]) -> dict[str, Any | JobLost]:
        found: dict[str, Any | JobLost] = {}
        for job in waited:
            if job.returned():
                try:
                    found[job.id] = job.result()
                    self._told(job, "ended")
                except JobLost as error:
                    found[job.id] = error
                    self._told(job, "lost")
        return found

    def _lost(self, waited: Sequence[Submitted], asking: _Asking) -> dict[str, JobLost]:
        """Ask the scheduler; a job is lost that was over twice: a requeued one, or a slow disk, may look so once."""
        places = self._queue.places([job.id for job in waited])
        over = frozenset(name for name, place in places.items() if place.over)
        found = {}
        for job in waited:
            if job.id in over & asking.over and not job.returned():
                found[job.id] = lost(self._queue.name, job, places[job.id])
                self._told(job, "lost")
        now_s = self._now_s()
        later_s = min(_ASK_S[1], max(_ASK_S[0], (now_s - asking.since_s) / 4))
        asking.next_s = now_s + (_ASK_S[0] if over else later_s)
        asking.over = over
        return found

    def _hear(self, waited: Sequence[Submitted], ends_s: float | None) -> float | None:
        """Do what was wished since; return until when that may take, None where it may take for ever."""
        while self._answered < min(self._wishes(), 2):
            self._answered += 1
            self._queue.wished(waited, self._answered)
            if self._answered > 1:
                return self._now_s() + _CANCEL_S
        return ends_s

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9


def lost(scheduler: str, job: Submitted, place: Place) -> JobLost:
    """Return why a job has no result: what the scheduler called it, its state, its node, and where its log is."""
    node = f" on {place.node}" if place.node else ""
    return JobLost(f"{scheduler} job {job.id}: {place.state}{node}; what it printed: {job.log}")
