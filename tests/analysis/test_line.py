import pytest

from harness.analysis.line import Line, at_zero, line


def test_straight() -> None:
    """Points on a line give it back, with an interval of no width."""
    assert line([1, 2, 3, 4, 5], [12.0, 14.0, 16.0, 18.0, 20.0]) == Line(5, 5, 2.0, 10.0, (2.0, 2.0))


def test_one_point_far_off_does_not_turn_it() -> None:
    """Of ten slopes four are wild, and the median is none of them; the line at 0 neither."""
    found = line([1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 500.0])
    assert found is not None
    assert (found.slope, found.at_zero) == (1.0, 0.0)


def test_equal_x_are_not_paired() -> None:
    """Slopes are between points of different x: 2, 4, 1 and 3 here."""
    assert line([1, 1, 2, 2], [0.0, 1.0, 2.0, 4.0]) == Line(4, 2, 2.5, -2.0)


@pytest.mark.parametrize("x", [[], [3.0], [3.0, 3.0, 3.0]])
def test_no_line(x: list[float]) -> None:
    """Where no two points have a different x there is none."""
    assert line(x, [1.0] * len(x)) is None


@pytest.mark.parametrize(
    ("x", "there"),
    [
        ([1, 2, 3, 4], False),  # all in one order by chance: 1 in 24
        ([1, 2, 3, 4, 5], True),  # 1 in 120
        ([1, 1, 2, 3, 4], True),  # 2 in 120
        ([1, 1, 2, 2, 3], False),  # 4 in 120
        ([1, 1, 2, 2, 3, 3], True),  # 8 in 720
        ([1, 1, 1, 1, 2], False),  # 24 in 120
    ],
)
def test_an_interval_takes_points_that_can_show_it(x: list[float], there: bool) -> None:
    """Below 2.5 % chance on either side the extremes are an interval of 95 %, else nothing is."""
    found = line(x, [float(one) for one in x])
    assert found is not None
    assert (found.interval is not None) == there


def test_interval_of_seven() -> None:
    """Sen's: of 21 slopes the third from either end, for Kendall's score of seven varies by 13.05."""
    y = [0.0, 1.5, 1.75, 3.5, 4.0, 4.25, 6.5]
    slopes = sorted((y[b] - y[a]) / (b - a) for a in range(7) for b in range(a + 1, 7))
    found = line(list(range(7)), y)
    assert found is not None
    assert found.interval == (slopes[2], slopes[-3])
    assert found.slope == slopes[10]


@pytest.mark.parametrize("x", [[index % 2_500 for index in range(5_000)], [index % 3 for index in range(5_000)]])
def test_many_points(x: list[int]) -> None:
    """Thousands are paired by their medians, also where few x differ; all are counted."""
    found = line(x, [3.0 * one + 7.0 for one in x])
    assert found is not None
    assert (found.n, found.distinct) == (5_000, len(set(x)))
    assert [found.slope, found.at_zero] == pytest.approx([3.0, 7.0])


def test_at_zero() -> None:
    """The median of what a slope leaves."""
    assert at_zero([1.0, 2.0, 3.0], [12.0, 13.0, 30.0], 2.0) == 10.0
