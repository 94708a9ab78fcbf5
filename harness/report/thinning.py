"""Fewer points where there are more than a picture can show, so that no low and no high is lost."""

from collections.abc import Sequence

_Point = tuple[float, float]


def extremes(points: Sequence[_Point], most: int) -> Sequence[_Point]:
    """Return points in their order: all, or the lowest and the highest of each of at most ``most / 2`` equal parts."""
    if len(points) <= most:
        return points
    size = -(-2 * len(points) // most)
    kept = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        lowest, highest = (chosen(part, key=lambda point: point[1]) for chosen in (min, max))
        kept += sorted({lowest, highest})
    return kept
