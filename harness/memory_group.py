"""Memory control groups of the kernel, version 1 and 2: where one can be made, and one of them from start to removal.

Sources: cgroups(7); the kernel's ``Documentation/admin-guide/cgroup-v2.rst`` and ``cgroup-v1/memory.rst``. Where the
groups are is read from ``/proc/self/cgroup`` and ``/proc/self/mountinfo`` (proc(5)).
"""

import contextlib
import errno
import itertools
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PREFIX = "asr-align-harness-"
"""What the names of our groups begin with; the process that made it and a number follow."""
PROC = Path("/proc")
_NUMBERS = itertools.count()
_REMOVE_TRIES = 200
_REMOVE_WAIT_S = 0.01
"""A killed process is in its group until the kernel has taken it down: 2 s for a big one."""
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a mounted hierarchy in which a group may be made; ``own`` where this process is in that very one."""

    folder: Path
    version: Literal[1, 2]
    own: bool = True


class MemoryGroup:
    """One control group, made by us and removed by us. Every method but :meth:`remove` raises OSError."""

    def __init__(self, place: Place) -> None:
        self.version = place.version
        self.folder = place.folder / f"{PREFIX}{os.getpid()}-{next(_NUMBERS)}"
        self.folder.mkdir()
        try:
            self._entrance: int | None = os.open(self.folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self.folder.rmdir()
            raise

    def limit(self, limit_bytes: int) -> None:
        """Limit memory and swap together, so that swapping does not pass for fitting."""
        if self.version == 2:
            self._write("memory.max", limit_bytes)
            self._write("memory.swap.max", 0, optional=True)
            self._write("memory.oom.group", 1, optional=True)  # an engine's child process dies with the engine
        else:
            self._write("memory.limit_in_bytes", limit_bytes)
            self._write("memory.memsw.limit_in_bytes", limit_bytes, optional=True)

    def enter(self) -> None:
        """Move the calling process in; between fork and exec. 0 is the caller, in whatever namespace it is."""
        assert self._entrance is not None
        os.write(self._entrance, b"0")

    def kills(self) -> int:
        """Return how many processes of the group the kernel has killed for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        for line in (self.folder / name).read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
        return 0

    def peak_bytes(self) -> int | None:
        """Return the most that the group has held: what was allocated, and files that it read first; None if unknown.

        Version 2 says it from Linux 5.19 on.
        """
        path = self.folder / ("memory.peak" if self.version == 2 else "memory.max_usage_in_bytes")
        return int(path.read_text()) if path.exists() else None

    def remove(self) -> bool:
        """Kill who is still inside and remove the group; return whether it is gone. May be called again."""
        if self._entrance is not None:
            os.close(self._entrance)
            self._entrance = None
        for _ in range(_REMOVE_TRIES):
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return True
            except OSError:
                self._kill_members()
                time.sleep(_REMOVE_WAIT_S)
            else:
                return True
        return False

    def _kill_members(self) -> None:
        with contextlib.suppress(OSError):  # it is gone in the end, or remove says that it is not
            for pid in map(int, (self.folder / "cgroup.procs").read_text().split()):
                if pid > 0 and pid != os.getpid():  # 0 is one of another namespace
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def _write(self, name: str, value: int, *, optional: bool = False) -> None:
        """Write to a control file, which is never created; one that is optional may be missing."""
        try:
            descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            if optional:
                return
            raise
        try:
            os.write(descriptor, str(value).encode())
        finally:
            os.close(descriptor)


def places(proc: Path = PROC) -> Iterator[Place]:
    """Yield where a group could be, the best first: version 2, in this process's own group or beside it; version 1.

    A group of version 2 with a process in it hands no controller down (but the root), so that where systemd made
    one for a session, a new group has to stand beside it.
    """
    mounts, own = _mounts(proc), _own_paths(proc)
    if "" in own and "" in mounts:
        folder = _folder(*mounts[""], own[""])
        yield Place(folder, 2)
        if folder != mounts[""][1]:
            yield Place(folder.parent, 2, own=False)
    if "memory" in own and "memory" in mounts:
        yield Place(_folder(*mounts["memory"], own["memory"]), 1)


def why_not(place: Place) -> str | None:
    """Say why a place of version 2 hands the memory controller to no group in it, asking for it where that is ours."""
    if place.version == 1:
        return None
    try:
        if "memory" not in (place.folder / "cgroup.controllers").read_text().split():
            return "it has no memory controller"
        control = place.folder / "cgroup.subtree_control"
        if "memory" in control.read_text().split():
            return None
        if not place.own:
            return "it hands no memory controller down"
        control.write_text("+memory")
    except OSError as error:
        if error.errno == errno.EBUSY:
            return "it has processes in it, and so can hand no memory controller down"
        return f"it hands no memory controller down ({error.strerror})"
    return None


def remove_stale(place: Place, proc: Path = PROC) -> None:
    """Remove empty groups of ours whose supervisor was killed; one with a process in it stays, as rmdir(2) says."""
    with contextlib.suppress(OSError):  # tidying up after another run is no reason for this one to fail
        for folder in place.folder.glob(f"{PREFIX}*-*"):
            pid = folder.name.removeprefix(PREFIX).partition("-")[0]
            if pid.isdigit() and not (proc / pid).exists():
                folder.rmdir()


def _mounts(proc: Path) -> dict[str, tuple[str, Path]]:
    """Return root and mount point of the hierarchies that matter: ``memory`` of version 1, ``""`` for version 2."""
    found: dict[str, tuple[str, Path]] = {}
    for line in _lines(proc / "self" / "mountinfo"):
        mount, _, system = line.partition(" - ")
        fields, kind = mount.split(" "), system.split(" ")
        if kind[0] == "cgroup2":
            found.setdefault("", (_plain(fields[3]), Path(_plain(fields[4]))))
        elif kind[0] == "cgroup" and "memory" in kind[-1].split(","):
            found.setdefault("memory", (_plain(fields[3]), Path(_plain(fields[4]))))
    return found


def _own_paths(proc: Path) -> dict[str, str]:
    """Return the group of this process by controller; version 2 has the empty name."""
    lines = (line.split(":", 2) for line in _lines(proc / "self" / "cgroup"))
    return {name: path for _, names, path in lines for name in names.split(",")}


def _folder(root: str, point: Path, own: str) -> Path:
    """Return where a group is seen below a mount that shows the hierarchy from ``root`` on."""
    if own == root:
        return point
    if own.startswith(root.rstrip("/") + "/") and ".." not in own:
        return point / own[len(root.rstrip("/")) + 1 :]
    return point  # the path is of another namespace; the mount point is the one that is seen here


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _plain(text: str) -> str:
    """Undo the octal escapes of mountinfo."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
