"""Signals as wishes: the first lets a run end after the trial in hand, the second ends it at once."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
"""Ctrl-C; how a container and a scheduler end a job; how a scheduler warns of one's time limit (submitit: USR2)."""
_STDERR = 2


class Stop:
    """Hears the signals that ask a run to end, while it is entered; afterwards they do what they did before.

    ``by`` is the name of the first, None while there was none: the run goes on to the end of the trials it has begun,
    and begins no other. A second one raises :class:`KeyboardInterrupt` wherever the main thread is. In any other thread
    than the main one, which alone may hear signals, nothing is heard.
    """

    def __init__(self) -> None:
        self.by: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for name in _NAMES:
                number = getattr(signal, name, None)  # Windows has only two of them
                if number is not None:
                    self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.by is not None:
            raise KeyboardInterrupt
        self.by = signal.Signals(number).name
        line = f"\n{self.by}: the trial in hand is finished first; once more (Ctrl-C) stops at once\n"
        os.write(_STDERR, line.encode())  # sys.stderr may be in the middle of a line of its own
