from pathlib import Path

import pytest

from harness.machine.cpu_group import quota_of
from harness.machine.noise import Quota
from tests import machines

CG = "sys/fs/cgroup"
OWN = "user.slice/run.scope"


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_with_a_quota(version: int, tmp_path: Path) -> None:
    """150 ms in each 100 ms are 1.5 CPUs; a container sees its own group at the mount point."""
    root = machines.machine(tmp_path, machines.container(version))
    expected = Quota(version=version, cpus=1.5, periods=200, throttled_periods=50, throttled_ms=2500.0)
    assert quota_of(root=root) == expected


def test_the_smallest_quota_above_holds_and_its_counters_are_read(tmp_path: Path) -> None:
    """A group has what the groups that it lies in leave it."""
    files = {
        "proc/self/cgroup": f"0::/{OWN}",
        f"{CG}/{OWN}/cpu.max": "400000 100000",
        f"{CG}/{OWN}/cpu.stat": "nr_periods 1\nnr_throttled 0\nthrottled_usec 0",
        f"{CG}/user.slice/cpu.max": "50000 100000",
        f"{CG}/user.slice/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_usec 3000",
        f"{CG}/cpu.stat": "usage_usec 1",
    }
    expected = Quota(version=2, cpus=0.5, periods=10, throttled_periods=4, throttled_ms=3.0)
    assert quota_of(root=machines.machine(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, Quota()),
        ({"proc/self/cgroup": "0::/"}, Quota()),
        (
            {"proc/self/cgroup": "0::/", f"{CG}/cpu.stat": "usage_usec 1", f"{CG}/cpu.max": "max 100000"},
            Quota(version=2),
        ),
        ({"proc/self/cgroup": "3:cpu:/", f"{CG}/cpu/cpu.cfs_quota_us": "-1"}, Quota(version=1)),
        ({"proc/self/cgroup": "0::/", f"{CG}/unified/cpu.stat": "usage_usec 1"}, Quota(version=2)),
    ],
)
def test_no_quota(files: dict[str, str], quota: Quota, tmp_path: Path) -> None:
    """No control groups, none for CPU time, or none with a limit."""
    assert quota_of(root=machines.machine(tmp_path, files)) == quota


def test_another_process_is_found_by_its_id(tmp_path: Path) -> None:
    """As well as this one."""
    files = {"proc/7/cgroup": "0::/a", f"{CG}/a/cpu.max": "200000 100000", f"{CG}/a/cpu.stat": "nr_periods 1"}
    assert quota_of(7, machines.machine(tmp_path, files)) == Quota(version=2, cpus=2.0, periods=1)
