"""What a process holds open: its files and its threads, by name.

Linux: the links of ``/proc/PID/fd`` and the names in ``/proc/PID/task/TID/comm`` (proc(5)). Elsewhere psutil gives the
counts, and the names of regular files.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harness.procfs import content, entries, targets

_NUMBERED = re.compile(r"(\w+):\[\d+\]")
"""``socket:[4711]``, ``pipe:[42]``: the number is another in each process and at each time."""


@dataclass(frozen=True, slots=True)
class Handles:
    """Open files and threads at one moment; a count is None where the system does not say.

    ``file_names`` and ``thread_names`` say how many there are of each name. A file that was deleted keeps its path,
    with `` (deleted)`` behind it; what has no path goes by its kind: ``socket``, ``pipe``, ``anon_inode:[eventpoll]``.
    """

    open_files: int | None = None
    threads: int | None = None
    file_names: Mapping[str, int] = field(default_factory=dict)
    thread_names: Mapping[str, int] = field(default_factory=dict)


def handles_of(pid: int, proc: Path = Path("/proc")) -> Handles:
    """Read what a process holds open. Raises :class:`ProcessLookupError` where it has gone."""
    folder = f"{proc}/{pid}"
    try:
        files, threads = Counter(_files(f"{folder}/fd")), Counter(_threads(f"{folder}/task"))
    except FileNotFoundError:
        return _elsewhere(pid)
    return Handles(files.total(), threads.total(), files, threads)


def _files(folder: str) -> Iterator[str]:
    for target in targets(folder):
        name = _as_text(target)
        numbered = _NUMBERED.fullmatch(name)
        yield numbered[1] if numbered else name


def _threads(folder: str) -> Iterator[str]:
    for number in entries(folder):
        try:
            name = content(f"{folder}/{number}/comm")
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended since it was listed
        yield _as_text(name).rstrip("\n")


def _as_text(name: bytes) -> str:
    """Return a name that UTF-8 can hold: neither a path nor a thread's name need be text."""
    return name.decode("utf-8", "replace")


def _elsewhere(pid: int) -> Handles:
    process = psutil.Process(pid) if psutil.pid_exists(pid) else None
    if process is None:
        raise ProcessLookupError(f"no process {pid}")
    count = getattr(process, "num_fds", None) or getattr(process, "num_handles", None)
    try:
        names = Counter(_as_text(os.fsencode(file.path)) for file in process.open_files())
        return Handles(count() if count else None, process.num_threads(), names)
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from None
    except psutil.AccessDenied:
        return Handles()
