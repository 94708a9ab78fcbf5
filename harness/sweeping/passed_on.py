"""Signals to a sweep whose jobs are processes of their own: each is passed on to them, for they alone know a trial."""

from collections.abc import Callable
from types import FrameType

from harness.stopping import Stop


class PassedOn(Stop):
    """Hears a signal as :class:`harness.stopping.Stop` does, and calls ``tell`` before that is done."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._tell()
        super()._heard(number, frame)
