import msgspec
import pytest

from harness.machine.noise import Jitter, Noise


@pytest.mark.parametrize(("median_us", "ratio"), [(200.0, 2.0), (0.0, 1.0)])
def test_the_slowest_hundredth_is_told_by_the_median(median_us: float, ratio: float) -> None:
    """A clock that does not move shows no jitter."""
    assert Jitter(repeats=100, median_us=median_us, p99_us=400.0, longest_us=900.0, total_ms=20.0).p99_ratio == ratio


def test_a_record_that_says_nothing_is_read_from_nothing() -> None:
    """Every field has a default, so that a later version may add some."""
    assert msgspec.json.decode(b"{}", type=Noise) == Noise()
