"""One process's counters, read from outside; and the reset of its memory peak.

Linux: ``/proc/PID/status`` (proc(5)), through a file that stays open, in about 30 microseconds. Elsewhere psutil gives
RSS, and the rest is None. What is heavier to read (shares, handles, cgroup) stands in modules of its own; what only the
process itself can tell (its heap) is asked of it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from harness.cgroup import Cgroup, cgroup_of
from harness.children import Children, children_of
from harness.handles import Handles, handles_of
from harness.smaps import Shares, shares_of

_FIELDS = {
    b"VmRSS": "rss_kib",
    b"RssAnon": "anon_kib",
    b"RssFile": "file_kib",
    b"RssShmem": "shmem_kib",
    b"VmHWM": "peak_kib",
    b"VmSwap": "swap_kib",
    b"Threads": "threads",
}
_LINE_STARTS = {b"\n%b:" % field: name for field, name in _FIELDS.items()}
_NO_CHILDREN = Children(0, 0.0)


@dataclass(frozen=True, slots=True)
class Counters:
    """What the kernel says of a process at one moment; None where it does not say.

    ``rss_kib`` = ``anon_kib`` + ``file_kib`` + ``shmem_kib``. ``peak_kib`` is the largest RSS since the last reset.
    """

    rss_kib: float | None = None
    anon_kib: float | None = None
    file_kib: float | None = None
    shmem_kib: float | None = None
    peak_kib: float | None = None
    swap_kib: float | None = None
    threads: float | None = None


@dataclass(frozen=True, slots=True)
class Heap:
    """What the C allocator of a process has handed out; None with a ``reason`` where it does not say.

    ``used_kib`` is what it gave from its heaps, ``mapped_kib`` what it gave as mappings of their own (large blocks). It
    sees neither a mapping that an engine makes itself nor a mapped file.
    """

    used_kib: float | None = None
    mapped_kib: float | None = None
    reason: str = ""


class Process:
    """The measured process, as seen from outside.

    ``pid`` is its id, ``worker`` its number in the run; ``ask_heap`` asks it for its heap and returns the part of its
    answer. Raises :class:`ProcessLookupError` where it has gone.
    """

    def __init__(
        self,
        pid: int,
        worker: int = 0,
        proc: Path = Path("/proc"),
        ask_heap: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self.pid = pid
        self.worker = worker
        self._proc = proc
        self._ask_heap = ask_heap
        self._status: int | None = None
        self._clear_refs: int | None = None
        self._children: int | None = None
        self._peak_valid = False
        folder = proc / str(pid)
        if (folder / "status").exists():
            self._status = os.open(folder / "status", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._clear_refs = os.open(folder / "clear_refs", os.O_WRONLY | os.O_CLOEXEC)
            except OSError:
                self._clear_refs = None  # a kernel without it, or a container that forbids it: no exact peaks
            try:
                self._children = os.open(folder / "task" / str(pid) / "children", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._children = None  # a kernel that was built without it: psutil looks

    def counters(self) -> Counters:
        """Read the counters now. ``peak_kib`` is None where the peak cannot be reset, because it would be stale."""
        if self._status is None:
            return Counters(rss_kib=self._rss_bytes() / 1024)
        status = os.pread(self._status, 8192, 0)
        values = {}
        for start, name in _LINE_STARTS.items():  # a third of the time that a regular expression takes
            at = status.find(start)
            if at >= 0:
                values[name] = float(status[at + len(start) : status.index(b"\n", at + 1)].removesuffix(b"kB"))
        if not self._peak_valid:
            values.pop("peak_kib", None)
        return Counters(**values)

    def _rss_bytes(self) -> int:
        try:
            return psutil.Process(self.pid).memory_info().rss
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(str(error)) from None

    def children(self, threads: float | None = None) -> Children:
        """Count the processes that it has started, and their memory.

        ``threads`` is how many it has, where that is known: one can be asked through a file that stays open.
        """
        if threads == 1 and self._children is not None and not os.pread(self._children, 1, 0):
            return _NO_CHILDREN
        return children_of(self.pid, self._proc)

    def shares(self) -> Shares:
        """Read PSS and USS: some milliseconds, so only at ``rested``, ``idle`` and ``prepared``."""
        return shares_of(self.pid, self._proc)

    def handles(self) -> Handles:
        """Read the names of its open files and threads: at ``rested``, ``idle`` and ``prepared``."""
        return handles_of(self.pid, self._proc)

    def cgroup(self) -> Cgroup:
        """Read the counters of its memory cgroup."""
        return cgroup_of(self.pid, self._proc)

    def heap(self) -> Heap:
        """Ask the process what its heap holds: at ``rested``, because the first time costs it memory.

        Raises :class:`harness.errors.WorkerError` where it does not answer.
        """
        if self._ask_heap is None:
            return Heap(reason="the process takes no questions")
        answer = self._ask_heap()
        if "reason" in answer:
            return Heap(reason=answer["reason"])
        return Heap(answer["used_bytes"] / 1024, answer["mapped_bytes"] / 1024)

    def reset_peak(self) -> bool:
        """Set the high-water mark of RSS to the present RSS; return whether the kernel did.

        Writes ``5`` to ``/proc/PID/clear_refs`` (proc(5), since Linux 4.0); no page is touched.
        """
        if self._clear_refs is None:
            return False
        try:
            os.pwrite(self._clear_refs, b"5", 0)
        except OSError:
            self._peak_valid = False
            return False
        self._peak_valid = True
        return True

    def close(self) -> None:
        """Close the files; the process itself is left alone."""
        for descriptor in (self._status, self._clear_refs, self._children):
            if descriptor is not None:
                os.close(descriptor)
        self._status = self._clear_refs = self._children = None
