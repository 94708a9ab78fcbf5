from array import array

import numpy as np
import pytest

from harness.analysis.curve import sampled_peak_mib, thinned
from harness.curve import Curve, Sampling
from tests import stored

MS = stored.MS
Row = tuple[int, int, int, int, int]


def curve_of(*rows: Row) -> Curve:
    """Return a curve of rows: milliseconds, worker, RSS, shared, children."""
    columns = [array("q", column) for column in zip(*rows, strict=True)] or [array("q") for _ in range(5)]
    at_ms, worker, rss_kib, shared_kib, children_kib = columns
    at_ns = array("q", (at * MS for at in at_ms))
    return Curve(at_ns, worker, rss_kib, shared_kib, children_kib, Sampling(100.0, None))


def rss_of(curve: Curve) -> list[tuple[int, int, int]]:
    """Return milliseconds, worker and RSS of each sample."""
    return [(at // MS, one, rss) for at, one, rss in zip(curve.at_ns, curve.worker, curve.rss_kib, strict=True)]


# --- thinned -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [4, 5, 10, 101])
def test_a_thin_curve_keeps_first_last_and_extremes(points: int) -> None:
    """A spike and a dip of one sample each, in a thousand."""
    values = np.random.default_rng(1).integers(1000, 2000, 1000).tolist()
    values[333], values[334] = 9000, 5
    rows = [(at * 10, 0, value, 100, 0) for at, value in enumerate(values)]
    thin = rss_of(thinned(curve_of(*rows), points))
    assert len(thin) <= points
    assert {thin[0], thin[-1], (3330, 0, 9000), (3340, 0, 5)} <= set(thin)
    assert (thin[0], thin[-1]) == ((0, 0, values[0]), (9990, 0, values[-1]))
    assert thin == sorted(thin)
    assert set(thin) <= {(at, worker, rss) for at, worker, rss, _, _ in rows}


def test_parts_are_equal_in_time() -> None:
    """A long rest, which has few samples, takes its share of the points."""
    rows = [(at, 0, 100 + at % 3, 100, 0) for at in range(100)]
    rows += [(100_000, 0, 500, 100, 0), (150_000, 0, 400, 100, 0), (200_000, 0, 300, 100, 0)]
    thin = rss_of(thinned(curve_of(*rows), 6))
    assert thin == [(0, 0, 100), (2, 0, 102), (3, 0, 100), (100_000, 0, 500), (150_000, 0, 400), (200_000, 0, 300)]


def test_each_worker_is_thinned_by_itself() -> None:
    """One with few samples keeps them all."""
    rows = [(at, at % 2, 1000 + at, 100, 0) for at in range(200)]
    rows += [(50, 7, 3, 1, 0), (60, 7, 4, 1, 0)]
    thin = thinned(curve_of(*rows), 10)
    assert [list(thin.worker).count(worker) for worker in (0, 1, 7)] == [10, 10, 2]
    assert thin.workers == (0, 1, 7)
    assert set(rss_of(thin)) <= {(at, worker, rss) for at, worker, rss, _, _ in rows}


def test_a_curve_that_is_thin_enough_stays_as_it_is() -> None:
    """Every sample, in the order in which they were."""
    rows = [(at, 0, 1000 + at, 100, 0) for at in range(10)]
    assert thinned(curve_of(*rows), 10) == curve_of(*rows)
    assert len(thinned(curve_of(), 10)) == 0


def test_fewer_points_than_extremes_are_refused() -> None:
    """First, last, smallest and largest are four."""
    with pytest.raises(ValueError, match=r"^points=3, expected at least 4$"):
        thinned(curve_of((0, 0, 1, 1, 0)), 3)


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
