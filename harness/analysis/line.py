"""A straight line through points whose x may come several times, robust against the few that lie far off.

The slope is Theil and Sen's median of the slopes between points of different x, its 95 % interval Sen's, from Kendall's
score with the correction for equal x (Sen, 1968, J. Am. Stat. Assoc. 63, 1379-1389, sections 3 and 5). It assumes
independent noise: for a series in time, which remembers, :mod:`harness.analysis.slope` is the one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from harness.analysis.statistics import LEVEL, Interval

_Floats = NDArray[np.float64]

_Z = 1.959964
"""The 97.5 % point of the normal distribution."""
_MOST_PAIRED = 1_000
"""Of more points only medians are paired: pairs go with the square."""


@dataclass(frozen=True, slots=True)
class Line:
    """``slope`` in units of y by units of x, ``at_zero`` where the line meets x = 0.

    ``n`` points of ``distinct`` different x. ``interval`` is None where so few points cannot show 95 %.
    """

    n: int
    distinct: int
    slope: float
    at_zero: float
    interval: Interval | None = None


def line(x: Sequence[float], y: Sequence[float]) -> Line | None:
    """Return the line; None where all points have the same x."""
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    distinct = len(np.unique(xs))
    if distinct < 2:
        return None
    xs, ys = _thinned(xs, ys)
    slopes = _slopes(xs, ys)
    slope = float(np.median(slopes))
    return Line(len(x), distinct, slope, at_zero(xs, ys, slope), _interval(xs, slopes))


def at_zero(x: Sequence[float] | _Floats, y: Sequence[float] | _Floats, slope: float) -> float:
    """Return where a line of this slope through the points meets x = 0: the median of what they leave."""
    return float(np.median(np.asarray(y, np.float64) - slope * np.asarray(x, np.float64)))


def _thinned(x: _Floats, y: _Floats) -> tuple[_Floats, _Floats]:
    """Return the points in the order of x; of too many, one for each x, or one for each of as many parts."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if len(x) <= _MOST_PAIRED:
        return x, y
    starts = np.unique(x, return_index=True)[1]
    parts = (
        np.split(row, starts[1:]) if len(starts) <= _MOST_PAIRED else np.array_split(row, _MOST_PAIRED)
        for row in (x, y)
    )
    x, y = (np.array([np.median(part) for part in row]) for row in parts)
    return x, y


def _slopes(x: _Floats, y: _Floats) -> _Floats:
    """Return the slopes between all points of different x, the smallest first."""
    first, second = np.triu_indices(len(x), 1)
    apart = x[first] != x[second]
    first, second = first[apart], second[apart]
    slopes: _Floats = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    return slopes


def _interval(x: _Floats, slopes: _Floats) -> Interval | None:
    """Return the slopes that stand so far from either end as Kendall's score varies by chance."""
    n, equal = len(x), np.unique(x, return_counts=True)[1].astype(np.float64)
    # The likelihood that chance alone orders all points one way: below it, not even the extremes are 95 %.
    if sum(lgamma(count + 1) for count in equal) - lgamma(n + 1) > log((1 - LEVEL) / 2):
        return None
    ties = float((equal * (equal - 1) * (2 * equal + 5)).sum())
    sigma = sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18)
    outside = max(1, floor((len(slopes) - _Z * sigma) / 2))
    return float(slopes[outside - 1]), float(slopes[-outside])
