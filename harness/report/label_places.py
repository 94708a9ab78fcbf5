"""Where the labels of a chart stand so that none covers another: plain geometry, in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

CHAR_PX = 6.4
"""Mean width of a character at 12 pixels; texts are a little narrower, so that boxes are a little too wide."""
LINE_PX = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label stands from its point: its offset in pixels, and which of its ends is there."""

    dx: float
    dy: float
    align: str


_Box = tuple[float, float, float, float]
_PLACES = (
    Place(9, 0, "left"),
    Place(-9, 0, "right"),
    Place(0, -16, "center"),
    Place(0, 16, "center"),
    Place(9, -16, "left"),
    Place(9, 16, "left"),
    Place(-9, -16, "right"),
    Place(-9, 16, "right"),
    Place(0, -32, "center"),
    Place(0, 32, "center"),
)


def spread(at_px: Sequence[float], gap_px: float = LINE_PX) -> list[float]:
    """Move positions on a line apart until neighbours are ``gap_px`` from each other, in their order.

    Positions that come too near are pooled, and each pool stands around the mean of what it holds.
    """
    order = sorted(range(len(at_px)), key=lambda index: at_px[index])
    pools: list[list[int]] = []
    for index in order:
        pools.append([index])
        while len(pools) > 1 and _first(pools[-1], at_px, gap_px) - _last(pools[-2], at_px, gap_px) < gap_px:
            pools[-2:] = [pools[-2] + pools[-1]]
    moved = [0.0] * len(at_px)
    for pool in pools:
        for number, index in enumerate(pool):
            moved[index] = _first(pool, at_px, gap_px) + number * gap_px
    return moved


def _first(pool: Sequence[int], at_px: Sequence[float], gap_px: float) -> float:
    return sum(at_px[index] for index in pool) / len(pool) - gap_px * (len(pool) - 1) / 2


def _last(pool: Sequence[int], at_px: Sequence[float], gap_px: float) -> float:
    return _first(pool, at_px, gap_px) + gap_px * (len(pool) - 1)


def places(
    points_px: Sequence[tuple[float, float]],
    labels: Sequence[str],
    frame_px: tuple[float, float],
    obstacles_px: Sequence[tuple[float, float]] = (),
) -> list[Place | None]:
    """Return a place for each label, the first ones first; None where none is free inside the frame (width, height).

    A place is free where the label's box meets no other label's, no point that is labelled and no obstacle.
    """
    taken: list[_Box] = [_around(point) for point in (*points_px, *obstacles_px)]
    found: list[Place | None] = []
    for point, label in zip(points_px, labels, strict=True):
        boxes = ((place, _box(point, label, place)) for place in _PLACES)
        free = (
            (place, box) for place, box in boxes if _inside(box, frame_px) and not any(_meet(box, one) for one in taken)
        )
        place, box = next(free, (None, None))
        found.append(place)
        if box is not None:
            taken.append(box)
    return found


def _around(point: tuple[float, float]) -> _Box:
    return point[0] - 5, point[1] - 5, point[0] + 5, point[1] + 5


def _box(point: tuple[float, float], label: str, place: Place) -> _Box:
    width = CHAR_PX * len(label)
    left = {"left": 0.0, "right": -width, "center": -width / 2}[place.align]
    x, y = point[0] + place.dx + left, point[1] + place.dy
    return x, y - LINE_PX / 2, x + width, y + LINE_PX / 2


def _inside(box: _Box, frame_px: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= frame_px[0] and box[3] <= frame_px[1]


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
