"""When runs were at work on which machine, and which of them were at the same time: they shared it.

Told from the records alone. A scheduler that was asked for the whole machine may not have given it, and a launcher that
runs several jobs at once knows nothing of another launcher's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.analysis.machines import Machine
from harness.records import Trial

LEAST_S = 1.0
"""Below this two runs follow each other: clocks are set by a part of a second while a machine runs."""


@dataclass(frozen=True, slots=True)
class Presence:
    """From when to when a leg of a run was at its trials, in seconds of Unix time."""

    leg: int
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Stay:
    """A job's presence on a machine."""

    job: str
    machine: Machine
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two jobs that were at work on one machine for ``duration_s`` at the same time."""

    machine: Machine
    one: str
    other: str
    duration_s: float


def presences(trials: Sequence[Trial]) -> tuple[Presence, ...]:
    """Return when each leg of a run began its first trial and ended its last one; none for a leg without a trial."""
    found: dict[int, Presence] = {}
    for trial in trials:
        try:
            began_s = datetime.fromisoformat(trial.started_at).timestamp()
        except (ValueError, OverflowError, OSError):  # a damaged stamp says nothing of when
            continue
        ended_s = began_s + _duration_s(trial)
        so_far = found.get(trial.leg, Presence(trial.leg, began_s, ended_s))
        found[trial.leg] = Presence(trial.leg, min(so_far.began_s, began_s), max(so_far.ended_s, ended_s))
    return tuple(found.values())


def overlaps(stays: Iterable[Stay]) -> tuple[Overlap, ...]:
    """Return each pair of different jobs that were on one machine together for :data:`LEAST_S` or longer.

    In the order of their beginning; the legs of one job are added up.
    """
    together: dict[tuple[Machine, str, str], float] = {}
    there: dict[Machine, list[Stay]] = {}
    for stay in sorted(stays, key=lambda stay: stay.began_s):
        present = [one for one in there.get(stay.machine, []) if one.ended_s - stay.began_s > 0]
        for one in present:
            if one.job != stay.job:
                pair = (stay.machine, one.job, stay.job)
                together[pair] = together.get(pair, 0.0) + min(one.ended_s, stay.ended_s) - stay.began_s
        there[stay.machine] = [*present, stay]
    return tuple(Overlap(*pair, seconds) for pair, seconds in together.items() if seconds >= LEAST_S)


def _duration_s(trial: Trial) -> float:
    """Return the seconds between a trial's first stamp and its last; a worker's start is ahead of it."""
    phases = [phase for visit in trial.visits for phase in visit.phases if phase.name != "start"]
    if not phases:
        return 0.0
    return (max(phase.end_ns for phase in phases) - min(phase.start_ns for phase in phases)) / 1e9
