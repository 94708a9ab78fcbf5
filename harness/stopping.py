"""Signals as wishes: the first lets a run end after the trial in hand, the second ends it at once."""

import contextlib
import os
import signal
import stat
import threading
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
"""Ctrl-C; how a container and a scheduler end a job; a closed terminal; a scheduler's warning (submitit: USR2)."""
_STDOUT, _STDERR = 1, 2
_WIPE = "\r\x1b[2K"
"""To the line's begin, and erase it: the bar, and the terminal's ``^C`` behind it."""


class Stop:
    """Hears the signals that ask a run to end, while it is entered; afterwards they do what they did before.

    ``by`` is the name of the first, None while there was none: the run goes on to the end of the trials it has begun,
    and begins no other. A second one raises :class:`KeyboardInterrupt` wherever the main thread is. In any other thread
    than the main one, which alone may hear signals, nothing is heard. A signal that whoever started the process has let
    it ignore stays ignored.
    """

    def __init__(self) -> None:
        self.by: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for name in _NAMES:
                number = getattr(signal, name, None)  # Windows has only two of them
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
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
        _leave_a_closed_terminal(self.by)
        _say(f"{self.by}: the trial in hand is finished first; once more (Ctrl-C) stops at once")


def heed_outside_a_run() -> None:
    """End this process with a word, as Ctrl-C does, for a signal that comes before a run or while reports are written.

    By default SIGUSR1 and SIGUSR2 would kill without any.
    """
    for name in _NAMES[1:]:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    _leave_a_closed_terminal(name)
    _say(f"{name}: stopped")
    raise KeyboardInterrupt


def _say(line: str) -> None:
    """Write a line of its own, in place of what stands in the terminal's last one: a bar is drawn again below it.

    Not by sys.stderr, which may be in the middle of a line.
    """
    start = _WIPE if os.isatty(_STDERR) else "\n"
    with contextlib.suppress(OSError):  # a terminal that is gone
        os.write(_STDERR, f"{start}{line}\n".encode())


def _leave_a_closed_terminal(name: str) -> None:
    """Print to nowhere from here on where the terminal was closed: a print would fail, and the run with it."""
    if name == "SIGHUP":
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (_STDOUT, _STDERR):
            try:
                gone = not os.isatty(descriptor) and stat.S_ISCHR(os.fstat(descriptor).st_mode)
            except OSError:
                gone = True
            if gone:
                os.dup2(nowhere, descriptor)
        os.close(nowhere)
