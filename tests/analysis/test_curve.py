from array import array

import pytest

from harness.analysis.curve import sampled_peak_mib
from harness.sampling.curve import Curve, Sampling
from tests import stored

MS = stored.MS
Row = tuple[int, int, int, int, int]


def curve_of(*rows: Row) -> Curve:
    """Return a curve of rows: milliseconds, worker, RSS, shared, children."""
    columns = [array("q", column) for column in zip(*rows, strict=True)] or [array("q") for _ in range(5)]
    at_ms, worker, rss_kib, shared_kib, children_kib = columns
    at_ns = array("q", (at * MS for at in at_ms))
    return Curve(at_ns, worker, rss_kib, shared_kib, children_kib, Sampling(100.0, None))


# --- sampled peaks -----------------------------------------------------------------------------------------------

ROWS = ((0, 0, 1024, 100, 0), (40, 0, 1024, 100, 0), (50, 0, 4096, 100, 0), (60, 0, 2048, 100, 0), (60, 1, 9216, 1, 0))


@pytest.mark.parametrize(
    ("worker", "start_ms", "end_ms", "peak_mib"),
    [
        (0, 0, 60, 4.0),
        (0, 55, 60, 2.0),
        (0, 50, 50, 4.0),
        (0, 51, 59, None),
        (0, 10, 30, 1.0),
        (0, 20, 45, 1.0),
        (0, 41, 49, None),
        (0, 61, 99, None),
        (0, -9, -1, None),
        (1, 0, 99, 9.0),
        (2, 0, 99, None),
    ],
)
def test_a_sampled_peak_is_the_largest_sample_between_two_times(
    worker: int, start_ms: int, end_ms: int, peak_mib: float | None
) -> None:
    """Both included, of one worker; inside a row of equal samples it is theirs, and without a sample there is none."""
    assert sampled_peak_mib(curve_of(*ROWS), worker, start_ms * MS, end_ms * MS) == peak_mib
