"""How fast a series grows: a robust rate with an interval that allows for serial correlation.

The rate is Theil and Sen's median of pairwise slopes (Sen, 1968, J. Am. Stat. Assoc. 63). Its interval is that of a
linear trend with noise in which each value remembers the last one (AR(1)). The correlation is not known: for each one
on a grid the series is whitened and fitted by least squares, which gives a t distribution of the rate; these are mixed
by how well each correlation explains the series (its marginal likelihood with a flat prior; Zellner and Tiao, 1964, J.
Am. Stat. Assoc. 59), and the interval is what the mixture holds between its 2.5 % and 97.5 % points. A single estimate
of the correlation would make the intervals of short series too narrow. Values far off the line are pulled in first
(Huber, 1964), so that a spike does not widen the interval. ``python -m benchmarks.truth`` shows the coverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.statistics import LEVEL, Interval

_Floats = NDArray[np.float64]

MIN_FOR_SLOPE = 3
MIN_FOR_INTERVAL = 5
"""Below five points there is no correlation to speak of: the slope then has no interval."""
_CORRELATIONS: _Floats = np.linspace(-0.95, 0.98, 49)
_FAR = 3.0
"""Residuals beyond so many standard deviations are pulled in to there."""
_MAD_TO_SIGMA = 1.4826
_MEAN_TO_SIGMA = 1.2533
_NEGLIGIBLE = 1e-9
"""Correlations that explain a series so much worse than the best are left out of the mixture."""
_HALVINGS = 30
_MOST_PAIRED = 1_000
"""Of a longer series the medians of so many equal parts are paired: pairs go with the square."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A rate in units of the values per iteration, from ``n`` points, with its 95 % interval."""

    n: int
    per_iteration: float
    interval: Interval | None


def slope(iterations: Sequence[float], values: Sequence[float], shared: int = 1) -> Slope | None:
    """Return the rate of a series; None below three points.

    ``shared`` counts the levels that were taken out of both beforehand; one, where none but the mean is.
    """
    n = len(values)
    if n < MIN_FOR_SLOPE:
        return None
    x, y = np.asarray(iterations, np.float64), np.asarray(values, np.float64)
    rate = theil_sen(x, y)
    if n < MIN_FOR_INTERVAL:
        return Slope(n, rate, None)
    x = x - x.mean()
    low, high = _interval(_pulled_in(y, rate * x), np.stack([np.ones(n), x]), n - 1 - shared)
    return Slope(n, rate, (min(low, rate), max(high, rate)))


def level(values: Sequence[float]) -> Slope | None:
    """Return the mean of values that come once an iteration, far ones pulled in, as a rate; None below three."""
    n = len(values)
    if n < MIN_FOR_SLOPE:
        return None
    y = _pulled_in(np.asarray(values, np.float64), np.zeros(n))
    mean = float(y.mean())
    if n < MIN_FOR_INTERVAL:
        return Slope(n, mean, None)
    low, high = _interval(y, np.ones((1, n)), n - 1)
    return Slope(n, mean, (min(low, mean), max(high, mean)))


def chance(positions: Sequence[float], values: Sequence[float], shared: int = 1) -> float | None:
    """Return how probable a slope of at least this size is in a series without any, two-sided, as the interval has it.

    ``positions`` need not differ: a temperature comes again. ``shared`` counts the levels that were taken out of both
    beforehand, each of which costs a degree of freedom: one, for the mean. None below five points, and where all
    positions are one.
    """
    n = len(values)
    x, y = np.asarray(positions, np.float64), np.asarray(values, np.float64)
    if n < MIN_FOR_INTERVAL or n - shared < MIN_FOR_INTERVAL - 2 or np.ptp(x) == 0.0:
        return None
    x = (x - x.mean()) / np.ptp(x)
    design = np.stack([np.ones(n), x])
    rate = float(np.linalg.lstsq(design.T, y, rcond=None)[0][-1])
    found = _mixture(_pulled_in(y, rate * x), design, n - 1 - shared)
    if found is None:  # a straight line: it rises, falls or is level
        return 0.0 if abs(rate) > 1e-9 * max(1e-300, float(np.abs(y).max())) else 1.0
    from scipy.special import stdtr

    centre, spread, weight, free = found
    above = float((weight * stdtr(free, centre / spread)).sum())
    return 2 * min(above, 1 - above)


def theil_sen(x: _Floats, y: _Floats) -> float:
    """Return the median of all pairwise slopes of differing x. Of a long series, of the medians of its parts."""
    if len(x) > _MOST_PAIRED:
        x, y = (np.array([np.median(part) for part in np.array_split(row, _MOST_PAIRED)]) for row in (x, y))
    first, second = np.triu_indices(len(x), 1)
    apart = x[second] - x[first]
    differ = apart != 0.0
    return float(np.median((y[second] - y[first])[differ] / apart[differ]))


def _pulled_in(values: _Floats, line: _Floats) -> _Floats:
    """Return the values, those far off the line (whose own level is free) moved to where far begins."""
    residuals = values - line
    middle = np.median(residuals)
    off = np.abs(residuals - middle)
    sigma = _MAD_TO_SIGMA * float(np.median(off)) or _spread_of_few(off)
    pulled: _Floats = line + np.clip(residuals, middle - _FAR * sigma, middle + _FAR * sigma)
    return pulled


def _spread_of_few(off: _Floats) -> float:
    """Return a standard deviation where more than half of the values lie on the line: neither few nor far ones rule."""
    some = off[off > 0]
    return min(_MEAN_TO_SIGMA * float(off.mean()), _MAD_TO_SIGMA * float(np.median(some))) if len(some) else 0.0


def _interval(values: _Floats, design: _Floats, free: int) -> Interval:
    """Return the interval of the last coefficient of a linear model; ``design`` has a row a coefficient."""
    found = _mixture(values, design, free)
    if found is None:
        last = float(np.linalg.lstsq(design.T, values, rcond=None)[0][-1])
        return last, last
    return _mixture_interval(*found)


def _mixture(values: _Floats, design: _Floats, free: int) -> tuple[_Floats, _Floats, _Floats, int] | None:
    """Return the t distributions of the last coefficient: centres, spreads, weights, degrees of freedom.

    None where the model explains the values to the last digit.
    """
    residual = values - design.T @ np.linalg.lstsq(design.T, values, rcond=None)[0]
    if float(residual @ residual) <= 1e-18 * max(1.0, float(values @ values)):  # a straight line, to the last digit
        return None
    rho = _CORRELATIONS[:, None]
    x, y = _whitened(design[:, None, :], rho), _whitened(values[None, :], rho)
    gram = np.einsum("pkn,qkn->kpq", x, x)
    inverse = np.linalg.inv(gram)
    beta = np.einsum("kpq,qkn,kn->kp", inverse, x, y)
    error = y - np.einsum("kp,pkn->kn", beta, x)
    squares = np.einsum("kn,kn->k", error, error)
    spread = np.sqrt(squares / free * inverse[:, -1, -1])
    evidence = 0.5 * np.log(1 - _CORRELATIONS**2) - 0.5 * np.linalg.slogdet(gram)[1] - free / 2 * np.log(squares)
    weight = np.exp(evidence - evidence.max())
    kept = weight > _NEGLIGIBLE
    return beta[kept, -1], spread[kept], weight[kept] / weight[kept].sum(), free


def _whitened(rows: _Floats, rho: _Floats) -> _Floats:
    """Return rows without their AR(1) correlation, for each correlation (Prais and Winsten, 1954)."""
    first = np.sqrt(1 - rho**2) * rows[..., :1]
    return np.concatenate([first, rows[..., 1:] - rho * rows[..., :-1]], axis=-1)


def _mixture_interval(centre: _Floats, spread: _Floats, weight: _Floats, free: int) -> Interval:
    """Return the two quantiles of a weighted mixture of t distributions, by halving between those of its parts."""
    from scipy.special import stdtr, stdtrit  # a tenth of a second, paid only by a run that has a slope

    share = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    parts = centre + spread * stdtrit(free, share)[:, None]
    low, high = parts.min(axis=1), parts.max(axis=1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = (weight * stdtr(free, (middle[:, None] - centre) / spread)).sum(axis=1) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return float(low[0]), float(high[1])
