"""Ticks at a fixed rate, for a thread that sleeps in between: by absolute deadlines, so that nothing drifts.

Linux: a timer of the kernel (timerfd_create(2)), which is set once and counts the ticks that nobody was there for. A
sleep for what is left until the next deadline costs half as much again, for it sets a timer anew at every tick.
"""

import ctypes
import os
import struct
import sys
import threading
from typing import Protocol

from harness.clock import Clock, SystemClock

_CLOCK_MONOTONIC = 1
_TFD_CLOEXEC = 0o2000000
_ONE = (1).to_bytes(8, sys.byteorder)
_ITIMERSPEC = struct.Struct("4q")
"""Interval and first expiry, each in seconds and nanoseconds, of a 64-bit system."""
_NS = 1_000_000_000
_LONGEST_SLEEP_S = 3600.0
"""A sleep is cut into hours, far below what the system's calls can take."""


class Ticker(Protocol):
    """What ticks. One thread waits, any thread may stop it."""

    def wait(self) -> int:
        """Sleep until the next tick; return how many have passed since the last call, 0 once it was stopped.

        More than 1 means that ticks were missed: they are counted and never made up for.
        """
        ...

    def stop(self) -> None:
        """Wake who waits; every later ``wait`` returns 0."""
        ...

    def close(self) -> None:
        """Give back what it holds; nobody waits any more."""
        ...


def ticker(period_ns: int) -> Ticker:
    """Return the cheapest ticker that this system has; the first tick comes one period from now."""
    if sys.platform.startswith("linux") and sys.maxsize > 2**32:
        try:
            return TimerTicker(period_ns)
        except OSError:
            pass  # a container that forbids it: sleeping does the same, at a higher price
    return SleepTicker(period_ns, SystemClock())


class TimerTicker:
    """A timer of the Linux kernel. Raises :class:`OSError` where the kernel gives none."""

    def __init__(self, period_ns: int) -> None:
        self._stopped = False
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._timer: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_CLOEXEC)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._set(period_ns, period_ns)

    def _set(self, interval_ns: int, first_ns: int) -> None:
        spec = _ITIMERSPEC.pack(*divmod(interval_ns, _NS), *divmod(first_ns, _NS))
        self._libc.timerfd_settime(self._timer, 0, spec, None)

    def wait(self) -> int:
        """Sleep until the next tick; return how many have passed, 0 once it was stopped."""
        passed = os.read(self._timer, 8)
        if self._stopped:
            return 0
        return 1 if passed == _ONE else int.from_bytes(passed, sys.byteorder)

    def stop(self) -> None:
        """Let the timer expire now, and often enough for whoever was about to wait."""
        self._stopped = True
        self._set(1_000_000, 1)

    def close(self) -> None:
        """Close the timer."""
        os.close(self._timer)


class SleepTicker:
    """Sleeps for what is left until the next deadline, on a lock that ``stop`` releases."""

    def __init__(self, period_ns: int, clock: Clock) -> None:
        self._period_ns = period_ns
        self._clock = clock
        self._deadline_ns = clock.now_ns() + period_ns
        self._gate = threading.Lock()
        self._gate.acquire()
        self._stopped = False

    def wait(self) -> int:
        """Sleep until the next tick; return how many have passed, 0 once it was stopped."""
        while self._going():
            left_ns = self._deadline_ns - self._clock.now_ns()
            if left_ns <= 0:
                count = 1 + -left_ns // self._period_ns
                self._deadline_ns += count * self._period_ns
                return count
            self._gate.acquire(timeout=min(left_ns / _NS, _LONGEST_SLEEP_S))
        return 0

    def _going(self) -> bool:
        return not self._stopped

    def stop(self) -> None:
        """Open the gate."""
        self._stopped = True
        if self._gate.locked():
            self._gate.release()

    def close(self) -> None:
        """Do nothing: it holds nothing."""
