"""Anonymous memory as a series over the iterations of one process: what the verdict on growth looks at.

Read from the raw counters of the probe ``rss``, so that a stored run can be judged again by another rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from harness.analysis.ledger import PROBE
from harness.analysis.legs import Process
from harness.protocol import Isolation
from harness.records import Observation, Run, Trial

Loop = Literal["load, run, unload", "run"]
_RESTING = ("unloaded", "ran")
_FRESH = ("before_load", "before_run")
_OWN = ("loaded", "before_run", "ran", "unloaded")
"""Readings after something that the stage did: before a run that may be a restart."""


@dataclass(frozen=True, slots=True)
class StageSeries:
    """What one stage took and did not give back, in MiB, from each iteration of the series to the next.

    ``loop`` says what an iteration did to its model: loaded, ran and unloaded it, or ran a model that stayed loaded.
    """

    stage: str
    loop: Loop
    net_mib: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The steady iterations of the longest stretch that the same processes served; their first is left out.

    A stretch ends at a seam, whichever numbers the processes after it have.

    ``anon_mib`` is at the end of an iteration, before any trim; ``trimmed_mib`` after a trim, where each iteration
    ended with one. ``base_mib`` is anon before the first load of all; ``end_mib`` and ``end_trimmed_mib`` are before
    and after a trim at the very end, when also a model that stayed loaded has left. ``iteration_s`` is the median time
    from one iteration's start to the next one's, ``peak_mib`` the largest RSS in the last iteration, which a budget
    has to hold. Sums over the processes, where several live at one time. ``rounds`` counts the iterations of the run
    that are ok, ``served`` those of the longest stretch, the first too.
    """

    iterations: tuple[int, ...] = ()
    anon_mib: tuple[float, ...] = ()
    trimmed_mib: tuple[float, ...] | None = None
    base_mib: float | None = None
    end_mib: float | None = None
    end_trimmed_mib: float | None = None
    iteration_s: float | None = None
    peak_mib: float | None = None
    stages: tuple[StageSeries, ...] = ()
    rounds: int = 0
    served: int = 0
    isolation: Isolation = "run"


@dataclass(slots=True)
class _Round:
    """One iteration: counters in KiB by worker, net MiB by stage. ``warming``: the user asked to leave it out.

    ``resting`` is at its end, ``ended`` also after models left that had stayed loaded until the run was over, from the
    workers ``left``, and ``end_trimmed`` after the trim that followed there.
    """

    iteration: int
    start_ns: int
    warming: bool
    leg: int = 0
    resting: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    end_trimmed: dict[int, float] = field(default_factory=dict)
    trimmed: dict[int, float] = field(default_factory=dict)
    peaks: dict[int, float] = field(default_factory=dict)
    net_mib: dict[str, float] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)

    @property
    def workers(self) -> frozenset[Process]:
        return frozenset((self.leg, worker) for worker in self.resting)


def series(run: Run, trials: Sequence[Trial]) -> Series:
    """Return the series of a run; empty where no probe read memory. An iteration with a failed trial is a gap."""
    rounds = list(_rounds(run, trials))
    stretches: dict[frozenset[Process], list[_Round]] = {}
    for one in rounds:
        stretches.setdefault(one.workers, []).append(one)
    longest = max((each for workers, each in stretches.items() if workers), key=len, default=[])
    steady = [one for one in longest[1:] if not one.warming]  # the first pays for what a new process fills
    if not steady:
        return Series(rounds=len(rounds), served=len(longest), isolation=run.protocol.isolation)
    trimmed = [_sum_mib(one.trimmed) if one.trimmed.keys() == one.resting.keys() else None for one in steady]
    starts = [one.start_ns for one in longest]
    return Series(
        iterations=tuple(one.iteration for one in steady),
        anon_mib=tuple(_sum_mib(one.resting) for one in steady),
        trimmed_mib=tuple(value for value in trimmed if value is not None) if all(trimmed) else None,
        base_mib=_base_mib(trials, steady[0].workers),
        end_mib=_sum_mib(steady[-1].ended),
        end_trimmed_mib=_end_trimmed_mib(steady[-1]),
        iteration_s=median(later - earlier for earlier, later in pairwise(starts)) / 1e9 if len(starts) > 1 else None,
        peak_mib=_sum_mib(steady[-1].peaks) if steady[-1].peaks else None,
        stages=tuple(_stages(run, steady)),
        rounds=len(rounds),
        served=len(longest),
        isolation=run.protocol.isolation,
    )


def _end_trimmed_mib(end: _Round) -> float | None:
    """Return what is held after the last trim of all, None where there was none in each process."""
    found = end.end_trimmed if end.left else end.trimmed
    return _sum_mib(found) if found.keys() == end.resting.keys() else None


def _rounds(run: Run, trials: Sequence[Trial]) -> Iterator[_Round]:
    """Yield the iterations that are ok; one that a seam goes through is one of each leg, like that of a killed run."""
    by_iteration: dict[tuple[int, int], list[Trial]] = {}
    for trial in trials:
        by_iteration.setdefault((trial.leg, trial.iteration), []).append(trial)
    last: dict[Process, float] = {}
    for (leg, iteration), group in sorted(by_iteration.items()):
        starts = [phase.start_ns for trial in group for visit in trial.visits for phase in visit.phases]
        made = _Round(iteration, min(starts, default=0), group[-1].warmup, leg)
        for stage, observation in _readings(group):
            _take(made, stage, observation, last, trims=run.protocol.trim == "each")
        if starts and all(trial.outcome.ok for trial in group):
            yield made


def _readings(group: Iterable[Trial]) -> list[tuple[str, Observation]]:
    """Return what the probe read in an iteration as it happened, which under ``all_resident`` is not visit by visit."""
    seen = [
        (visit.stage, observation)
        for trial in group
        for visit in trial.visits
        for observation in visit.observations
        if observation.probe == PROBE and observation.values.get("anon_kib") is not None
    ]
    return sorted(seen, key=lambda one: one[1].at_ns)


def _take(made: _Round, stage: str, observation: Observation, last: dict[Process, float], *, trims: bool) -> None:
    """Add one reading. What it differs by from the ``last`` of its process is what its stage took."""
    anon, worker, point = observation.values["anon_kib"], observation.worker, observation.point
    assert anon is not None
    added = anon - last.get((made.leg, worker), anon)
    last[made.leg, worker] = anon
    if point == "before_load":
        made.loaded.add(stage)
    if point == "unloaded" and stage not in made.loaded:  # the run is over: it had stayed loaded until here
        made.ended[worker] = anon
        made.left.add(worker)
        return
    if point == "trimmed" and worker in made.left:
        made.end_trimmed[worker] = anon
        return
    if point in _RESTING:
        made.resting[worker] = made.ended[worker] = anon
        made.trimmed.pop(worker, None)  # of an earlier stage: no longer the end
    elif point == "trimmed":
        made.trimmed[worker] = anon
    if point in _OWN or (point == "trimmed" and trims):
        made.net_mib[stage] = made.net_mib.get(stage, 0.0) + added / 1024
    peak = observation.values.get("peak_kib")
    if peak is not None and point not in _FRESH:
        made.peaks[worker] = max(peak, made.peaks.get(worker, 0.0))


def _stages(run: Run, steady: Sequence[_Round]) -> Iterator[StageSeries]:
    for stage in run.protocol.order:
        if all(stage in one.net_mib for one in steady):
            loop: Loop = "load, run, unload" if all(stage in one.loaded for one in steady) else "run"
            # what the first of them took leads up to the series' first point, and is in no growth of it
            yield StageSeries(stage, loop, tuple(one.net_mib[stage] for one in steady[1:]))


def _base_mib(trials: Sequence[Trial], workers: frozenset[Process]) -> float | None:
    """Return anon before the first load in these processes, summed over them."""
    first: dict[Process, float] = {}
    for trial in trials:
        for visit in trial.visits:
            for observation in visit.observations:
                anon = observation.values.get("anon_kib")
                fresh = observation.probe == PROBE and observation.point in _FRESH
                process = trial.leg, observation.worker
                if fresh and anon is not None and process in workers:
                    first.setdefault(process, anon)
    return _sum_mib(first) if first.keys() == workers else None


def _sum_mib(kib: Mapping[int, float] | Mapping[Process, float]) -> float:
    return sum(kib.values()) / 1024
