"""A process's resident memory in one short read, and its children's: what a memory curve is made of.

Linux: ``/proc/PID/statm`` (proc(5)), through a file that stays open, in about 2 microseconds when caches are warm; and
``/proc/PID/task/TID/children`` (since Linux 4.2). Elsewhere psutil gives RSS, and the rest is not known.
"""

import contextlib
import mmap
import os
from pathlib import Path
from typing import Protocol

import psutil

UNKNOWN = -1
"""A figure that this machine does not have, in place of None where numbers stand in arrays."""

Resident = tuple[int, int]
"""RSS, and its shared part (file and shmem; the rest is anonymous), both in KiB."""

_KIB_PER_PAGE = mmap.PAGESIZE // 1024


class Footprint(Protocol):
    """What is read of one process, again and again."""

    def read(self) -> Resident | None:
        """Return what is resident now, or None where the process has ended."""
        ...

    def children_kib(self) -> int:
        """Return the RSS of all its descendants together; pages that they share count for each of them."""
        ...

    def close(self) -> None:
        """Close the files; the process itself is left alone."""
        ...


def footprint(pid: int, proc: Path = Path("/proc")) -> Footprint:
    """Open what there is of a process. Raises :class:`ProcessLookupError` where it has gone."""
    if (proc / "self" / "statm").exists():
        return StatmFootprint(pid, proc)
    return PsutilFootprint(pid)


class StatmFootprint:
    """A process of Linux. Raises :class:`ProcessLookupError` where it has gone."""

    def __init__(self, pid: int, proc: Path = Path("/proc")) -> None:
        self._proc = f"{proc}/"
        self._tasks = f"{proc}/{pid}/task/"
        self._text = b""
        self._resident: Resident | None = None
        try:
            self._statm = os.open(f"{proc}/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ProcessLookupError(f"no process {pid}") from None
        self._shows_children = (proc / str(pid) / "task" / str(pid) / "children").exists()

    def read(self) -> Resident | None:
        """Return what is resident now, or None where the process has ended (a zombie has no pages)."""
        try:
            text = os.pread(self._statm, 128, 0)
        except ProcessLookupError:
            return None
        if text != self._text:
            _, resident, shared, _ = text.split(None, 3)
            self._text = text
            self._resident = (int(resident) * _KIB_PER_PAGE, int(shared) * _KIB_PER_PAGE)
            if self._resident[0] == 0:
                self._resident = None
        return self._resident

    def children_kib(self) -> int:
        """Return the RSS of all its descendants; :data:`UNKNOWN` where the kernel does not list them."""
        if not self._shows_children:
            return UNKNOWN
        total_kib, found = 0, list(_children(self._tasks))
        while found:
            pid = found.pop()
            with contextlib.suppress(OSError):  # a child that has ended meanwhile holds nothing
                total_kib += int(_content(f"{self._proc}{pid}/statm").split(None, 2)[1]) * _KIB_PER_PAGE
                found.extend(_children(f"{self._proc}{pid}/task/"))
        return total_kib

    def close(self) -> None:
        """Close the file."""
        os.close(self._statm)


class PsutilFootprint:
    """A process of a system without ``/proc``."""

    def __init__(self, pid: int) -> None:
        try:
            self._process = psutil.Process(pid)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(str(error)) from None

    def read(self) -> Resident | None:
        """Return RSS; what of it is shared is not known."""
        try:
            return self._process.memory_info().rss // 1024, UNKNOWN
        except psutil.Error:
            return None

    def children_kib(self) -> int:
        """Return that they are not known: to find them, every process of the machine would be read."""
        return UNKNOWN

    def close(self) -> None:
        """Do nothing: no file is open."""


def _children(tasks: str) -> list[str]:
    """Return the ids of the processes that a process's threads have started and that live.

    ``tasks`` is the folder of its threads, as a text with a slash at the end: paths would double the time.
    """
    found: list[str] = []
    try:
        with os.scandir(tasks) as threads:
            for thread in threads:
                content = _content(f"{tasks}{thread.name}/children")
                if content:
                    found += content.decode().split()
    except OSError:
        return found  # a thread or the whole process has just ended; the next look finds the others
    return found


def _content(path: str) -> bytes:
    """Return a small file of the kernel's, in three calls."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)
