"""Other ways to say whether a series grows, for comparison with ours."""

from collections.abc import Sequence

NAIVE_LEAK_MIB = 16 / 1024
"""A person who reads (last - first) / n has to draw a line somewhere: the smallest leak of the grid."""
_FADES_TO = 0.8
_FADES = 2
_LONGER = 1.5


def naive_rate(values: Sequence[float]) -> float:
    """Return (last - first) / n, as the original experiment does."""
    return (values[-1] - values[0]) / len(values)


def naive(values: Sequence[float]) -> bool:
    """Tell whether the naive rate is that of the smallest leak, or more."""
    return naive_rate(values) >= NAIVE_LEAK_MIB


def psleak(values: Sequence[float]) -> bool:
    """Tell whether psleak 0.1.6 would say that it leaks, its rule carried over from calls to iterations.

    Runs that are longer each time by half follow each other. One that grows by nothing, or two in a row that grow by a
    fifth less an iteration than the run before, end the test: no leak. If that never happens it is one. The first run
    is of two iterations, and as many are made as fit: four in 20 iterations, ten in 300; psleak itself makes up to ten.
    """
    lengths = _runs(len(values))
    start, last, streak = 0, 0.0, 0
    for length in lengths:
        added = values[start + length] - values[start]
        start += length
        if added <= 0:
            return False
        streak = streak + 1 if added / length <= last * _FADES_TO else 0
        if streak >= _FADES:
            return False
        last = added / length
    return True


def _runs(n: int) -> list[int]:
    length = 2.0
    lengths: list[int] = []
    while sum(lengths) + int(length) < n:
        lengths.append(int(length))
        length *= _LONGER
    return lengths
