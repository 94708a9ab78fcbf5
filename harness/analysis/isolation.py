"""What a process of its own costs and gives back: runs that differ in how long a measured process lives, compared.

An iteration lasts from its first stamp, a worker's ``start`` included, to the first stamp of the next one: whatever
ends a worker or starts one, writes the record or trims lies in exactly one iteration. The first iteration is cold, and
the last has no next one: neither counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.statistics import Interval, difference_interval
from harness.analysis.summary import GROWTH
from harness.metrics import Measurement
from harness.records import Phase, Run, Trial

BASE_KEY = "isolation"
"""The swept key that this is about."""
BASE = "run"
"""The isolation that others are compared with: one process for everything."""
_STARTING = ("start", "prepare")


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationCost:
    """What one run cost. ``iteration_s``, ``cpu_s`` and ``starting_s`` have a value for each iteration that counts.

    ``peak_mib`` is the largest of all trials, ``end_mib`` the RSS at the last reading of the last trial before a trim.
    ``cpu_s`` is CPU time of the measured processes in all phases, ``starting_s`` what an iteration spent on workers'
    starts and on importing engines, ``starts`` how many workers the whole run started. ``lacking`` has the reason for
    each figure that is None or empty.
    """

    isolation: str
    all_resident: bool
    peak_mib: float | None
    end_mib: float | None
    growth_mib_per_iteration: float | None
    iteration_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    starting_s: tuple[float, ...]
    starts: int
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a sweep: the values of the swept keys, how it ended, and its cost where it has one."""

    keys: Mapping[str, str]
    outcome: str
    cost: IsolationCost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationRow:
    """One job beside the one with a worker for the whole run and the other swept keys the same.

    ``more_mib`` compares RSS at the end, ``more_s`` the median iteration and ``more_cpu_s`` its CPU time, with 95 %
    intervals of the difference of medians; ``more_share`` is ``more_s`` as a share. ``lacking`` has a reason for each
    figure that is None.
    """

    keys: Mapping[str, str]
    isolation: str
    outcome: str
    all_resident: bool = False
    peak_mib: float | None = None
    end_mib: float | None = None
    growth_mib_per_iteration: float | None = None
    iteration_s: float | None = None
    iterations: int = 0
    starts: int | None = None
    starting_s: float | None = None
    more_mib: float | None = None
    more_s: float | None = None
    more_s_interval: Interval | None = None
    more_share: float | None = None
    more_cpu_s: float | None = None
    more_cpu_s_interval: Interval | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Iteration:
    """One pass over the dataset, or what one leg did of it.

    Its first stamp, CPU time, seconds of starting, and whether it may count.
    """

    number: int
    first_ns: int
    cpu_s: float
    starting_s: float
    counts: bool
    leg: int = 0


def isolation_cost(run: Run, trials: Sequence[Trial], metrics: Mapping[str, MetricSummary]) -> IsolationCost:
    """Return what a run cost, from its trials and its summary's ``metrics``; memory as the probe ``rss`` measured."""
    done = [trial for trial in trials if trial.outcome.ok]
    peaks = [value for trial in done if (value := _value(trial, "peak_mib")) is not None]
    counting = _counting(trials)
    lacking = {} if counting else {"iteration_s": "it takes 3 iterations: the first is cold, the last has no next"}
    if not peaks:
        lacking["peak_mib"] = _why_none(done, "peak_mib")
    end_mib = _value(done[-1], "rss_end_mib") if done else None
    if end_mib is None:
        lacking["end_mib"] = _why_none(done, "rss_end_mib")
    growth = metrics.get(f"memory.{GROWTH}")
    if growth is None or growth.value is None:
        lacking["growth_mib_per_iteration"] = (growth.null_reason if growth else None) or _why_none(done, GROWTH)
    return IsolationCost(
        isolation=run.protocol.isolation,
        all_resident=run.protocol.residency == "all_resident",
        peak_mib=max(peaks, default=None),
        end_mib=end_mib,
        growth_mib_per_iteration=growth.value if growth else None,
        iteration_s=tuple(seconds for seconds, _ in counting),
        cpu_s=tuple(one.cpu_s for _, one in counting),
        starting_s=tuple(one.starting_s for _, one in counting),
        starts=sum(phase.name == "start" for trial in trials for phase in _phases(trial)),
        lacking=lacking,
    )


def joined(costs: Sequence[IsolationCost]) -> IsolationCost | None:
    """Return the cost of the blocks of one cell: iterations of all, the largest peak, the last block's end."""
    if len(costs) < 2:
        return costs[0] if costs else None
    peaks = [cost.peak_mib for cost in costs if cost.peak_mib is not None]
    whole = replace(
        costs[-1],
        peak_mib=max(peaks, default=None),
        iteration_s=tuple(seconds for cost in costs for seconds in cost.iteration_s),
        cpu_s=tuple(seconds for cost in costs for seconds in cost.cpu_s),
        starting_s=tuple(seconds for cost in costs for seconds in cost.starting_s),
        starts=sum(cost.starts for cost in costs),
    )
    return replace(whole, lacking={name: why for name, why in whole.lacking.items() if not getattr(whole, name)})


def compared(jobs: Sequence[Job]) -> list[IsolationRow]:
    """Return a row for each job, compared with the first job of its group that has one worker for the run.

    A group are the jobs whose other swept keys are the same.
    """
    bases: dict[tuple[tuple[str, str], ...], IsolationCost] = {}
    for job in jobs:
        if job.cost is not None and job.cost.isolation == BASE:
            bases.setdefault(group_of(job.keys), job.cost)
    return [_row(job, bases.get(group_of(job.keys))) for job in jobs]


def group_of(keys: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the swept keys beside ``isolation``, with their values."""
    return tuple((key, value) for key, value in keys.items() if key != "isolation")


def _row(job: Job, base: IsolationCost | None) -> IsolationRow:
    isolation = job.cost.isolation if job.cost else job.keys.get("isolation", "")
    if job.cost is None:
        return IsolationRow(keys=job.keys, isolation=isolation, outcome=job.outcome)
    cost, lacking = job.cost, dict(job.cost.lacking)
    more_mib = more_s = share = interval = more_cpu_s = cpu_interval = None
    if base is not None and cost.end_mib is not None and base.end_mib is not None:
        more_mib = cost.end_mib - base.end_mib
    if base is not None and cost.iteration_s and base.iteration_s:
        base_s = median(base.iteration_s)
        more_s = median(cost.iteration_s) - base_s
        share = more_s / base_s
        more_cpu_s = median(cost.cpu_s) - median(base.cpu_s)
        if cost is not base:
            interval = difference_interval(cost.iteration_s, base.iteration_s)
            cpu_interval = difference_interval(cost.cpu_s, base.cpu_s)
    why = f"no job with isolation={BASE} to compare with" if base is None else "one of the two has no figure"
    more = {"more_mib": more_mib, "more_s": more_s, "more_cpu_s": more_cpu_s}
    lacking |= {name: why for name, value in more.items() if value is None}
    return IsolationRow(
        keys=job.keys,
        isolation=isolation,
        outcome=job.outcome,
        all_resident=cost.all_resident,
        peak_mib=cost.peak_mib,
        end_mib=cost.end_mib,
        growth_mib_per_iteration=cost.growth_mib_per_iteration,
        iteration_s=median(cost.iteration_s) if cost.iteration_s else None,
        iterations=len(cost.iteration_s),
        starts=cost.starts,
        starting_s=median(cost.starting_s) if cost.starting_s else None,
        more_mib=more_mib,
        more_s=more_s,
        more_s_interval=interval,
        more_share=share,
        more_cpu_s=more_cpu_s,
        more_cpu_s_interval=cpu_interval,
        lacking=lacking,
    )


def _counting(trials: Sequence[Trial]) -> list[tuple[float, _Iteration]]:
    """Return each iteration that counts, with its seconds: to the next one's beginning, which is in the same leg."""
    return [
        ((following.first_ns - one.first_ns) / 1e9, one)
        for one, following in pairwise(_iterations(trials))
        if one.counts and (following.leg, following.number) == (one.leg, one.number + 1)
    ]


def _iterations(trials: Sequence[Trial]) -> list[_Iteration]:
    by_number: dict[tuple[int, int], list[Trial]] = {}
    for trial in trials:
        by_number.setdefault((trial.leg, trial.iteration), []).append(trial)
    found = []
    for (leg, number), members in sorted(by_number.items()):
        phases = [phase for trial in members for phase in _phases(trial)]
        if phases:
            starting_s = sum(phase.duration_s for phase in phases if phase.name in _STARTING)
            counts = all(trial.outcome.ok and not trial.cold and not trial.warmup for trial in members)
            cpu_s = sum(phase.cpu_ns for phase in phases) / 1e9
            first_ns = min(phase.start_ns for phase in phases)
            found.append(_Iteration(number, first_ns, cpu_s, starting_s, counts, leg))
    return found


def _phases(trial: Trial) -> list[Phase]:
    return [phase for visit in trial.visits for phase in visit.phases]


def _measured(trial: Trial, metric: str) -> Measurement | None:
    return next((one for one in trial.measurements if (one.scope, one.metric) == ("memory", metric)), None)


def _why_none(trials: Sequence[Trial], metric: str) -> str:
    if not trials:
        return "no trial was completed"
    measurement = _measured(trials[-1], metric)
    return (measurement.reason if measurement else None) or "the probe rss did not watch"


def _value(trial: Trial, metric: str) -> float | None:
    measurement = _measured(trial, metric)
    return None if measurement is None else measurement.value
