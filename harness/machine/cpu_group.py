"""The CPU time that a process's control group may use, and how often it was stopped for having used it up.

Version 2 says it in ``cpu.max`` and ``cpu.stat``, version 1 in ``cpu.cfs_quota_us``, ``cpu.cfs_period_us`` and
``cpu.stat`` of its ``cpu`` hierarchy (the kernel's ``Documentation/admin-guide/cgroup-v2.rst`` and
``Documentation/scheduler/sched-bwc.rst``).
"""

from collections.abc import Iterator
from pathlib import Path

from harness.cgroup import fields_of, group_folder, is_folder, paths_of, text_of, unified
from harness.machine.noise import Quota

_V1_MOUNTS = ("cpu", "cpu,cpuacct", "cpuacct,cpu")


def quota_of(pid: int | str = "self", root: Path = Path("/")) -> Quota:
    """Read the quota of the group of a process: the smallest of its own and of those of the groups it lies in.

    ``root`` is the folder in which ``proc`` and ``sys`` are.
    """
    place = _place(paths_of(text_of(f"{root}/proc/{pid}/cgroup")), f"{root}/sys/fs/cgroup")
    if place is None:
        return Quota()
    version, mount, own = place
    limits = [(limit, folder) for folder in _upwards(mount, own) if (limit := _limit(version, folder)) is not None]
    cpus, folder = min(limits, default=(None, own))
    stat = fields_of(f"{folder}/cpu.stat")
    stopped_ms = stat["throttled_usec"] / 1e3 if "throttled_usec" in stat else None
    if version == 1 and "throttled_time" in stat:
        stopped_ms = stat["throttled_time"] / 1e6
    return Quota(
        version=version,
        cpus=cpus,
        periods=_whole(stat.get("nr_periods")),
        throttled_periods=_whole(stat.get("nr_throttled")),
        throttled_ms=stopped_ms,
    )


def _place(paths: dict[str, str], mounts: str) -> tuple[int, str, str] | None:
    """Return version, mount point and folder of the group that CPU time is counted in."""
    if "cpu" in paths:
        for name in _V1_MOUNTS:
            mount = f"{mounts}/{name}"
            if is_folder(mount):
                return 1, mount, group_folder(mount, paths["cpu"])
    if "" in paths:
        mount = unified(mounts)
        folder = group_folder(mount, paths[""])
        if text_of(f"{folder}/cpu.stat"):
            return 2, mount, folder
    return None


def _upwards(mount: str, folder: str) -> Iterator[str]:
    """Yield a group and each that it lies in."""
    yield folder
    while len(folder) > len(mount):
        folder = folder.rpartition("/")[0]
        yield folder


def _limit(version: int, folder: str) -> float | None:
    """Return how many CPUs a group may use by its own limit; ``max`` and -1 are none."""
    if version == 2:
        words = text_of(f"{folder}/cpu.max").split()
    else:
        words = [text_of(f"{folder}/cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    if len(words) != 2 or not all(word.isdigit() for word in words) or not int(words[1]):
        return None
    return int(words[0]) / int(words[1])


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
