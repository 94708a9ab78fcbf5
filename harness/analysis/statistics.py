"""Statistics of a metric over the trials of a run: what each kind of metric makes of its values.

Intervals are percentile bootstraps (Efron and Tibshirani, 1993, chapter 13) with a fixed seed, so that a stored run
always gives the same figures. A high quantile is given only from as many trials on as MLPerf LoadGen's binomial bound
asks for.

From :data:`LARGE` values on an interval is the formula that the bootstrap tends to, for thousands of resamples of
thousands of values cost seconds and show the same: for a median the order statistics between which the median of as
many uniform numbers lies (Efron and Tibshirani, 1993, section 2.1), for a ratio the linearisation (Cochran, 1977,
section 2.11).

Intervals over a corpus's utterances or speakers are expanded for few of them (Hesterberg, 2015, "What teachers should
know about the bootstrap", Am. Stat. 69, 371): as much farther into the tails as Student's distribution is wider than
the normal one, times sqrt(n / (n - 1)), for resamples of few utterances differ less than other utterances would.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
_Floats = NDArray[np.float64]

RESAMPLES = 2_000
LEVEL = 0.95
TAIL = (1 - LEVEL) / 2
"""The share of resamples beyond each end of an interval."""
MIN_FOR_INTERVAL = 3
"""Below three values a bootstrap interval is no more than the two extremes."""
MIN_FOR_TEST = 6
"""Of fewer pairs no p is below 0.05, for each can point one way or the other: 2 x 0.5^5 is 0.06."""
LARGE = 1_000
"""From so many values on an interval is computed, not resampled."""
MIN_FOR_P90 = 64
MIN_FOR_P99 = 662
_BLOCK = 1_000_000
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of a sample: the median is the figure, the rest says how sure it is."""

    n: int
    median: float
    mean: float
    min: float
    max: float
    q1: float
    q3: float
    interval: Interval | None
    p90: float | None
    p99: float | None


def spread(values: Sequence[float]) -> Spread:
    """Return the distribution of at least one value; quartiles by linear interpolation (type 7)."""
    sample = np.asarray(values, dtype=np.float64)
    q1, middle, q3, p90, p99 = np.percentile(sample, [25, 50, 75, 90, 99]).tolist()
    return Spread(
        n=len(sample),
        median=middle,
        mean=float(sample.mean()),
        min=float(sample.min()),
        max=float(sample.max()),
        q1=q1,
        q3=q3,
        interval=_median_interval(sample),
        p90=p90 if len(sample) >= MIN_FOR_P90 else None,
        p99=p99 if len(sample) >= MIN_FOR_P99 else None,
    )


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float], tail: float = TAIL) -> Interval | None:
    """Return the interval of sum / sum, by bootstrap over the pairs; None for fewer than three.

    ``tail`` is the share of resamples beyond each of its ends.
    """
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if len(above) >= LARGE:
        return _linear_interval(above, below)
    return _bootstrap(len(above), lambda chosen: above[chosen].sum(axis=1) / below[chosen].sum(axis=1), tail)


def corpus_interval(numerators: Sequence[float], denominators: Sequence[float]) -> Interval | None:
    """Return the interval of sum / sum over utterances or speakers, a pair each: expanded where they are few.

    None for fewer than three.
    """
    few = MIN_FOR_INTERVAL <= len(numerators) < LARGE
    return ratio_interval(numerators, denominators, expanded_tail(len(numerators)) if few else TAIL)


def expanded_tail(units: int) -> float:
    """Return the share of resamples beyond each end of a 95 % interval, of so few units, at least 2: below 0.025."""
    from scipy.special import ndtr, stdtrit  # a tenth of a second, paid only by a run over a corpus

    return float(ndtr(np.sqrt(units / (units - 1)) * stdtrit(units - 1, TAIL)))


def difference_interval(values: Sequence[float], base: Sequence[float]) -> Interval | None:
    """Return the interval of median(values) - median(base), two independent samples; None for fewer than three of one.

    Each is drawn by itself (Efron and Tibshirani, 1993, section 8.3).
    """
    if min(len(values), len(base)) < MIN_FOR_INTERVAL:
        return None
    generator = np.random.default_rng(0)
    ours, theirs = (
        _resampled(len(sample), partial(_medians, sample), generator)
        for sample in (np.asarray(values, np.float64), np.asarray(base, np.float64))
    )
    return _bounds(ours - theirs)


def _median_interval(sample: _Floats) -> Interval | None:
    """Return the interval of a median: the bootstrap's, or for many values where its quantiles tend to."""
    if len(sample) < LARGE:
        return _bootstrap(len(sample), partial(_medians, sample))
    away = _Z / (2 * np.sqrt(len(sample) + 2))  # of the median of n uniform numbers, which is Beta distributed
    low, high = np.quantile(sample, [0.5 - away, 0.5 + away], method="inverted_cdf").tolist()
    return low, high


def _linear_interval(above: _Floats, below: _Floats) -> Interval:
    """Return the interval of sum / sum by its linearisation: the spread of what each pair is off the ratio."""
    ratio = above.sum() / below.sum()
    away = _Z * np.sqrt(np.square(above - ratio * below).sum()) / below.sum()
    return float(ratio - away), float(ratio + away)


def _medians(sample: _Floats, chosen: NDArray[np.intp]) -> _Floats:
    medians: _Floats = np.median(sample[chosen], axis=1)
    return medians


def _bootstrap(n: int, statistic: Callable[[NDArray[np.intp]], _Floats], tail: float = TAIL) -> Interval | None:
    if n < MIN_FOR_INTERVAL:
        return None
    return _bounds(_resampled(n, statistic, np.random.default_rng(0)), tail)


def _resampled(n: int, statistic: Callable[[NDArray[np.intp]], _Floats], generator: np.random.Generator) -> _Floats:
    rows = max(1, _BLOCK // n)
    parts = []
    for start in range(0, RESAMPLES, rows):
        chosen = generator.integers(0, n, size=(min(rows, RESAMPLES - start), n))
        parts.append(statistic(chosen))
    return np.concatenate(parts)


def _bounds(resampled: _Floats, tail: float = TAIL) -> Interval:
    low, high = np.quantile(resampled, [tail, 1 - tail]).tolist()
    return low, high
