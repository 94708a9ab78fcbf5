import ctypes
import sys
import threading
import time

import pytest

from harness.clock import FakeClock, SystemClock
from harness.sampling.ticker import SleepTicker, Ticker, TimerTicker, ticker

MS = 1_000_000
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a timer of the Linux kernel")
KINDS = [pytest.param(TimerTicker, marks=linux), lambda period_ns: SleepTicker(period_ns, SystemClock())]


class Gate:
    """Notes how long somebody wants to sleep, and lets that time pass."""

    def __init__(self, clock: FakeClock) -> None:
        self.slept_s: list[float] = []
        self._clock = clock

    def acquire(self, timeout: float) -> bool:
        """Sleep."""
        self.slept_s.append(timeout)
        self._clock.advance(timeout)
        return False


@pytest.mark.parametrize(
    ("late_ns", "count", "left_s"),
    [(0, 1, 0.010), (9 * MS, 1, 0.001), (10 * MS, 2, 0.010), (25 * MS, 3, 0.005), (100 * MS, 11, 0.010)],
)
def test_ticks_that_nobody_was_there_for_are_counted_and_not_made_up_for(
    late_ns: int, count: int, left_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadlines stay where they were: ten milliseconds apart from the start on."""
    clock = FakeClock(5 * MS)
    one = SleepTicker(10 * MS, clock)
    clock.advance((10 * MS + late_ns) / 1e9)
    assert one.wait() == count
    gate = Gate(clock)
    monkeypatch.setattr(one, "_gate", gate)
    assert one.wait() == 1
    assert gate.slept_s == [left_s]


def test_a_long_sleep_is_cut_into_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A period of a day, which some systems' calls cannot sleep for."""
    clock = FakeClock()
    one = SleepTicker(86_400_000 * MS, clock)
    gate = Gate(clock)
    monkeypatch.setattr(one, "_gate", gate)
    assert one.wait() == 1
    assert gate.slept_s == [3600.0] * 24


@pytest.mark.parametrize("kind", KINDS)
def test_ticks_come_and_are_counted(kind: type[TimerTicker]) -> None:
    """One at least; and after a time in which nobody waited, all of that time's."""
    one: Ticker = kind(MS)
    assert one.wait() >= 1
    time.sleep(0.05)
    assert one.wait() >= 49
    one.stop()
    one.close()


@pytest.mark.parametrize("kind", KINDS)
def test_stop_wakes_who_waits(kind: type[TimerTicker]) -> None:
    """Whoever sleeps for a day wakes at once, and waits never again."""
    one: Ticker = kind(86_400_000 * MS)
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.extend([one.wait(), one.wait()]))
    thread.start()
    one.stop()
    thread.join(30)
    assert counts == [0, 0]
    one.stop()
    one.close()


@linux
def test_a_kernel_that_gives_no_timer_is_slept_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a container forbids the call."""
    assert isinstance(_closed(ticker(MS)), TimerTicker)

    class Library:
        """A C library whose kernel says no."""

        def timerfd_create(self, clock: int, flags: int) -> int:
            ctypes.set_errno(1)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_more: Library())
    assert isinstance(_closed(ticker(MS)), SleepTicker)


def test_elsewhere_it_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No timer is asked for on another system."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isinstance(_closed(ticker(MS)), SleepTicker)


def _closed(one: Ticker) -> Ticker:
    one.close()
    return one
