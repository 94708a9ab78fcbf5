"""A memory curve made fit for use: thin enough to be drawn, and the peaks that its samples saw."""

import numpy as np
from numpy.typing import NDArray

from harness.curve import Curve

MIN_POINTS = 4
"""The first, the last, and the two extremes between them."""


def thinned(curve: Curve, points: int) -> Curve:
    """Return at most so many samples a worker: its first, its last, and extremes of RSS in equal parts of the time.

    A spike of one sample stays, whatever the length of the run; each sample that is kept is an exact one. Workers
    come one after the other. Raises :class:`ValueError` for fewer than :data:`MIN_POINTS` points.
    """
    if points < MIN_POINTS:
        raise ValueError(f"points={points}, expected at least {MIN_POINTS}")
    keep: NDArray[np.bool_] = np.zeros(len(curve), dtype=bool)
    at_ns, worker, rss_kib = (np.asarray(column) for column in (curve.at_ns, curve.worker, curve.rss_kib))
    for number in curve.workers:
        own = np.flatnonzero(worker == number)
        keep[own if len(own) <= points else own[_kept(at_ns[own], rss_kib[own], points)]] = True
    return curve.chosen(keep.tolist())


def _kept(at_ns: NDArray[np.int64], rss_kib: NDArray[np.int64], points: int) -> list[int]:
    """Return the places of first, last, and of the smallest and largest value of each part between them."""
    parts = (points - 2) // 2
    bounds = np.searchsorted(at_ns, np.linspace(at_ns[0], at_ns[-1], parts + 1))
    bounds[0], bounds[-1] = 1, len(at_ns) - 1
    kept = [0, len(at_ns) - 1]
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if start < end:
            kept += [start + int(np.argmin(rss_kib[start:end])), start + int(np.argmax(rss_kib[start:end]))]
    return kept


def sampled_peak_mib(curve: Curve, worker: int, start_ns: int, end_ns: int) -> float | None:
    """Return the largest RSS that a sample between two times saw; None where there was none.

    A spike between two samples is missed: the exact peak is the kernel's high-water mark. Where equal samples were left
    out of the curve, the ones beside them stand for them.
    """
    own = curve.of(worker)
    at_ns, rss_kib = np.asarray(own.at_ns), np.asarray(own.rss_kib)
    first, past = int(np.searchsorted(at_ns, start_ns, "left")), int(np.searchsorted(at_ns, end_ns, "right"))
    if first == past and 0 < first < len(own) and _equal(own, first - 1, first):
        past += 1  # both times lie in a row of equal samples
    # A row that begins or ends in between has its last or first sample there, with the same value.
    return float(rss_kib[first:past].max()) / 1024 if first < past else None


def _equal(curve: Curve, one: int, other: int) -> bool:
    return all(column[one] == column[other] for column in curve.columns[2:])
