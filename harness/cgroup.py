"""What the memory cgroup of a process says: its peak, its limit, its pressure. Linux alone.

Version 2 has ``memory.peak``, ``memory.max`` and so on; version 1 the names of before, and no pressure. A hybrid system
has the memory controller in either. Everything in the group counts: the page cache, and whatever else runs there. A
container sees its own group at the root of the hierarchy. Where the group has no pressure, that of the whole system
stands under its own name (``/proc/pressure/memory``).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISDIR

from harness.procfs import content

_UNLIMITED = 1 << 60
"""Version 1 writes the largest number of pages that it can count where there is no limit."""


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A memory cgroup's counters at one moment; None where it does not say.

    ``version`` is 1, 2, or None where the process is in no memory cgroup that can be seen. ``limit_bytes`` is the
    smallest of the group's and of those it lies in, None where there is none. ``peak_bytes`` is since the group was
    made. ``oom_kills`` counts processes that were killed for memory. Pressure is time in which some, or all, tasks
    waited for memory, in microseconds since boot.
    """

    version: int | None = None
    peak_bytes: float | None = None
    limit_bytes: float | None = None
    current_bytes: float | None = None
    oom_kills: float | None = None
    pressure_some_us: float | None = None
    pressure_full_us: float | None = None
    system_pressure_some_us: float | None = None
    system_pressure_full_us: float | None = None


_NAMES = {
    1: ("memory.max_usage_in_bytes", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control"),
    2: ("memory.peak", "memory.max", "memory.current", "memory.events"),
}


def cgroup_of(pid: int | str, proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")) -> Cgroup:
    """Read the memory cgroup of a process. ``root`` is where the hierarchies are mounted."""
    paths = paths_of(text_of(f"{proc}/{pid}/cgroup"))
    mounted = _memory(paths, str(root))
    if mounted is None:
        return _with_pressure(Cgroup(), {}, str(proc))
    version, mount, folder = mounted
    peak, limit, current, events = _NAMES[version]
    counters = Cgroup(
        version=version,
        peak_bytes=number(f"{folder}/{peak}"),
        limit_bytes=min(_limits(mount, folder, limit), default=None),
        current_bytes=number(f"{folder}/{current}"),
        oom_kills=fields_of(f"{folder}/{events}").get("oom_kill"),
    )
    return _with_pressure(counters, _totals(f"{folder}/memory.pressure") if version == 2 else {}, str(proc))


def high_bytes_of(pid: int | str, proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return from where on a process is slowed for its memory: the smallest ``memory.high``, version 2 alone."""
    version, mount, folder = _memory(paths_of(text_of(f"{proc}/{pid}/cgroup")), str(root)) or (None, "", "")
    return min(_limits(mount, folder, "memory.high"), default=None) if version == 2 else None


def paths_of(text: str) -> dict[str, str]:
    """Return a process's path in each hierarchy by controller; ``""`` names version 2 (cgroups(7))."""
    parts = (line.split(":", 2) for line in text.splitlines())
    return {controller: path for _, controllers, path in parts for controller in controllers.split(",")}


def _memory(paths: dict[str, str], root: str) -> tuple[int, str, str] | None:
    """Return version, mount point and folder of the group that counts memory."""
    mount = f"{root}/memory"
    if "memory" in paths and is_folder(mount):
        return 1, mount, group_folder(mount, paths["memory"])
    if "" in paths:
        mount = unified(root)
        folder = group_folder(mount, paths[""])
        if text_of(f"{folder}/memory.current"):
            return 2, mount, folder
    return None


def unified(root: str) -> str:
    """Return where version 2 is mounted: below its own name on a hybrid system."""
    return f"{root}/unified" if is_folder(f"{root}/unified") else root


def group_folder(mount: str, path: str) -> str:
    """Return a group's folder; a container that sees only its own group has it at the mount point."""
    folder = mount + path.rstrip("/")
    return folder if is_folder(folder) else mount


def _limits(mount: str, folder: str, name: str) -> Iterator[float]:
    """Yield the limits of a group and of each that it lies in."""
    while True:
        limit = number(f"{folder}/{name}")
        if limit is not None and limit < _UNLIMITED:
            yield limit
        if len(folder) <= len(mount):
            return
        folder = folder.rpartition("/")[0]


def _with_pressure(counters: Cgroup, own: Mapping[str, float], proc: str) -> Cgroup:
    if own:
        return replace(counters, pressure_some_us=own.get("some"), pressure_full_us=own.get("full"))
    whole = _totals(f"{proc}/pressure/memory")
    return replace(counters, system_pressure_some_us=whole.get("some"), system_pressure_full_us=whole.get("full"))


def _totals(file: str) -> dict[str, float]:
    """Return the totals of a pressure file by ``some`` and ``full`` (Documentation/accounting/psi.rst)."""
    rows = (line.split() for line in text_of(file).splitlines())
    return {row[0]: float(row[-1].removeprefix("total=")) for row in rows if row and row[-1].startswith("total=")}


def fields_of(file: str) -> dict[str, float]:
    """Return the counters of a file of names and numbers, empty where it cannot be read."""
    rows = (line.split() for line in text_of(file).splitlines())
    return {row[0]: float(row[1]) for row in rows if len(row) == 2}


def number(file: str) -> float | None:
    """Return the whole number that a file holds, None where it is none."""
    text = text_of(file).strip()
    return float(text) if text.isdigit() else None


def is_folder(path: str) -> bool:
    """Tell whether there is a folder of that name."""
    try:
        return S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 (a Path takes four times as long)
    except OSError:
        return False


def text_of(file: str) -> str:
    """Return what a file holds, empty where it cannot be read."""
    try:
        return content(file).decode("utf-8", "replace")
    except OSError:
        return ""  # not of this version, turned off, or not for us to read: each is a counter that there is not
