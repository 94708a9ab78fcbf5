import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cgroup import Cgroup, cgroup_of

PRESSURE = "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={}\n"
SYSTEM = {"system_pressure_some_us": 900.0, "system_pressure_full_us": 800.0}
NO_LIMIT_V1 = "9223372036854771712\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a folder like /proc, with the pressure of the whole system."""
    (tmp_path / "proc" / "42").mkdir(parents=True)
    (tmp_path / "proc" / "pressure").mkdir()
    (tmp_path / "proc" / "pressure" / "memory").write_text(PRESSURE.format(900, 800))
    return tmp_path / "proc"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty folder like /sys/fs/cgroup."""
    (tmp_path / "cgroup").mkdir()
    return tmp_path / "cgroup"


def put(folder: Path, **files: str) -> None:
    """Write files of a group: ``peak`` is ``memory.peak``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"memory.{name}").write_text(content)


def put_v2(folder: Path, limit: str) -> None:
    """Write a group of version 2."""
    events = "low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n"
    put(folder, peak="700\n", max=limit, current="600\n", events=events, pressure=PRESSURE.format(30, 10))


def put_v1(folder: Path, limit: str) -> None:
    """Write a group of version 1."""
    control = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
    put(folder, max_usage_in_bytes="70\n", limit_in_bytes=limit, usage_in_bytes="60\n", oom_control=control)


V2 = Cgroup(
    version=2,
    peak_bytes=700,
    current_bytes=600,
    oom_kills=2,
    pressure_some_us=30,
    pressure_full_us=10,
    limit_bytes=None,
)
V1 = Cgroup(version=1, peak_bytes=70, current_bytes=60, oom_kills=3, limit_bytes=None, **SYSTEM)


def test_version_2(proc: Path, root: Path) -> None:
    """Every counter by its name, with the group's own pressure."""
    (proc / "42" / "cgroup").write_text("0::/a.slice/b\n")
    put_v2(root / "a.slice" / "b", "5000\n")
    assert cgroup_of(42, proc, root) == replace(V2, limit_bytes=5000)


def test_version_2_in_a_container(proc: Path, root: Path) -> None:
    """It sees its own group at the root; ``max`` is no limit."""
    (proc / "42" / "cgroup").write_text("0::/\n")
    put_v2(root, "max\n")
    assert cgroup_of(42, proc, root) == V2


def test_version_2_on_a_kernel_without_a_peak(proc: Path, root: Path) -> None:
    """memory.peak is there since Linux 5.19; where the group tells no pressure, the system does."""
    (proc / "42" / "cgroup").write_text("0::/a\n")
    put_v2(root / "a", "max\n")
    (root / "a" / "memory.peak").unlink()
    (root / "a" / "memory.pressure").unlink()
    expected = replace(V2, peak_bytes=None, pressure_some_us=None, pressure_full_us=None, **SYSTEM)  # type: ignore[arg-type]
    assert cgroup_of(42, proc, root) == expected


def test_version_1(proc: Path, root: Path) -> None:
    """The names of before, the system's pressure, and the huge number that is no limit."""
    (proc / "42" / "cgroup").write_text("9:name=systemd:/x\n4:cpu,memory:/a/b\n0::/x\n")
    put_v1(root / "memory" / "a" / "b", NO_LIMIT_V1)
    assert cgroup_of(42, proc, root) == V1


def test_version_1_in_a_container(proc: Path, root: Path) -> None:
    """Its path is that of the host, and is not there."""
    (proc / "42" / "cgroup").write_text("4:memory:/docker/0123\n")
    put_v1(root / "memory", "4096\n")
    assert cgroup_of(42, proc, root) == replace(V1, limit_bytes=4096)


def test_a_hybrid_system_with_memory_in_version_1(proc: Path, root: Path) -> None:
    """The group of version 2 is another one, and so is its pressure."""
    (proc / "42" / "cgroup").write_text("4:memory:/a\n0::/u\n")
    put_v1(root / "memory" / "a", NO_LIMIT_V1)
    put(root / "unified" / "u", pressure=PRESSURE.format(1, 1))
    assert cgroup_of(42, proc, root) == V1


def test_a_hybrid_system_with_memory_in_version_2(proc: Path, root: Path) -> None:
    """It is mounted beside the others."""
    (proc / "42" / "cgroup").write_text("2:cpu:/\n0::/u\n")
    put_v2(root / "unified" / "u", "max\n")
    assert cgroup_of(42, proc, root) == V2


@pytest.mark.parametrize(("outer", "inner", "expected"), [("300\n", "max\n", 300), ("300\n", "200\n", 200)])
def test_the_smallest_limit_holds(outer: str, inner: str, expected: float, proc: Path, root: Path) -> None:
    """A group without a limit is bound by the one that it lies in."""
    (proc / "42" / "cgroup").write_text("0::/a/b\n")
    put_v2(root / "a", outer)
    put_v2(root / "a" / "b", inner)
    assert cgroup_of(42, proc, root).limit_bytes == expected


@pytest.mark.parametrize("text", ["0::/\n", "2:cpu:/\n", "", None])
def test_no_memory_cgroup(text: str | None, proc: Path, root: Path) -> None:
    """Nothing but the system's pressure is told."""
    if text is not None:
        (proc / "42" / "cgroup").write_text(text)
    assert cgroup_of(42, proc, root) == Cgroup(**SYSTEM)  # type: ignore[arg-type]


def test_no_cgroup_and_no_pressure(tmp_path: Path) -> None:
    """As on macOS and Windows."""
    assert cgroup_of(42, tmp_path, tmp_path) == Cgroup()


@pytest.mark.skipif(not Path("/proc/self/cgroup").exists(), reason="reads /proc")
def test_the_real_one_of_this_process() -> None:
    """Where there is a memory cgroup, this process's own memory is in its use, and its use is not above its limit."""
    found = cgroup_of(os.getpid())
    if found.version is None or found.current_bytes is None:
        pytest.skip("this process is in no memory cgroup that can be seen")
    assert found.current_bytes > 0
    assert found.peak_bytes is None or found.peak_bytes > 0
    assert found.limit_bytes is None or 0 < found.limit_bytes < 1 << 60
