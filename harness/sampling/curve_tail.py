"""The end of a memory curve that is being written, for those who follow a run."""

import zlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from harness import store
from harness.errors import StoreError
from harness.sampling.curve import END, FORMAT, FRAME, NS_PER_UNIT, SAMPLES, header_of, refusing, unpacked

_FRAMES_OF_A_MINUTE = 60
"""A frame holds two seconds or more, but for those of a fast row of workers."""
_LONGEST_HEADER = 4096


class CurveTail:
    """The end of a curve that is being written: each :meth:`poll` reads what was appended, and keeps the last minute.

    A frame that is half written is read when it is whole. One that is damaged ends it: nothing more comes. It is of one
    ``leg``; where the run is taken up again, :meth:`begin` goes on with the next one's.
    """

    def __init__(self, folder: Path, span_s: float = 60.0, leg: int = 0) -> None:
        self._folder = folder
        self._span_ns = round(span_s * 1e9)
        self.samples: deque[tuple[int, int, int]] = deque()
        self.begin(leg)

    def begin(self, leg: int) -> None:
        """Follow the curve of a leg from its beginning; samples of an earlier one are of another clock, and go."""
        self._leg = leg
        self._path = self._folder / store.curve_name(leg)
        self._place = 0
        self._unit_ns = NS_PER_UNIT
        self.samples.clear()

    def poll(self) -> None:
        """Take in what has come: ``samples`` are (time in ns, worker, RSS in KiB). Raises :class:`StoreError`."""
        try:
            with self._path.open("rb") as file:
                payloads = list(self._appended(file))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(FORMAT, f"'{self._path}' ({error.strerror})", "a file that can be read") from None
        with refusing(self._folder, self._leg):
            for payload in payloads:
                at, worker, rss_kib, *_ = unpacked(payload)
                self.samples.extend(zip((one * self._unit_ns for one in at), worker, rss_kib, strict=True))
        newest_ns = max((at_ns for at_ns, _, _ in self.samples), default=0)
        while self.samples and self.samples[0][0] < newest_ns - self._span_ns:
            self.samples.popleft()

    def _appended(self, file: BinaryIO) -> Iterable[bytes]:
        """Return the payloads of the last frames that were appended; those before them are passed over unread."""
        if not self._place:
            line = file.readline(_LONGEST_HEADER)
            if not line.endswith(b"\n"):
                return ()
            self._unit_ns = int(header_of(self._path, line).get("ns_per_unit", NS_PER_UNIT))
            self._place = len(line)
        size = file.seek(0, 2)
        frames: deque[tuple[int, int, int]] = deque(maxlen=_FRAMES_OF_A_MINUTE)
        while self._place + FRAME.size <= size:
            file.seek(self._place)
            kind, length, checksum = FRAME.unpack(file.read(FRAME.size))
            if kind not in (SAMPLES, END) or self._place + FRAME.size + length > size:
                break
            if kind == SAMPLES:
                frames.append((self._place + FRAME.size, length, checksum))
            self._place += FRAME.size + length
        return [payload for frame in frames if (payload := _checked(file, *frame)) is not None]


def _checked(file: BinaryIO, place: int, length: int, checksum: int) -> bytes | None:
    file.seek(place)
    payload = file.read(length)
    return payload if zlib.crc32(payload) == checksum else None
