"""How far apart two runs are in one metric: a ratio or a difference of their figures, with a bootstrap interval.

Percentile bootstraps (Efron and Tibshirani, 1993, sections 8.3 and 13.3) with a fixed seed. What is drawn again depends
on what the runs hold: with at least three trials of each utterance in both, trials, within their utterance and each run
by itself; else utterances, with both runs' trials of them, so that a long utterance stays in both.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.pairing import Pairing, Values
from harness.analysis.statistics import MIN_FOR_INTERVAL, TAIL, Interval
from harness.metrics import Kind

_Floats = NDArray[np.float64]
Scale = Literal["ratio", "difference"]

_MOST_RESAMPLES, _LEAST_RESAMPLES = 10_000, 2_000
_DRAWS = 20_000_000
"""About so many values are drawn in all, between the least and the most resamples: half a second."""
_WIDEST = 100.0
"""A ratio whose interval spans more than this factor says nothing: values that hover about zero have such ones."""
_BLOCK = 1_000_000
"""So many values are drawn at a time, for memory's sake."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The figures of two runs and how far B's is from A's.

    ``change`` is B / A on the scale ``ratio``, B - A on ``difference``, which is taken where a value is not above zero,
    or so near to it that the ratio could be anything. The intervals are None where there are too few trials to draw
    from. ``drawn`` are the figures of the resamples.
    """

    a: float
    b: float
    scale: Scale
    change: float
    interval: Interval | None
    a_interval: Interval | None
    b_interval: Interval | None
    drawn: tuple[_Floats, _Floats] | None


def effect(values: Pairing, *, by_utterance: bool = False, tail: float = TAIL) -> Effect:
    """Return how far apart two runs are; ``by_utterance`` draws utterances however many trials they have.

    ``tail`` is the share of resamples beyond each end of an interval.

    Raises :class:`ArithmeticError` where the result is no number.
    """
    a, b = _figure(values.a, values.kind), _figure(values.b, values.kind)
    drawn = _drawn(values, by_utterance=by_utterance)
    scale: Scale = "ratio" if _is_positive(values, a, b, drawn) else "difference"
    change = b / a if scale == "ratio" else b - a
    if drawn is None:
        return Effect(a, b, scale, _finite(change), None, None, None, None)
    ours, theirs = drawn
    interval = bounds(theirs / ours if scale == "ratio" else theirs - ours, tail)
    if scale == "ratio" and interval[1] > _WIDEST * interval[0]:
        scale, change, interval = "difference", b - a, bounds(theirs - ours, tail)
    return Effect(a, b, scale, _finite(change), interval, bounds(ours, tail), bounds(theirs, tail), drawn)


def draws_utterances(values: Pairing) -> bool:
    """Tell whether some utterance has too few trials to draw from, so that utterances are drawn."""
    count = len(values.utterances)
    return min(int(side.sizes(count).min()) for side in (values.a, values.b)) < MIN_FOR_INTERVAL


def bounds(resampled: _Floats, tail: float = TAIL) -> Interval:
    """Return the interval of resampled figures: of 95 % of them, unless the share of each ``tail`` is given.

    Raises :class:`ArithmeticError` where one is no number.
    """
    _finite(float(np.abs(resampled).max()))
    low, high = np.quantile(resampled, [tail, 1 - tail]).tolist()
    return low, high


def _finite(value: float) -> float:
    if not np.isfinite(value):
        raise ArithmeticError(f"a comparison came to {value}")
    return value


def _is_positive(values: Pairing, a: float, b: float, drawn: tuple[_Floats, _Floats] | None) -> bool:
    """Tell whether a ratio has a meaning: of a sample in every trial, of a ratio in every resample."""
    if values.kind is not Kind.RATIO:
        return values.positive
    rows = (a, b) if drawn is None else (a, b, float(drawn[0].min()), float(drawn[1].min()))
    return min(rows) > 0


def _figure(values: Values, kind: Kind) -> float:
    if kind is Kind.RATIO:
        return float(values.above.sum() / values.below.sum())
    return float(np.median(values.above))


def _drawn(values: Pairing, *, by_utterance: bool) -> tuple[_Floats, _Floats] | None:
    groups = len(values.utterances)
    generator = np.random.default_rng(0)
    if by_utterance or draws_utterances(values):
        return _by_utterance(values, generator) if groups >= MIN_FOR_INTERVAL else None
    if groups == 1 and values.kind is not Kind.RATIO:
        return _medians(values.a.above, generator), _medians(values.b.above, generator)
    resamples = _resamples(max(len(values.a.above), len(values.b.above)))
    ours, theirs = (_within(side, groups, values.kind, resamples, generator) for side in (values.a, values.b))
    return ours, theirs


def _resamples(n: int) -> int:
    return min(_MOST_RESAMPLES, max(_LEAST_RESAMPLES, _DRAWS // n))


def _medians(values: _Floats, generator: np.random.Generator) -> _Floats:
    """Return medians of resamples without drawing the resamples.

    The k-th smallest of n draws from n sorted values is the value at floor(n U), U the k-th smallest of n uniform
    numbers, which has a beta distribution (David and Nagaraja, 2003, section 2.1); the next one follows from it.
    """
    n, middle = len(values), (len(values) + 1) // 2
    ordered = np.sort(values)
    uniform = generator.beta(middle, n - middle + 1, _MOST_RESAMPLES)
    lower: _Floats = ordered[_place(uniform, n)]
    if n % 2:
        return lower
    above = uniform + (1 - uniform) * generator.beta(1, n - middle, _MOST_RESAMPLES)
    medians: _Floats = (lower + ordered[_place(above, n)]) / 2
    return medians


def _place(uniform: _Floats, n: int) -> NDArray[np.intp]:
    return np.minimum((uniform * n).astype(np.intp), n - 1)


def _within(side: Values, groups: int, kind: Kind, resamples: int, generator: np.random.Generator) -> _Floats:
    """Return figures of resamples of trials within their utterances."""
    sizes = side.sizes(groups)
    size, start = sizes[side.groups], (np.cumsum(sizes) - sizes)[side.groups]
    parts = []
    for rows in _blocks(resamples, len(size)):
        chosen = start + (generator.random((rows, len(size))) * size).astype(np.intp)
        above = side.above[chosen]
        parts.append(above.sum(axis=1) / side.below[chosen].sum(axis=1) if kind is Kind.RATIO else _middle(above))
    return np.concatenate(parts)


def _middle(rows: _Floats) -> _Floats:
    medians: _Floats = np.median(rows, axis=1)
    return medians


def _by_utterance(values: Pairing, generator: np.random.Generator) -> tuple[_Floats, _Floats]:
    """Return figures of resamples of utterances, of both runs together."""
    groups = len(values.utterances)
    shares = np.full(groups, 1 / groups)
    most = max(len(values.a.above), len(values.b.above))
    ours, theirs = [], []
    for rows in _blocks(_resamples(most), most):
        times = generator.multinomial(groups, shares, size=rows)
        ours.append(_weighted(values.a, values.kind, times))
        theirs.append(_weighted(values.b, values.kind, times))
    return np.concatenate(ours), np.concatenate(theirs)


def _weighted(side: Values, kind: Kind, times: NDArray[np.int64]) -> _Floats:
    """Return the figure of each row of resamples; ``times`` says how often each utterance was drawn."""
    if kind is Kind.RATIO:
        above, below = (np.bincount(side.groups, part, times.shape[1]) for part in (side.above, side.below))
        figures: _Floats = (times @ above) / (times @ below)
        return figures
    order = np.argsort(side.above, kind="stable")
    upto = np.cumsum(times[:, side.groups[order]], axis=1)
    total = upto[:, -1:]
    lower, upper = (np.argmax(upto >= place, axis=1) for place in ((total + 1) // 2, total // 2 + 1))
    medians: _Floats = (side.above[order[lower]] + side.above[order[upper]]) / 2
    return medians


def _blocks(resamples: int, n: int) -> list[int]:
    rows = max(1, _BLOCK // n)
    whole, rest = divmod(resamples, rows)
    return [rows] * whole + ([rest] if rest else [])
