"""Which figures drift, with time or with the processor's temperature, while nothing in the chain changes.

Within a run it is the slope of a metric over its steady trials, with the interval of :mod:`harness.analysis.slope`;
across a sweep the slope of the blocks' medians over time, each cell's own level taken out. Holm's correction (1979,
Scandinavian Journal of Statistics 6) over everything that is looked at keeps false alarms rare, however many metrics
there are. What memory does over time is the memory verdict's question, and is not asked again here. In a resumed run
each leg is a series of its own: its stamps are of another clock, and its machine may be another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import exp, log
from statistics import fmean, median
from typing import Literal

import numpy as np

from harness.analysis.legs import by_leg
from harness.analysis.metric_summary import Measured, MetricSummary
from harness.analysis.slope import chance, slope
from harness.analysis.statistics import Interval
from harness.metrics import Kind, Measurement, Metric
from harness.records import Run, Trial

MIN_POINTS = 10
"""Below so many trials, or blocks, a trend and noise that remembers look alike."""
MIN_REPEATS = 3
"""An utterance's own level is known from so many trials of it on."""
LEVEL = 0.005
"""How probable a warning about a run may be that has no drift, whatever the number of its metrics."""
LEAST_PERCENT = 1.0
"""A change below this blurs no comparison, however sure it is."""
LEAST_DEGREES = 3.0
"""Below such a range of temperatures there is nothing to depend on; sensors tell whole degrees."""
MOST_TOGETHER = 0.75
"""So many of the cells have to go the same way, for it to be the machine that drifts and not one of them."""
_MEMORY_UNITS = ("MiB", "KiB")
_MOST_POINTS = 1_000
"""Of a longer series the means of so many equal parts are looked at."""

Against = Literal["time", "temperature"]


@dataclass(frozen=True, slots=True)
class Drift:
    """A metric that drifts: by how many per cent over the run, with the 95 % interval of that, from ``n`` trials.

    ``first`` and ``last`` are the ends of what it drifts with: seconds since the first steady trial, or the lowest and
    the highest temperature in degrees Celsius. ``leg`` is the one of a resumed run in which it drifts, else None;
    ``machine`` is the one that drifts, in a sweep over several.
    """

    metric: str
    against: Against
    change_percent: float
    interval: Interval
    first: float
    last: float
    n: int
    leg: int | None = None
    machine: str = ""


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """What one block of a sweep's cell says in sum: ``at_s`` is when it began, in seconds of any clock.

    ``machine`` is where, in a sweep over several machines.
    """

    cell: int
    block: int
    at_s: float
    metrics: Mapping[str, MetricSummary]
    machine: str = ""


@dataclass(frozen=True, slots=True)
class _Series:
    """One metric over what it may drift with, in the order of time; values are relative to their usual level."""

    metric: str
    against: Against
    positions: Sequence[float]
    values: Sequence[float]
    n: int
    shared: int = 1
    leg: int | None = None
    machine: str = ""


def drifts(run: Run, measured: Measured) -> tuple[Drift, ...]:
    """Return the main metrics of kind sample that drift over the steady trials of a run, time before temperature."""
    steady = [trial for trial in measured.trials if trial.outcome.ok and not trial.cold and not trial.warmup]
    at_s = {trial.index: began for trial in steady if (began := _at_s(trial)) is not None}
    looked_at = [
        series
        for probe in run.probes
        for metric in probe.metrics
        if _may_drift(metric.main, metric.kind, metric.unit)
        for scope in _scopes(metric, run)
        for series in _of_legs(run, f"{scope}.{metric.name}", measured.of(metric, scope), at_s)
    ]
    return _proven(looked_at)


def sweep_drift(blocks: Sequence[BlockFigures]) -> tuple[Drift, ...]:
    """Return the metrics in which the cells of a sweep drift together, from the medians of their blocks.

    Two blocks of a cell on one machine differ by when they ran, and by nothing else; each machine is looked at by
    itself, with one correction for them all.
    """
    entries = {name: entry for one in blocks for name, entry in one.metrics.items()}
    names = [name for name, entry in entries.items() if _may_drift(entry.main, entry.kind, entry.unit)]
    by_machine: dict[str, list[BlockFigures]] = {}
    for one in blocks:
        by_machine.setdefault(one.machine, []).append(one)
    looked_at = [
        replace(series, machine=machine)
        for machine, own in by_machine.items()
        for name in names
        if (series := _of_sweep(name, own)) is not None
    ]
    found = _proven(looked_at)
    return tuple(_as_ratio(one) for one in found)


def _as_ratio(drift: Drift) -> Drift:
    """Turn per cents of a logarithm into those of the figure."""
    change, low, high = (100 * (exp(value / 100) - 1) for value in (drift.change_percent, *drift.interval))
    return replace(drift, change_percent=change, interval=(low, high))


def _may_drift(main: bool, kind: Kind, unit: str) -> bool:
    return main and kind is Kind.SAMPLE and unit not in _MEMORY_UNITS


def _scopes(metric: Metric, run: Run) -> list[str]:
    return [stage.key for stage in run.stages] if metric.scope == "stage" else [metric.scope]


def _at_s(trial: Trial) -> float | None:
    """Return when a trial's first command began, on the clock of all stamps; not its worker's start, ahead of it."""
    stamps = [phase.start_ns for visit in trial.visits for phase in visit.phases if phase.name != "start"]
    return min(stamps) / 1e9 if stamps else None


def _of_legs(
    run: Run, name: str, measured: Sequence[tuple[Trial, Measurement]], began_s: Mapping[int, float]
) -> list[_Series]:
    """Return a metric's series of each leg; of a run without a seam, of the run."""
    if not run.seams:
        return _of_run(name, measured, began_s)
    return [
        replace(series, leg=leg)
        for leg in by_leg(trial for trial, _ in measured)
        for series in _of_run(name, [one for one in measured if one[0].leg == leg], began_s)
    ]


def _of_run(name: str, measured: Sequence[tuple[Trial, Measurement]], began_s: Mapping[int, float]) -> list[_Series]:
    """Return a metric's series over time, and over temperature where that was read; ``began_s`` is by trial."""
    points = sorted(
        (
            (began_s[trial.index], trial.temperature_c, trial.utterance.id, one.value)
            for trial, one in measured
            if one.value is not None and trial.index in began_s
        ),
        key=lambda point: point[0],
    )
    usual = _usual([(utterance, value) for _, _, utterance, value in points])
    known = [(at_s, hot_c, value / usual[utterance]) for at_s, hot_c, utterance, value in points if utterance in usual]
    read = [(hot_c, value) for _, hot_c, value in known if hot_c is not None]
    return [
        *_enough(name, "time", [(at_s - known[0][0], value) for at_s, _, value in known], 0.0),
        *_enough(name, "temperature", read, LEAST_DEGREES),
    ]


def _usual(values: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return the median of each utterance that came often enough, for a long one takes longer than a short one."""
    found = {}
    for utterance, group in groupby(sorted(values), key=lambda one: one[0]):
        own = [value for _, value in group]
        if len(own) >= MIN_REPEATS and median(own) > 0:
            found[utterance] = median(own)
    return found


def _enough(name: str, against: Against, points: Sequence[tuple[float, float]], least: float) -> list[_Series]:
    positions, values = [one for one, _ in points], [value for _, value in points]
    if len(points) < MIN_POINTS or max(positions) - min(positions) < least:
        return []
    return [_Series(name, against, _thinned(positions), _thinned(values), len(points))]


def _thinned(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _MOST_POINTS:
        return values
    return [float(part.mean()) for part in np.array_split(np.asarray(values, np.float64), _MOST_POINTS)]


def _of_sweep(name: str, blocks: Sequence[BlockFigures]) -> _Series | None:
    """Return the logarithms of the blocks' medians over time, both less the cell's own mean; None for too few."""
    cells: dict[int, list[tuple[float, float]]] = {}
    for one in sorted(blocks, key=lambda one: one.at_s):
        entry = one.metrics.get(name)
        if entry is not None and entry.value is not None and entry.value > 0:
            cells.setdefault(one.cell, []).append((one.at_s, log(entry.value)))
    cells = {cell: points for cell, points in cells.items() if len(points) > 1}
    points = sorted(
        (at_s, at_s - fmean(at for at, _ in own), value - fmean(value for _, value in own))
        for own in cells.values()
        for at_s, value in own
    )
    if len(points) < MIN_POINTS or not _together(list(cells.values())):
        return None
    positions, values = [at_s for _, at_s, _ in points], [value for _, _, value in points]
    return _Series(name, "time", positions, values, len(points), len(cells))


def _together(cells: Sequence[Sequence[tuple[float, float]]]) -> bool:
    """Tell whether most cells go the same way over time."""
    signs = []
    for points in cells:
        middle = fmean(at_s for at_s, _ in points)
        signs.append(np.sign(sum((at_s - middle) * value for at_s, value in points)))
    return max(signs.count(1.0), signs.count(-1.0)) >= MOST_TOGETHER * len(signs)


def _proven(looked_at: Sequence[_Series]) -> tuple[Drift, ...]:
    """Return those whose drift is no chance, by Holm's steps, and large enough to matter; in the order given."""
    chances = [(chance(one.positions, one.values, one.shared), one) for one in looked_at]
    tested = sorted(((p, number) for number, (p, _) in enumerate(chances) if p is not None), key=lambda one: one[0])
    proven: set[int] = set()
    for step, (p, number) in enumerate(tested):
        if p > LEVEL / (len(tested) - step):
            break
        proven.add(number)
    found = [_drift(one) for number, one in enumerate(looked_at) if number in proven]
    return tuple(one for one in found if one is not None and abs(one.change_percent) >= LEAST_PERCENT)


def _drift(series: _Series) -> Drift | None:
    """Return a series' change over the whole of what it drifts with, in per cent of its usual level."""
    first, last = min(series.positions), max(series.positions)
    span = last - first
    found = slope([(one - first) / span for one in series.positions], series.values, series.shared)
    if found is None or found.interval is None:
        return None
    low, high = found.interval
    rate = 100 * found.per_iteration
    bounds = (100 * low, 100 * high)
    return Drift(series.metric, series.against, rate, bounds, first, last, series.n, series.leg, series.machine)
