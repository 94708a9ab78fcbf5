"""Utterances and recordings by the names of their files, each with a name of its own."""

import hashlib
import os
from pathlib import Path, PurePath


class FileNames:
    """Names for audio files: the name without its ending, or more of the path where several are called so.

    Every file has to be seen before the first is named. Kept are numbers, not paths: there may be 100,000 of them.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder from which a longer name is counted."""
        self._root = str(root)
        self._first: dict[int, int] = {}
        self._shared: set[int] = set()

    def see(self, path: str) -> None:
        """Take note of a file; it may be seen again."""
        stem, this = hash(_stem(path)), hash(path)
        if self._first.setdefault(stem, this) != this:
            self._shared.add(stem)

    def seen_all(self) -> None:
        """Let go of what only :meth:`see` needs."""
        self._first = {}

    def of(self, path: str) -> str:
        """Return a file's name, which no other file has and which can be part of a file's name."""
        stem = _stem(path)
        if hash(stem) not in self._shared:
            return stem
        below = os.path.relpath(path, self._root)
        if below.startswith(os.pardir):
            return f"{stem}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        return "-".join(PurePath(below).parts)


def _stem(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return name[:dot] if dot > 0 else name


def stretch_name(name: str, offset_s: float) -> str:
    """Return the name of a stretch that begins so many seconds into a named recording."""
    return f"{name}-{round(1e3 * offset_s):08}" if offset_s else name


class Ids:
    """Which ids of a dataset were there before, and where."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def earlier(self, id: str, number: int) -> int | None:  # noqa: A002 the dataset's own word
        """Return the number of the entry that has an id already, or take note of this one and return None."""
        before = self._lines.setdefault(hash(id), number)
        return None if before == number else before
