import time
from datetime import UTC, datetime

import pytest

from harness.clock import Clock, FakeClock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_a_clock_never_goes_back(clock: Clock) -> None:
    """Two readings are in order, and the time of day is in UTC."""
    first, second = clock.now_ns(), clock.now_ns()
    assert first <= second
    assert clock.wall().tzinfo is UTC


def test_the_systems_clock_is_the_one_that_workers_stamp() -> None:
    """Its reading lies between two of ``time.monotonic_ns``."""
    before, now, after = time.monotonic_ns(), SystemClock().now_ns(), time.monotonic_ns()
    assert before <= now <= after


@pytest.mark.parametrize(
    ("steps_s", "now_ns", "wall"),
    [
        ([], 5, datetime(2026, 1, 1, tzinfo=UTC)),
        ([1.5], 1_500_000_005, datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)),
        ([0.25, 60.0], 60_250_000_005, datetime(2026, 1, 1, 0, 1, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_fake_clock_moves_when_told(steps_s: list[float], now_ns: int, wall: datetime) -> None:
    """Both times, by the same duration, and by nothing else."""
    clock = FakeClock(now_ns=5)
    for step_s in steps_s:
        clock.advance(step_s)
    assert (clock.now_ns(), clock.wall()) == (now_ns, wall)
    assert (clock.now_ns(), clock.wall()) == (now_ns, wall)
