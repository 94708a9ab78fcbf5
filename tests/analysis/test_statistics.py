from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.analysis import statistics
from harness.analysis.statistics import (
    LARGE,
    MIN_FOR_P90,
    MIN_FOR_P99,
    Interval,
    corpus_interval,
    difference_interval,
    expanded_tail,
    ratio_interval,
    spread,
)


@pytest.mark.parametrize(
    ("values", "q1", "median", "q3", "mean"),
    [
        ([5.0], 5.0, 5.0, 5.0, 5.0),
        ([4.0, 2.0], 2.5, 3.0, 3.5, 3.0),
        ([10.0, 40.0, 20.0], 15.0, 20.0, 30.0, 70 / 3),
        ([4.0, 3.0, 2.0, 1.0], 1.75, 2.5, 3.25, 2.5),
        ([1.0, 2.0, 3.0, 4.0, 100.0], 2.0, 3.0, 4.0, 22.0),
        ([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0], 0.25, 1.5, 2.75, 1.5),
    ],
)
def test_spread(values: list[float], q1: float, median: float, q3: float, mean: float) -> None:
    """Quartiles lie between two values in proportion (type 7), in whatever order the values come."""
    found = spread(values)
    assert (found.n, found.q1, found.median, found.q3) == (len(values), q1, median, q3)
    assert found.mean == pytest.approx(mean, rel=1e-15)
    assert (found.min, found.max) == (min(values), max(values))


@pytest.mark.parametrize(("n", "p90"), [(1, None), (10, None), (63, None), (64, 56.7), (65, 57.6)])
def test_p90_from_64_values_on(n: int, p90: float | None) -> None:
    """The value 0.9 (n - 1) steps up, from as many values on as its binomial bound asks for."""
    assert spread(range(n)).p90 == (None if p90 is None else pytest.approx(p90))
    assert MIN_FOR_P90 == 64


@pytest.mark.parametrize(("n", "p99"), [(64, None), (661, None), (662, 654.39), (701, 693.0)])
def test_p99_from_662_values_on(n: int, p99: float | None) -> None:
    """The value 0.99 (n - 1) steps up, from as many values on as its binomial bound asks for."""
    assert spread(range(n)).p99 == (None if p99 is None else pytest.approx(p99))
    assert MIN_FOR_P99 == 662


@pytest.mark.parametrize("values", [[5.0], [5.0, 6.0]])
def test_no_interval_below_three(values: list[float]) -> None:
    """An interval of one or two values would be no more than the values."""
    assert spread(values).interval is None


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0], [9.0, 1.0, 1.0, 1.0, 1.0], [float(7 * i % 31) for i in range(31)], list(range(1500))]
)
def test_interval_of_the_median(values: Sequence[float]) -> None:
    """The interval holds the median, lies within the values, and is the same every time."""
    found = spread(values)
    assert found.interval is not None
    low, high = found.interval
    assert found.min <= low <= found.median <= high <= found.max
    assert spread(values).interval == found.interval


def test_interval_of_equal_values() -> None:
    """Values without spread have an interval without width."""
    assert spread([7.0] * 5).interval == (7.0, 7.0)


def test_interval_narrows() -> None:
    """Ten times the trials of the same spread know the median better."""
    few, many = spread([1.0, 2.0, 3.0, 4.0, 5.0]).interval, spread([1.0, 2.0, 3.0, 4.0, 5.0] * 10).interval
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]


def test_interval_of_three_values() -> None:
    """Of three values, 7 resamples in 27 have the least as their median: the interval is from end to end."""
    assert spread([1.0, 2.0, 4.0]).interval == (1.0, 4.0)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_ratio_interval_below_three(n: int) -> None:
    """A ratio over fewer than three trials has no interval."""
    assert ratio_interval([1.0] * n, [2.0] * n) is None


def test_interval_of_equal_ratios() -> None:
    """Pairs of one ratio have an interval without width, however long the utterances are."""
    assert ratio_interval([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]) == (0.5, 0.5)


def test_interval_of_a_ratio() -> None:
    """The interval is of sum / sum: it holds 6/30, which the mean of the ratios, 0.41, is far from."""
    above, below = [1.0, 1.0, 1.0, 3.0], [1.0, 8.0, 9.0, 12.0]
    found = ratio_interval(above, below)
    assert found is not None
    low, high = found
    assert 1 / 9 <= low < 6 / 30 < high <= 1.0
    assert ratio_interval(above, below) == found


def test_an_interval_over_few_utterances_is_expanded() -> None:
    """Student's 3.1824 of 3 degrees, times sqrt(4 / 3), is 3.6747 normal deviations: from nearly the least resample on.

    The same for many is the plain one, and of three utterances the interval goes from the best to the worst.
    """
    above, below = [1.0, 1.0, 1.0, 3.0], [1.0, 8.0, 9.0, 12.0]
    found = corpus_interval(above, below)
    assert expanded_tail(4) == pytest.approx(0.000119, abs=1e-6)
    assert found == ratio_interval(above, below, expanded_tail(4)) != ratio_interval(above, below)
    assert found == pytest.approx((1 / 9, 1.0), rel=0.1)
    assert corpus_interval(above[:3], below[:3]) == pytest.approx((1 / 9, 1.0), rel=1e-6)
    assert corpus_interval(above[:2], below[:2]) is None
    assert corpus_interval(above * LARGE, below * LARGE) == ratio_interval(above * LARGE, below * LARGE)


def test_pairs_are_drawn_together() -> None:
    """A numerator is never put over another pair's denominator: 1/1000 and 1000/1 would give 1000."""
    found = ratio_interval([1.0, 1000.0, 1.0, 1000.0], [1000.0, 1e6, 1000.0, 1e6])
    assert found is not None
    assert found == pytest.approx((0.001, 0.001))


@pytest.mark.parametrize(("n", "m"), [(2, 9), (9, 2), (0, 3)])
def test_no_difference_interval_below_three(n: int, m: int) -> None:
    """Both samples have to have three values."""
    assert difference_interval([1.0] * n, [2.0] * m) is None


def test_interval_of_a_difference() -> None:
    """Medians of three values are each from end to end, and both are drawn by themselves: 1 - 30 to 4 - 10."""
    assert difference_interval([1.0, 2.0, 4.0], [10.0, 20.0, 30.0]) == (-29.0, -6.0)


def test_interval_of_a_constant_difference() -> None:
    """Samples without spread differ by exactly so much."""
    assert difference_interval([5.0] * 4, [2.0] * 3) == (3.0, 3.0)


# --- many values ------------------------------------------------------------------------------------------------


def drawn(n: int, seed: int) -> NDArray[np.float64]:
    """Return a skewed sample, as times are."""
    return np.random.default_rng(seed).lognormal(0.0, 0.5, n)


def widths(found: Interval | None, expected: Interval | None) -> tuple[float, float]:
    """Return how far the two ends are off the expected ones, in widths of the expected interval."""
    assert found is not None
    assert expected is not None
    width = expected[1] - expected[0]
    return abs(found[0] - expected[0]) / width, abs(found[1] - expected[1]) / width


@pytest.mark.parametrize("n", [LARGE, LARGE + 1, 4 * LARGE])
def test_a_computed_median_interval_is_the_resampled_one(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula for many values gives what 2,000 resamples give, to a twentieth of the interval's width."""
    sample = drawn(n, seed=n)
    computed = spread(sample.tolist()).interval
    monkeypatch.setattr(statistics, "LARGE", n + 1)
    assert max(widths(computed, spread(sample.tolist()).interval)) < 0.05


@pytest.mark.parametrize("n", [LARGE, 4 * LARGE])
def test_a_computed_ratio_interval_is_the_resampled_one(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where numerator and denominator go together, as seconds of work and of audio do."""
    below = drawn(n, seed=1)
    above = below * drawn(n, seed=2)
    computed = ratio_interval(above.tolist(), below.tolist())
    monkeypatch.setattr(statistics, "LARGE", n + 1)
    assert max(widths(computed, ratio_interval(above.tolist(), below.tolist()))) < 0.05


def test_the_median_interval_of_counted_values() -> None:
    """Of 0 to 9,999 the ranks at half a 1.96 / (2 sqrt(10,002)) away: 0.5 - 0.0097987 and as much above."""
    assert spread(range(10_000)).interval == (4902.0, 5097.0)


def test_the_interval_of_many_equal_ratios() -> None:
    """Pairs of one ratio have an interval without width."""
    assert ratio_interval([1.0] * LARGE, [2.0] * LARGE) == (0.5, 0.5)
