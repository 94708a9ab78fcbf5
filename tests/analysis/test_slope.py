from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import linregress, t

from harness.analysis.slope import MIN_FOR_INTERVAL, MIN_FOR_SLOPE, Slope, chance, level, slope, theil_sen

N = 60


def remembered(rho: float, seed: int, n: int = N) -> list[float]:
    """Return noise of standard deviation 1 in which each value remembers a share of the last one."""
    shocks = np.random.default_rng(seed).normal(size=n)
    values = [float(shocks[0])]
    for shock in shocks[1:]:
        values.append(rho * values[-1] + float(np.sqrt(1 - rho**2) * shock))
    return values


def width(values: Sequence[float]) -> float:
    """Return how wide the interval of a series' slope is."""
    found = slope(range(len(values)), values)
    assert found is not None
    assert found.interval is not None
    return found.interval[1] - found.interval[0]


def least_squares(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % t interval of ordinary least squares."""
    found = linregress(range(len(values)), values)
    half = float(t.ppf(0.975, len(values) - 2)) * found.stderr
    return found.slope - half, found.slope + half


@pytest.mark.parametrize(
    ("iterations", "values", "rate"),
    [
        ([1, 2, 3, 4, 5], [10.0, 10.5, 11.0, 11.5, 12.0], 0.5),
        ([1, 2, 4, 7, 8, 9], [8.0, 7.75, 7.25, 6.5, 6.25, 6.0], -0.25),
        ([0, 10, 20, 30, 40], [1.0, 1.0, 1.0, 1.0, 1.0], 0.0),
        (range(50), [1000.0 + 0.0625 * i for i in range(50)], 0.0625),
    ],
    ids=["line", "falling, with gaps", "level", "high"],
)
def test_slope_of_a_line(iterations: Sequence[float], values: list[float], rate: float) -> None:
    """A line has its slope to the last digit, with an interval without width."""
    found = slope(iterations, values)
    assert found is not None
    assert (found.n, found.per_iteration) == (len(values), rate)
    assert found.interval == pytest.approx((rate, rate), abs=1e-9)


@pytest.mark.parametrize(("offset", "factor"), [(0.0, 2.0), (1000.0, 1.0), (-3.0, -4.0), (7.0, 1 / 1024)])
def test_slope_follows_its_unit(offset: float, factor: float) -> None:
    """Slope and interval of a + b * y are b times those of y; a negative b turns the interval round."""
    values = [0.05 * i + one for i, one in enumerate(remembered(0.4, seed=1))]
    one, other = slope(range(N), values), slope(range(N), [offset + factor * value for value in values])
    assert one is not None
    assert other is not None
    assert one.interval is not None
    assert other.interval is not None
    assert other.per_iteration == pytest.approx(factor * one.per_iteration, rel=1e-9)
    assert other.interval == pytest.approx(sorted(factor * end for end in one.interval), rel=1e-6)


def test_a_spike_does_not_move_the_slope() -> None:
    """One value out of line in eleven changes nothing of a line's slope, and its interval is half of least squares'."""
    values = [2.0 * i for i in range(11)]
    values[5] = 500.0
    found = slope(range(11), values)
    assert found is not None
    assert found.per_iteration == 2.0
    low, high = least_squares(values)
    assert width(values) == pytest.approx(0.586 * (high - low), rel=0.01)


def test_a_spike_in_noise_does_not_widen_the_interval() -> None:
    """What is a hundred deviations off the line counts as three: the interval grows by less than a tenth."""
    values = remembered(0.0, seed=2)
    spiked = [*values[:30], values[30] + 100.0, *values[31:]]
    assert width(spiked) < 1.1 * width(values)


def ratios(rho: float) -> list[float]:
    """Return how wide the intervals of a hundred series are, against those of ordinary least squares."""
    found = []
    for seed in range(100):
        values = remembered(rho, seed)
        low, high = least_squares(values)
        found.append(width(values) / (high - low))
    return found


def test_the_interval_of_noise_without_memory_is_that_of_least_squares() -> None:
    """That the memory is not known costs the middle one of a hundred intervals less than a tenth of its width."""
    assert 1.0 <= np.median(ratios(0.0)) < 1.1


def test_the_interval_of_noise_that_remembers_is_wider() -> None:
    """Each of a hundred is wider than that of least squares, and the middle one by the true factor of two or more."""
    found = ratios(0.6)
    assert min(found) > 1.0
    assert np.median(found) >= np.sqrt((1 + 0.6) / (1 - 0.6))


@pytest.mark.parametrize(("rho", "least"), [(0.0, 180), (0.6, 180)])
def test_the_interval_holds_the_truth(rho: float, least: int) -> None:
    """In nine of ten of two hundred series at the least, with and without memory."""
    intervals = [found.interval for seed in range(200) if (found := slope(range(N), remembered(rho, seed)))]
    assert sum(1 for one in intervals if one is not None and one[0] <= 0 <= one[1]) >= least


def test_the_interval_holds_the_slope() -> None:
    """Theil and Sen's median lies in the interval of the least squares beside it, for short series too."""
    for n in range(MIN_FOR_INTERVAL, 12):
        for seed in range(20):
            found = slope(range(n), remembered(0.8, seed, n))
            assert found is not None
            assert found.interval is not None
            assert found.interval[0] <= found.per_iteration <= found.interval[1]


@pytest.mark.parametrize("n", range(MIN_FOR_SLOPE))
def test_no_slope_below_three_points(n: int) -> None:
    """Two points lie on a line, whatever they are."""
    assert slope(range(n), [1.0] * n) is None
    assert level([1.0] * n) is None


@pytest.mark.parametrize("n", range(MIN_FOR_SLOPE, MIN_FOR_INTERVAL))
def test_no_interval_below_five_points(n: int) -> None:
    """Three and four points have a slope and a level alone."""
    assert slope(range(n), [2.0 * i for i in range(n)]) == Slope(n, 2.0, None)
    assert level([4.0] * n) == Slope(n, 4.0, None)


def test_level_of_equal_values() -> None:
    """Values that are the same have them as their mean, with an interval without width."""
    found = level([0.5] * 10)
    assert found is not None
    assert (found.n, found.per_iteration) == (10, 0.5)
    assert found.interval == pytest.approx((0.5, 0.5), abs=1e-12)


def test_a_level_under_noise() -> None:
    """The interval is about the mean, as wide as the t interval of one within a fifth, and far from zero."""
    values = [3.0 + one for one in remembered(0.0, seed=3)]
    found = level(values)
    assert found is not None
    assert found.interval is not None
    assert found.per_iteration == pytest.approx(float(np.mean(values)), abs=0.02)
    half = float(t.ppf(0.975, N - 1)) * float(np.std(values, ddof=1)) / N**0.5
    assert found.interval[1] - found.interval[0] == pytest.approx(2 * half, rel=0.2)


def test_a_far_value_does_not_move_a_level() -> None:
    """One load that takes a hundred MiB among sixty that take one counts as three deviations."""
    values = [1.0 + 0.1 * one for one in remembered(0.0, seed=4)]
    found, spiked = level(values), level([100.0, *values[1:]])
    assert found is not None
    assert spiked is not None
    assert spiked.per_iteration == pytest.approx(found.per_iteration, abs=0.01)


def test_theil_sen_is_the_median_of_all_pairs() -> None:
    """Of (0, 0), (1, 1), (2, 4), (4, 4): slopes 1, 2, 1, 3, 1 and 0 have the median 1."""
    assert theil_sen(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 4.0, 4.0])) == 1.0


def test_the_chance_of_a_slope_agrees_with_its_interval() -> None:
    """A rate of 0 lies outside of the 95 % interval where its chance is below 5 %, and inside where it is above."""
    for seed in range(40):
        values = [0.02 * index + one for index, one in enumerate(remembered(0.3, seed, 30))]
        found, p = slope(range(30), values), chance(range(30), values)
        assert found is not None
        assert found.interval is not None
        assert p is not None
        outside = not found.interval[0] <= 0 <= found.interval[1]
        assert outside == (p < 0.05) or abs(p - 0.05) < 0.02


def test_a_line_has_no_chance_and_a_level_every() -> None:
    """There is no noise to be mistaken for."""
    assert chance(range(10), [3.0 - index for index in range(10)]) == 0.0
    assert chance(range(10), [3.0] * 10) == 1.0


def test_few_points_or_one_place_have_no_chance_to_tell() -> None:
    """Below five, where all are at one place, and where the levels that were taken out leave nothing."""
    assert chance(range(4), [1.0, 2.0, 1.5, 3.0]) is None
    assert chance([7.0] * 10, list(range(10))) is None
    assert chance(range(10), [float(one % 3) for one in range(10)], shared=8) is None


def test_levels_that_were_taken_out_cost_certainty() -> None:
    """Each is a degree of freedom: the interval is wider, and chance likelier."""
    values = [0.1 * index + one for index, one in enumerate(remembered(0.0, 2, 20))]
    one, many = slope(range(20), values), slope(range(20), values, shared=10)
    assert one is not None
    assert many is not None
    assert one.interval is not None
    assert many.interval is not None
    assert many.interval[1] - many.interval[0] > one.interval[1] - one.interval[0]
    assert (chance(range(20), values, shared=10) or 0.0) > (chance(range(20), values) or 0.0)


def test_places_may_come_again() -> None:
    """Pairs at one place have no slope, and are left out."""
    found = slope([1, 1, 2, 2, 3, 3], [1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    assert found is not None
    assert found.per_iteration == 1.0
