from harness.report.thinning import extremes


def test_few_points_are_left_as_they_are() -> None:
    """As many as may be shown are shown."""
    points = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]
    assert extremes(points, 3) == points


def test_lows_and_highs_stay() -> None:
    """Of each part the lowest and the highest, in the order of the points."""
    points = [(0.0, 1.0), (1.0, 9.0), (2.0, 5.0), (3.0, 7.0), (4.0, 2.0), (5.0, 4.0)]
    assert extremes(points, 4) == [(0.0, 1.0), (1.0, 9.0), (3.0, 7.0), (4.0, 2.0)]


def test_flat_points() -> None:
    """A part that does not move is one point."""
    assert extremes([(float(number), 1.0) for number in range(10)], 2) == [(0.0, 1.0)]
