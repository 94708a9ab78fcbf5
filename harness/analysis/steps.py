"""Whether a series rises in a few steps rather than along a line: which of the two explains it better for its cost.

The best steps are found exactly, by dynamic programming over where each level begins (Bellman, 1961, Commun. ACM 4).
The two are compared by the Bayesian information criterion (Schwarz, 1978, Ann. Stat. 6): steps have a level and a place
each, a line two numbers, so that noise alone does not make steps.
"""

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]

_MOST_POINTS = 200
"""A longer series is averaged to so many: the search goes with the square."""
_LEAST_SHARE = 1e-12
"""Residual squares are taken as no smaller than this share of all: a perfect fit has a logarithm too."""


def in_steps(values: _Floats, most: int, window: int = 1) -> bool:
    """Tell whether up to ``most`` steps explain a series better than a line does.

    ``window``: each value was made of so many neighbours, so that only one in so many is news.
    """
    if len(values) > _MOST_POINTS:
        values = np.array([part.mean() for part in np.array_split(values, _MOST_POINTS)])
    n = len(values)
    least = max(_LEAST_SHARE * float(((values - values.mean()) ** 2).sum()), np.finfo(np.float64).tiny)
    independent = n / window
    line = _criterion(max(_off_line(values), least), independent, 2)
    squares = _off_steps(values, most)
    return any(_criterion(max(off, least), independent, 2 * k + 1) < line for k, off in enumerate(squares, start=1))


def _criterion(squares: float, n: float, parameters: int) -> float:
    return n * float(np.log(squares / n)) + parameters * float(np.log(n))


def _off_line(values: _Floats) -> float:
    x = np.arange(len(values)) - (len(values) - 1) / 2
    off = values - values.mean() - x * float(x @ values) / float(x @ x)
    return float(off @ off)


def _off_steps(values: _Floats, most: int) -> list[float]:
    """Return the smallest sum of squares off one, two, ... ``most`` steps."""
    n = len(values)
    sums, squares = (
        np.concatenate([[0.0], np.cumsum(row)]) for row in (values - values.mean(), (values - values.mean()) ** 2)
    )
    start, end = np.arange(n)[:, None], np.arange(1, n + 1)[None, :]
    length = end - start
    inside = squares[end] - squares[start] - (sums[end] - sums[start]) ** 2 / np.maximum(length, 1)
    cost = np.where(length > 0, np.maximum(inside, 0.0), np.inf)  # of one level from start up to end
    best = cost[0]
    found = []
    for _ in range(most):
        earlier = np.concatenate([[np.inf], best[:-1]])  # one level fewer, up to each start
        best = (earlier[:, None] + cost).min(axis=0)
        found.append(float(best[-1]))
    return found
