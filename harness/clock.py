"""The supervisor's clock, and one for tests that obeys.

The worker stamps ``time.monotonic_ns`` itself, beside the engine's call. On Linux that is ``CLOCK_MONOTONIC``
for every process of the machine, so a worker's stamps and the supervisor's stand on one line.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the supervisor asks of a clock."""

    def now_ns(self) -> int:
        """Return monotonic time in nanoseconds."""
        ...

    def wall(self) -> datetime:
        """Return the time of day, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    now_ns = staticmethod(time.monotonic_ns)  # itself, for the sampler calls it a hundred times a second

    def wall(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that moves only when told."""

    def __init__(self, now_ns: int = 0, wall: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now_ns = now_ns
        self._wall = wall

    def now_ns(self) -> int:
        """Return monotonic time in nanoseconds."""
        return self._now_ns

    def wall(self) -> datetime:
        """Return the time of day, in UTC."""
        return self._wall

    def advance(self, duration_s: float) -> None:
        """Move both times forward by ``duration_s`` seconds."""
        from_start_ns = round(duration_s * 1e9)
        self._now_ns += from_start_ns
        self._wall = datetime.fromtimestamp(self._wall.timestamp() + duration_s, UTC)
