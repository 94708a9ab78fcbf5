"""Which open files and threads leak: names of which there are more after every stretch of iterations.

The counts are exact, so the rule needs no statistics, only patience. Of one process's counts at rest, the first
iteration left out, a name leaks when

1. there are at least :data:`MIN_POINTS` counts,
2. each quarter of the series ends with more than it began with, and
3. over the second half the count never falls.

Of a leg of a resumed run its own first iteration is left out, too, for its processes are new.

So one thread that appears and stays does not leak, nor does a pool that fills up, nor a sawtooth; one file every
fourth iteration does, given enough of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from harness.analysis.legs import Process, first_iterations
from harness.records import Trial

MIN_POINTS = 10
"""As many as the memory verdict asks for. With fewer, a pool that fills up looks like a leak."""
PROBE = "handles"
"""The probe that reads names; what it reads is named as below."""
POINT = "rested"
TOTALS = {"files": "open_files", "threads": "threads"}
"""The counter of all, by kind."""
PREFIXES = {"files": "file ", "threads": "thread "}
"""What stands before a name in a counter's name, by kind."""
OTHERS = "(others)"
"""The counter of those names that are too many to be kept."""
DIFFERENT = "(of different names)"
"""Stands for the name where the count of all grows and that of no single name does."""

Kind = Literal["files", "threads"]
_KINDS: tuple[Kind, ...] = ("files", "threads")
_Series = Mapping[int, Mapping[str, float]]
"""The counters at rest by iteration."""


@dataclass(frozen=True, slots=True)
class Leaking:
    """A name of which there are ever more: ``first`` to ``last`` of them over ``n`` iterations of one process."""

    kind: Kind
    name: str
    per_iteration: float
    first: float
    last: float
    n: int


def leaking(trials: Sequence[Trial]) -> tuple[Leaking, ...]:
    """Return what leaks in the steady iterations of a run, files before threads, the fastest first.

    Each process is judged by itself; what leaks in two of them is told of the longer lived.
    """
    found: dict[tuple[Kind, str], Leaking] = {}
    for series in sorted(_stretches(trials).values(), key=len):
        for kind in _KINDS:
            found |= {(kind, one.name): one for one in _of_kind(kind, series)}
    return tuple(sorted(found.values(), key=lambda one: (one.kind, -one.per_iteration, one.name)))


def grows_for_ever(counts: Sequence[float]) -> bool:
    """Tell whether a series of counts keeps growing, by the rule above."""
    if len(counts) < MIN_POINTS:
        return False
    ends = [counts[round(quarter * (len(counts) - 1) / 4)] for quarter in range(5)]
    half = counts[len(counts) // 2 :]
    return all(after > before for before, after in pairwise(ends)) and all(
        after >= before for before, after in pairwise(half)
    )


def _stretches(trials: Sequence[Trial]) -> Mapping[Process, _Series]:
    """Return what was read of each process; it lives for one stretch of iterations, in one leg."""
    first = first_iterations(trials)
    stretches: dict[Process, dict[int, Mapping[str, float]]] = {}
    for trial in trials:
        if trial.iteration == first[trial.leg]:
            continue
        for visit in trial.visits:
            for seen in visit.observations:
                if seen.probe == PROBE and seen.point == POINT:
                    counted = {name: value for name, value in seen.values.items() if value is not None}
                    stretches.setdefault((trial.leg, seen.worker), {})[trial.iteration] = counted
    return stretches


def _of_kind(kind: Kind, series: _Series) -> Iterator[Leaking]:
    prefix = PREFIXES[kind]
    counters = {name for counted in series.values() for name in counted if name.startswith(prefix)}
    named = [one for counter in counters if (one := _leak(kind, counter, counter.removeprefix(prefix), series))]
    yield from named
    if not named:
        total = _leak(kind, TOTALS[kind], DIFFERENT, series)
        if total is not None:
            yield total


def _leak(kind: Kind, counter: str, name: str, series: _Series) -> Leaking | None:
    """Judge one counter; where it was not seen, there was none of that name."""
    counts = [counted.get(counter, 0.0) for counted in series.values()]
    if not grows_for_ever(counts):
        return None
    iterations = list(series)
    rate = (counts[-1] - counts[0]) / (iterations[-1] - iterations[0])
    return Leaking(kind, name, rate, counts[0], counts[-1], len(counts))
