"""Memory over time, as curves and spans: what a chart of it is drawn from, whoever read the memory.

Seconds count from the run's first phase. Stored readings alone give a curve too: a level holds until the next reading,
and each phase's exact peak stands beside it. The legs of a run that was taken up again stand one after another with a
small gap between, whatever time lies between them: their stamps are of different clocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from harness.analysis.ledger import PROBE, mib, readings
from harness.analysis.legs import Process, by_leg
from harness.records import Trial
from harness.sampling import curve as sampled

_Row = tuple[float, float, float]
_GAP = 0.03
"""Between two legs, as a share of all that they took."""
_POINT_AFTER = {"load": "loaded", "run": "ran", "unload": "unloaded"}


@dataclass(frozen=True, slots=True)
class Curve:
    """RSS and anon of one worker; ``stepped`` where a level holds until the next reading, and nothing is between.

    ``leg`` is the one that it lived in, and ``within_s`` that leg's place: no level holds beyond it.
    """

    worker: int
    at_s: Sequence[float]
    rss_mib: Sequence[float]
    anon_mib: Sequence[float]
    stepped: bool = False
    leg: int = 0
    within_s: tuple[float, float] = (-inf, inf)


@dataclass(frozen=True, slots=True)
class Span:
    """When a stage was in a phase, and the exact peak of its worker inside, None where that was not read."""

    stage: str
    phase: str
    start_s: float
    end_s: float
    peak_mib: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that is shown by itself, and what it is called."""

    title: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a leg begins, in the middle of the gap before it."""

    leg: int
    at_s: float


class _Axis:
    """Where a stamp of a leg stands in seconds: each leg has a clock of its own, and they follow each other."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        ends: dict[int, tuple[int, int]] = {}
        for leg, some in by_leg(trials).items():
            phases = [phase for trial in some for visit in trial.visits for phase in visit.phases]
            if phases:
                ends[leg] = min(phase.start_ns for phase in phases), max(phase.end_ns for phase in phases)
        gap_s = _GAP * sum(last - first for first, last in ends.values()) / 1e9
        self._ends = ends
        self._places: dict[int, float] = {}
        self.seams: list[Seam] = []
        place_s = 0.0
        for leg, (first, last) in ends.items():
            if self._places:
                place_s += gap_s
                self.seams.append(Seam(leg, place_s - gap_s / 2))
            self._places[leg] = place_s
            place_s += (last - first) / 1e9

    def at_s(self, leg: int, at_ns: int) -> float:
        """Return where a stamp stands; before the axis where its leg has no phase."""
        if leg not in self._ends:
            return at_ns / 1e9 if not self._ends else -1.0
        return (at_ns - self._ends[leg][0]) / 1e9 + self._places[leg]

    def each_s(self, leg: int, at_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where many stamps of a leg stand."""
        zero_ns, place_s = self._ends.get(leg, (0, 0))[0], self._places.get(leg, 0.0)
        return (at_ns - zero_ns) / 1e9 + place_s

    def bounds_s(self, leg: int) -> tuple[float, float]:
        """Return between which seconds samples of a leg are shown: its own, where another leg follows or is before."""
        if len(self._ends) < 2:
            return -inf, inf
        if leg not in self._ends:
            return 0.0, -1.0
        return self._places[leg], self.at_s(leg, self._ends[leg][1])


def seams(trials: Sequence[Trial]) -> list[Seam]:
    """Return where the legs of a run begin, but for the first; nothing in a run of one leg."""
    return _Axis(trials).seams


def spans(trials: Sequence[Trial]) -> list[Span]:
    """Return every phase of every trial, in the order of time."""
    axis = _Axis(trials)
    found = []
    for trial in trials:
        for visit in trial.visits:
            for phase in visit.phases:
                peak = mib(visit.observed(_POINT_AFTER.get(phase.name, ""), PROBE), "peak_kib")
                start_s, end_s = (axis.at_s(trial.leg, at_ns) for at_ns in (phase.start_ns, phase.end_ns))
                found.append(Span(visit.stage, phase.name, start_s, end_s, peak))
    return sorted(found, key=lambda span: span.start_s)


def stepped_curves(trials: Sequence[Trial]) -> list[Curve]:
    """Return a curve a worker from what the probe ``rss`` read between commands; without anon, RSS stands for it."""
    axis = _Axis(trials)
    rows: dict[Process, list[_Row]] = {}
    for leg, some in by_leg(trials).items():
        for one in readings(some):
            rss, anon = mib(one.values, "rss_kib"), mib(one.values, "anon_kib")
            if rss is not None:
                level = (max(0.0, axis.at_s(leg, one.at_ns)), rss, rss if anon is None else anon)
                rows.setdefault((leg, one.worker), []).append(level)
    return [
        Curve(worker, *_columns(levels), stepped=True, leg=leg, within_s=axis.bounds_s(leg))
        for (leg, worker), levels in rows.items()
    ]


def sampled_curves(samples: Iterable[sampled.Curve], trials: Sequence[Trial], shown: Sequence[Window]) -> list[Curve]:
    """Return a curve a worker from what was sampled in the windows; without anon, RSS stands for it.

    ``samples`` are the curves of the legs; what a leg sampled of trials that were set aside is left out.
    """
    axis = _Axis(trials)
    found = []
    for leg in samples:
        first_s, last_s = axis.bounds_s(leg.leg)
        for worker in leg.workers:
            own = leg.of(worker)
            at_s = axis.each_s(leg.leg, np.asarray(own.at_ns))
            kept = np.zeros(len(at_s), dtype=bool)
            for window in shown:
                kept |= (at_s >= max(first_s, window.start_s)) & (at_s <= min(last_s, window.end_s))
            rss_kib, shared_kib = np.asarray(own.rss_kib)[kept], np.asarray(own.shared_kib)[kept]
            anon_kib = rss_kib - np.maximum(shared_kib, 0)
            levels = ((rss_kib / 1024).tolist(), (anon_kib / 1024).tolist())
            found.append(Curve(worker, at_s[kept].tolist(), *levels, leg=leg.leg, within_s=(first_s, last_s)))
    return found


def windows(trials: Sequence[Trial], most: int) -> list[Window]:
    """Return the whole run as one window; of more than ``most`` iterations the first, the middle and the last.

    Of a run with legs the last iteration before the last seam and the first one after it are shown in the middle.
    """
    axis = _Axis(trials)
    ends: dict[int, tuple[float, float]] = {}
    for trial in trials:
        for visit in trial.visits:
            for phase in visit.phases:
                start_s, end_s = (axis.at_s(trial.leg, at_ns) for at_ns in (phase.start_ns, phase.end_ns))
                low, high = ends.get(trial.iteration, (start_s, end_s))
                ends[trial.iteration] = (min(low, start_s), max(high, end_s))
    if not ends:
        return []
    done = sorted(ends)
    if len(done) <= most:
        return [Window("", min(low for low, _ in ends.values()), max(high for _, high in ends.values()))]
    first, last = Window(f"iteration {done[0] + 1}, the first", *ends[done[0]]), done[-1]
    return [first, _middle(done, ends, axis.seams), Window(f"iteration {last + 1}, the last", *ends[last])]


def _middle(done: Sequence[int], ends: Mapping[int, tuple[float, float]], seams: Sequence[Seam]) -> Window:
    """Return the iteration in the middle; where there are seams, what is on both sides of the last one."""
    if not seams:
        index = done[len(done) // 2]
        return Window(f"iteration {index + 1}, in the middle", *ends[index])
    at_s = seams[-1].at_s
    before = max((index for index in done if ends[index][0] < at_s), key=lambda index: ends[index][0])
    after = min((index for index in done if ends[index][1] > at_s), key=lambda index: ends[index][1])
    low, high = (end([ends[before][side], ends[after][side]]) for end, side in ((min, 0), (max, 1)))
    names = f"iteration {before + 1}" if before == after else f"iterations {before + 1} and {after + 1}"
    return Window(f"{names}, at the seam", low, high)


def inside(curve: Curve, window: Window, most: int) -> Curve:
    """Return the part of a curve in a window, thinned to about ``most`` points that keep every low and high.

    A stepped curve begins and ends at the window's edges, at the level that holds there.
    """
    rows = list(zip(curve.at_s, curve.rss_mib, curve.anon_mib, strict=True))
    kept = [row for row in rows if window.start_s <= row[0] <= window.end_s]
    start_s, end_s = max(window.start_s, curve.within_s[0]), min(window.end_s, curve.within_s[1])
    if curve.stepped and start_s <= end_s:
        earlier = [row for row in rows if row[0] < start_s]
        kept = [(start_s, *row[1:]) for row in earlier[-1:]] + [row for row in kept if row[0] >= start_s]
        kept += [(end_s, *row[1:]) for row in kept[-1:]]
    if len(kept) > most:
        kept = list(_extremes(kept, most))
    at_s, rss_mib, anon_mib = _columns(kept)
    return replace(curve, at_s=at_s, rss_mib=rss_mib, anon_mib=anon_mib)


def _columns(rows: Sequence[_Row]) -> tuple[list[float], list[float], list[float]]:
    at_s, rss_mib, anon_mib = ([row[column] for row in rows] for column in range(3))
    return at_s, rss_mib, anon_mib


def _extremes(rows: Sequence[_Row], most: int) -> Iterable[_Row]:
    """Yield the lowest and the highest row of each of ``most / 2`` equal parts, in the order of time."""
    size = -(-len(rows) * 2 // most)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield from sorted({min(part, key=lambda row: row[1]), max(part, key=lambda row: row[1])})
