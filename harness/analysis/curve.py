"""What the samples of a memory curve saw of a peak."""

import numpy as np

from harness.sampling.curve import Curve


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
