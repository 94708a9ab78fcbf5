"""The legs of a run that was stopped and taken up again, and what each of them did.

A leg has processes of its own, and its stamps may be of another boot or another machine: smaller than those of the leg
before. So whatever is a series over one process, an order or a duration is told within a leg, and whatever is a sample,
a ratio or a text is of the trials of all legs. ``docs/seams.md`` goes through everything that looks across trials.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.records import Run, Trial

Process = tuple[int, int]
"""What names a measured process in a run: its leg and its number, for a leg that was killed may not have told its."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a run: the trials that it did, from ``first_trial`` to ``last_trial``, and in which ``workers``.

    ``started_at`` is when it began, on ``hostname`` (empty for the first leg, of which the environment tells).
    ``set_aside`` counts the trials that the leg before had not done to their end, and which this one did again;
    ``forced`` are lines of what had changed before it. ``verdict`` is the word on its memory, empty where none is.
    """

    leg: int
    trials: int
    first_trial: int | None
    last_trial: int | None
    workers: tuple[int, ...]
    started_at: str
    hostname: str = ""
    set_aside: int = 0
    forced: tuple[str, ...] = ()
    verdict: str = ""


def by_leg(trials: Iterable[Trial]) -> dict[int, list[Trial]]:
    """Return the trials of each leg that has any, in the order of legs."""
    found: dict[int, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.leg, []).append(trial)
    return dict(sorted(found.items()))


def first_iterations(trials: Iterable[Trial]) -> dict[int, int]:
    """Return the iteration that a leg began with, in which its processes fill what they keep: 0 in the first leg."""
    return {leg: min(trial.iteration for trial in some) if leg else 0 for leg, some in by_leg(trials).items()}


def workers_of(trial: Trial) -> tuple[int, frozenset[int]]:
    """Return the leg of a trial and the processes that served it."""
    return trial.leg, frozenset(phase.worker for visit in trial.visits for phase in visit.phases)


def legs(run: Run, trials: Sequence[Trial]) -> tuple[Leg, ...]:
    """Return the legs of a run, also those that did no trial; none of a run that was never taken up again."""
    if not run.seams:
        return ()
    done = by_leg(trials)
    first = _leg(0, done.get(0, ()), started_at=run.started_at)
    later = (
        _leg(
            seam.leg,
            done.get(seam.leg, ()),
            started_at=seam.at,
            hostname=seam.hostname,
            set_aside=seam.set_aside,
            forced=seam.forced,
        )
        for seam in run.seams
    )
    return (first, *later)


def _leg(
    number: int,
    trials: Sequence[Trial],
    *,
    started_at: str,
    hostname: str = "",
    set_aside: int = 0,
    forced: tuple[str, ...] = (),
) -> Leg:
    workers = {phase.worker for trial in trials for visit in trial.visits for phase in visit.phases}
    return Leg(
        leg=number,
        trials=len(trials),
        first_trial=min((trial.index for trial in trials), default=None),
        last_trial=max((trial.index for trial in trials), default=None),
        workers=tuple(sorted(workers)),
        started_at=started_at,
        hostname=hostname,
        set_aside=set_aside,
        forced=forced,
    )
