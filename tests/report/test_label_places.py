import pytest

from harness.report.label_places import Place, places, spread


@pytest.mark.parametrize(
    ("at_px", "expected"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([0.0, 100.0], [0.0, 100.0]),
        ([50.0, 50.0], [45.0, 55.0]),
        ([52.0, 50.0], [56.0, 46.0]),
        ([0.0, 4.0, 8.0], [-6.0, 4.0, 14.0]),
        ([0.0, 0.0, 12.0], [-6.0, 4.0, 14.0]),
    ],
)
def test_spread(at_px: list[float], expected: list[float]) -> None:
    """What is too near is moved apart around its mean; what is far enough stays; the order is kept."""
    assert spread(at_px, 10.0) == pytest.approx(expected)


def test_labels_take_the_first_free_place() -> None:
    """To the right where there is room, to the left at the right edge, above where a neighbour stands on both sides."""
    frame = (200.0, 100.0)
    assert places([(20.0, 50.0)], ["abc"], frame) == [Place(9, 0, "left")]
    assert places([(195.0, 50.0)], ["abc"], frame) == [Place(-9, 0, "right")]
    assert places([(100.0, 50.0)], ["abc"], frame, [(120.0, 50.0), (80.0, 50.0)]) == [Place(0, -16, "center")]


def test_labels_do_not_cover_each_other() -> None:
    """Of two equal points the second label stands elsewhere; of many, those without a place have none."""
    frame = (120.0, 100.0)
    first, second = places([(60.0, 50.0)] * 2, ["abcdef"] * 2, frame)
    assert (first, second) == (Place(9, 0, "left"), Place(-9, 0, "right"))
    many = places([(60.0, 50.0)] * 30, ["abcdef"] * 30, frame)
    assert many[-1] is None
    assert sum(place is not None for place in many) == 6
