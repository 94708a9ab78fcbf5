"""Memory over time, as curves and spans: what a chart of it is drawn from, whoever read the memory.

Seconds count from the run's first phase. Stored readings alone give a curve too: a level holds until the next reading,
and each phase's exact peak stands beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.ledger import PROBE, mib, readings
from harness.records import Trial
from harness.sampling import curve as sampled

_Row = tuple[float, float, float]
_POINT_AFTER = {"load": "loaded", "run": "ran", "unload": "unloaded"}


@dataclass(frozen=True, slots=True)
class Curve:
    """RSS and anon of one worker; ``stepped`` where a level holds until the next reading, and nothing is between."""

    worker: int
    at_s: Sequence[float]
    rss_mib: Sequence[float]
    anon_mib: Sequence[float]
    stepped: bool = False


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


def spans(trials: Sequence[Trial]) -> list[Span]:
    """Return every phase of every trial, in the order of time."""
    zero_ns = _zero_ns(trials)
    found = []
    for trial in trials:
        for visit in trial.visits:
            for phase in visit.phases:
                peak = mib(visit.observed(_POINT_AFTER.get(phase.name, ""), PROBE), "peak_kib")
                start_s, end_s = ((at_ns - zero_ns) / 1e9 for at_ns in (phase.start_ns, phase.end_ns))
                found.append(Span(visit.stage, phase.name, start_s, end_s, peak))
    return sorted(found, key=lambda span: span.start_s)


def stepped_curves(trials: Sequence[Trial]) -> list[Curve]:
    """Return a curve a worker from what the probe ``rss`` read between commands; without anon, RSS stands for it."""
    zero_ns = _zero_ns(trials)
    rows: dict[int, list[_Row]] = {}
    for one in readings(trials):
        rss, anon = mib(one.values, "rss_kib"), mib(one.values, "anon_kib")
        if rss is not None:
            level = (max(0.0, (one.at_ns - zero_ns) / 1e9), rss, rss if anon is None else anon)
            rows.setdefault(one.worker, []).append(level)
    return [_curve(worker, levels, stepped=True) for worker, levels in rows.items()]


def sampled_curves(samples: sampled.Curve, trials: Sequence[Trial], shown: Sequence[Window]) -> list[Curve]:
    """Return a curve a worker from what was sampled in the windows; without anon, RSS stands for it."""
    zero_ns = _zero_ns(trials)
    found = []
    for worker in samples.workers:
        own = samples.of(worker)
        at_s = (np.asarray(own.at_ns) - zero_ns) / 1e9
        kept = np.zeros(len(at_s), dtype=bool)
        for window in shown:
            kept |= (at_s >= window.start_s) & (at_s <= window.end_s)
        rss_kib, shared_kib = np.asarray(own.rss_kib)[kept], np.asarray(own.shared_kib)[kept]
        anon_kib = rss_kib - np.maximum(shared_kib, 0)
        found.append(Curve(worker, at_s[kept].tolist(), (rss_kib / 1024).tolist(), (anon_kib / 1024).tolist()))
    return found


def windows(trials: Sequence[Trial], most: int) -> list[Window]:
    """Return the whole run as one window; of more than ``most`` iterations the first, the middle and the last."""
    zero_ns = _zero_ns(trials)
    ends: dict[int, tuple[float, float]] = {}
    for trial in trials:
        for visit in trial.visits:
            for phase in visit.phases:
                start_s, end_s = ((at_ns - zero_ns) / 1e9 for at_ns in (phase.start_ns, phase.end_ns))
                low, high = ends.get(trial.iteration, (start_s, end_s))
                ends[trial.iteration] = (min(low, start_s), max(high, end_s))
    if not ends:
        return []
    done = sorted(ends)
    if len(done) <= most:
        return [Window("", min(low for low, _ in ends.values()), max(high for _, high in ends.values()))]
    shown = {"the first": done[0], "in the middle": done[len(done) // 2], "the last": done[-1]}
    return [Window(f"iteration {index + 1}, {which}", *ends[index]) for which, index in shown.items()]


def inside(curve: Curve, window: Window, most: int) -> Curve:
    """Return the part of a curve in a window, thinned to about ``most`` points that keep every low and high.

    A stepped curve begins and ends at the window's edges, at the level that holds there.
    """
    rows = list(zip(curve.at_s, curve.rss_mib, curve.anon_mib, strict=True))
    kept = [row for row in rows if window.start_s <= row[0] <= window.end_s]
    if curve.stepped:
        earlier = [row for row in rows if row[0] < window.start_s]
        kept = [(window.start_s, *row[1:]) for row in earlier[-1:]] + kept
        kept += [(window.end_s, *row[1:]) for row in kept[-1:]]
    if len(kept) > most:
        kept = list(_extremes(kept, most))
    return _curve(curve.worker, kept, stepped=curve.stepped)


def _curve(worker: int, rows: Sequence[_Row], *, stepped: bool) -> Curve:
    at_s, rss_mib, anon_mib = ([row[column] for row in rows] for column in range(3))
    return Curve(worker, at_s, rss_mib, anon_mib, stepped)


def _extremes(rows: Sequence[_Row], most: int) -> Iterable[_Row]:
    """Yield the lowest and the highest row of each of ``most / 2`` equal parts, in the order of time."""
    size = -(-len(rows) * 2 // most)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield from sorted({min(part, key=lambda row: row[1]), max(part, key=lambda row: row[1])})


def _zero_ns(trials: Sequence[Trial]) -> int:
    """Return when the first phase began."""
    return min((p.start_ns for trial in trials for visit in trial.visits for p in visit.phases), default=0)
