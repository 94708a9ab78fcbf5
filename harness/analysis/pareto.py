"""Which of several choices are worth having: those that no other one beats in both of two costs."""

from collections.abc import Sequence


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points that none dominates, from the lowest first cost on; lower is better in both.

    A point dominates another where it is no worse in both costs and better in one (Pareto, 1906). Points that are equal
    in both dominate neither each other, so they are on the front together.
    """
    order = sorted(range(len(points)), key=lambda index: (points[index], index))
    found: list[int] = []
    for index in order:
        if not found or points[index][1] < points[found[-1]][1] or points[index] == points[found[-1]]:
            found.append(index)
    return found
