from itertools import product

import pytest

from harness.analysis.pareto import front


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], []),
        ([(1.0, 1.0)], [0]),
        ([(2.0, 1.0), (1.0, 2.0)], [1, 0]),
        ([(1.0, 1.0), (2.0, 2.0)], [0]),
        ([(1.0, 2.0), (1.0, 1.0)], [1]),
        ([(2.0, 1.0), (1.0, 1.0)], [1]),
        ([(1.0, 1.0), (1.0, 1.0), (1.0, 2.0)], [0, 1]),
        ([(3.0, 1.0), (1.0, 3.0), (2.0, 2.0), (2.0, 2.0), (3.0, 3.0)], [1, 2, 3, 0]),
    ],
    ids=["none", "one", "two", "dominated", "tied in the first", "tied in the second", "equal", "equal in the middle"],
)
def test_front(points: list[tuple[float, float]], expected: list[int]) -> None:
    """What is beaten in both, or in one and tied in the other, is not on the front; what is equal is there together."""
    assert front(points) == expected


def test_front_is_what_the_definition_says() -> None:
    """On a grid with ties in every row and column, it is exactly the points that no other one dominates."""
    points = [(float(x * y % 7), float(x + 2 * y) % 5) for x, y in product(range(6), range(6))]

    def dominates(a: tuple[float, float], b: tuple[float, float]) -> bool:
        return a[0] <= b[0] and a[1] <= b[1] and a != b

    expected = {index for index, one in enumerate(points) if not any(dominates(other, one) for other in points)}
    assert set(front(points)) == expected
