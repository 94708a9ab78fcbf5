"""The jobs that run on this machine at this moment: a locked file for each, in which those that come later sign.

So a job knows everybody who was there while it ran, also one that came and went meanwhile. A file whose lock is free
was left by a job that was killed, and is removed.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from harness.machine.private_folder import alone, locked, open_private

_SUFFIX = ".job"


class LiveJob:
    """This job's own entry, from :meth:`enter` to :meth:`leave`."""

    def __init__(self, folder: Path, line: str) -> None:
        """Be known in a folder that is the user's alone by one line."""
        self._folder = folder
        self._line = line
        self._path = folder / f"{os.getpid()}-{id(self):x}{_SUFFIX}"
        self._descriptor: int | None = None
        self._met: tuple[str, ...] = ()

    def enter(self) -> tuple[str, ...]:
        """Sign in the files of all that run, and return their lines. Raises OSError."""
        with alone(self._folder):
            self._met = tuple(self._signed())
            self._descriptor = open_private(self._path, os.O_APPEND | os.O_TRUNC)
            locked(self._descriptor)
            os.write(self._descriptor, _as_line(self._line))
        return self._met

    def neighbours(self) -> tuple[str, ...]:
        """Return the lines of all that have run beside this job until now, each once, the first first."""
        came: list[str] = []
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                came = _lines(self._descriptor)[1:]
        return tuple(dict.fromkeys([*self._met, *came]))

    def leave(self) -> None:
        """Take the entry away."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None

    def _signed(self) -> Iterator[str]:
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError:
                continue  # it has left since it was listed
            try:
                if locked(descriptor):
                    path.unlink(missing_ok=True)
                    continue
                owner = _lines(descriptor)[:1]
                os.write(descriptor, _as_line(self._line))
                yield from owner
            finally:
                os.close(descriptor)


def _as_line(text: str) -> bytes:
    return json.dumps(text).encode() + b"\n"


def _lines(descriptor: int) -> list[str]:
    whole = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    found = []
    for line in whole.split(b"\n"):
        with contextlib.suppress(ValueError):
            text = json.loads(line) if line else None
            if isinstance(text, str):
                found.append(text)
    return found
