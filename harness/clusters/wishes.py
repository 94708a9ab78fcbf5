"""Ctrl-C while a command waits for jobs that run elsewhere: counted, so that who waits can decide."""

import signal
from types import FrameType, TracebackType
from typing import Any


class Wishes:
    """Counts the signals that ask the waiting command to end, while it is entered; a third one ends it at once.

    The third raises :class:`KeyboardInterrupt` wherever the main thread is.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Wishes":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 2:
            raise KeyboardInterrupt
