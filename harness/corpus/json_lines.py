"""A file of JSON, one object a line, of which only the bounds of each line are kept in memory."""

import os
import weakref
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.audio import default_cache
from harness.errors import InputError

LONGEST_LINE = 16 * 2**20
"""Bytes: more is no line of text, and would fill the memory before it could be said."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class JsonLines:
    """Lines that are read once in order, and those that are kept again by number.

    A ``.gz`` is unpacked once, into a file without a name in the cache folder, for nobody can seek in it.
    """

    def __init__(self, path: Path, subject: str) -> None:
        """Open a file. Raises :class:`InputError`, with ``subject``, for one that cannot be read or is UTF-16."""
        self._path, self._subject = path, subject
        self._starts, self._lengths, self._numbers = array("Q"), array("I"), array("I")
        try:
            self._descriptor = _unpacked(path) if path.suffix == ".gz" else os.open(path, os.O_RDONLY)
        except (OSError, EOFError, zlib.error) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise InputError(subject, f"'{path}' ({reason})", "a file that can be read, plain or .gz") from None
        weakref.finalize(self, os.close, self._descriptor)
        if os.pread(self._descriptor, 2, 0) in _UTF16_MARKS:
            raise InputError(subject, f"'{path}', which is UTF-16", "lines of JSON in UTF-8")

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield number (from 1) and content of each line that is not empty; a line may be kept as it is yielded."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._at = 0
        number, after = 0, 0
        with open(self._descriptor, "rb", closefd=False) as file:
            while raw := file.readline(LONGEST_LINE):
                number, self._at = number + 1, after
                after += len(raw) + _rest_of_line(file, raw)
                if number == 1 and raw.startswith(_BYTE_ORDER_MARK):
                    raw, self._at = raw[len(_BYTE_ORDER_MARK) :], self._at + len(_BYTE_ORDER_MARK)
                line = raw.strip()
                if line:
                    self._number, self._length = number, len(raw)
                    yield number, line

    def keep(self) -> None:
        """Keep the line that was yielded last."""
        self._starts.append(self._at)
        self._lengths.append(self._length)
        self._numbers.append(self._number)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, kept: int) -> bytes:
        """Return a kept line, read from the disk again."""
        return os.pread(self._descriptor, self._lengths[kept], self._starts[kept]).strip()

    def number(self, kept: int) -> int:
        """Return the number of a kept line in the file."""
        return self._numbers[kept]

    def changed(self, kept: int) -> InputError:
        """Return what to raise where a kept line is no longer what it was."""
        where = f"'{self._path}', of which line {self._numbers[kept]} is not what it was"
        return InputError(self._subject, where, "a file that stays as it is while it is used")


def _rest_of_line(file: BinaryIO, raw: bytes) -> int:
    """Read over what is left of a line that is too long to be one, and return how many bytes that was."""
    rest = 0
    while len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
        raw = file.readline(LONGEST_LINE)
        rest += len(raw)
    return rest


def _unpacked(path: Path) -> int:
    """Return the descriptor of a file without a name that holds what is packed in another."""
    import gzip
    import shutil
    import tempfile

    cache = default_cache().parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=cache)  # noqa: SIM115 closed below
    except OSError as error:
        found = f"'{cache}' ({error.strerror})"
        raise InputError("audio cache", found, "a folder that can be written; XDG_CACHE_HOME moves it") from None
    with file, gzip.open(path, "rb") as packed:
        shutil.copyfileobj(packed, file, 2**20)
        file.flush()
        return os.dup(file.fileno())
