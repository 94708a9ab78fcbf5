"""The processes that a process has started, theirs included: how many, and how much memory they hold.

Linux: ``/proc/PID/task/TID/children`` (proc(5)), a read for each thread where there are none. Where the kernel was
built without it, and elsewhere, psutil looks through all processes of the machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.procfs import content, entries

_RSS = re.compile(rb"^VmRSS:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Children:
    """All descendants of a process at one moment. ``rss_kib`` is the sum of their RSS; pages they share count twice."""

    count: int
    rss_kib: float


def children_of(pid: int, proc: Path = Path("/proc")) -> Children:
    """Count a process's descendants. Raises :class:`ProcessLookupError` where it has gone."""
    try:
        found = list(_descendants(pid, str(proc)))
    except FileNotFoundError:
        return _elsewhere(pid)
    return Children(len(found), sum((_rss_kib(one, proc) for one in found), 0.0))


def _descendants(pid: int, proc: str) -> Iterator[int]:
    tasks = f"{proc}/{pid}/task"
    for number in entries(tasks):
        try:
            children = content(f"{tasks}/{number}/children")
        except (FileNotFoundError, ProcessLookupError):
            if not Path(tasks, str(pid), "children").exists():
                raise  # the process has gone, or the kernel was built without it
            continue  # a thread that has ended since it was listed
        for child in map(int, children.split()):
            yield child
            try:
                yield from _descendants(child, proc)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended since it was listed


def _rss_kib(pid: int, proc: Path) -> float:
    try:
        found = _RSS.search(content(f"{proc}/{pid}/status"))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return float(found[1]) if found else 0.0


def _elsewhere(pid: int) -> Children:
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from None
    sizes = []
    for child in found:
        try:
            sizes.append(child.memory_info().rss / 1024)
        except psutil.Error:
            sizes.append(0.0)  # it has ended, or is another user's
    return Children(len(sizes), sum(sizes, 0.0))
