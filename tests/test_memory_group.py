import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness.memory_group
from harness.memory_group import PREFIX, MemoryGroup, Place, places, remove_stale, why_not
from tests.hierarchy import Hierarchy, hierarchy


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hierarchy:
    """Return a made-up machine, which waits for nobody."""
    monkeypatch.setattr(harness.memory_group, "_REMOVE_WAIT_S", 0.0)
    return hierarchy(tmp_path, monkeypatch)


# --- where ------------------------------------------------------------------------------------------------------


def test_version_2_in_the_own_group_or_beside_it(machine: Hierarchy) -> None:
    """A session's group holds its processes, so that a new one may have to stand beside it."""
    own = machine.version_2("/user.slice/app.scope")
    assert list(places(machine.proc)) == [Place(own, 2), Place(own.parent, 2, own=False)]


def test_nothing_stands_beside_the_root(machine: Hierarchy) -> None:
    """In a container with a namespace of its own, the own group is the mount point."""
    own = machine.version_2("/")
    assert list(places(machine.proc)) == [Place(own, 2)]


def test_version_1_below_the_own_group(machine: Hierarchy) -> None:
    """Of the memory controller, whatever else is mounted."""
    own = machine.version_1("/session/7")
    assert list(places(machine.proc)) == [Place(own, 1)]


def test_version_2_comes_first_where_both_are_mounted(machine: Hierarchy) -> None:
    """A hybrid machine has the controllers in version 1, and version 2 says so later."""
    old, new = machine.version_1("/session"), machine.version_2("/", controllers="")
    assert list(places(machine.proc)) == [Place(new, 2), Place(old, 1)]
    assert why_not(Place(new, 2)) == "it has no memory controller"


def test_a_mount_may_show_a_part(machine: Hierarchy) -> None:
    """A container without a namespace of its own sees its own group as the mount point."""
    machine.version_1("/docker/abc/below", mounted="/docker/abc")
    assert [place.folder for place in places(machine.proc)] == [machine.root / "memory" / "below"]


@pytest.mark.parametrize("own", ["/../../elsewhere", "/other"])
def test_a_group_of_another_namespace_is_the_mount_point(own: str, machine: Hierarchy) -> None:
    """What this process sees of it begins there."""
    (machine.proc / "self" / "cgroup").write_text(f"4:memory:{own}\n")
    point = machine.root / "me\\040mory"
    (machine.proc / "self" / "mountinfo").write_text(f"35 31 0:32 /docker/abc {point} rw - cgroup cgroup rw,memory\n")
    assert [place.folder for place in places(machine.proc)] == [machine.root / "me mory"]


def test_no_control_groups(machine: Hierarchy, tmp_path: Path) -> None:
    """Nothing is mounted, or there is no /proc."""
    assert list(places(machine.proc)) == []
    assert list(places(tmp_path / "nowhere")) == []


# --- the rules of version 2 -------------------------------------------------------------------------------------


def test_a_controller_that_is_handed_down(machine: Hierarchy) -> None:
    """Nothing has to be changed."""
    own = machine.version_2("/app", down="cpu memory")
    assert why_not(Place(own, 2)) is None
    assert (own / "cgroup.subtree_control").read_text() == "cpu memory\n"


def test_a_controller_that_can_be_asked_for(machine: Hierarchy) -> None:
    """The root may hand it down with processes in it; the kernel decides."""
    own = machine.version_2("/")
    assert why_not(Place(own, 2)) is None
    assert (own / "cgroup.subtree_control").read_text() == "+memory"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EBUSY, "it has processes in it, and so can hand no memory controller down"),
        (errno.EACCES, "it hands no memory controller down (Permission denied)"),
        (errno.EROFS, "it hands no memory controller down (Read-only file system)"),
    ],
)
def test_a_controller_that_cannot_be_had(
    number: int, reason: str, machine: Hierarchy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's own reason, the frequent one in words."""
    own = machine.version_2("/app")

    def refuse(path: Path, text: str) -> int:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "write_text", refuse)
    assert why_not(Place(own, 2)) == reason


def test_nothing_is_asked_of_a_group_that_is_not_ours(machine: Hierarchy) -> None:
    """The group above belongs to whoever made it."""
    own = machine.version_2("/slice/app")
    (own.parent / "cgroup.subtree_control").write_text("cpu\n")
    assert why_not(Place(own.parent, 2, own=False)) == "it hands no memory controller down"
    assert (own.parent / "cgroup.subtree_control").read_text() == "cpu\n"


# --- a group ----------------------------------------------------------------------------------------------------


def test_a_limit_of_version_2(machine: Hierarchy) -> None:
    """Memory, no swap, and the whole group dies at once."""
    group = MemoryGroup(Place(machine.version_2("/"), 2))
    group.limit(200 * 2**20)
    group.enter()
    written = {name: (group.folder / name).read_text().split()[0] for name in ("memory.max", "cgroup.procs")}
    assert written == {"memory.max": "209715200", "cgroup.procs": "0"}
    assert (group.folder / "memory.swap.max").read_text().startswith("0")
    assert (group.folder / "memory.oom.group").read_text().startswith("1")
    assert (group.kills(), group.peak_bytes()) == (0, 0)
    assert group.remove()
    assert machine.groups() == []


def test_a_limit_of_version_1(machine: Hierarchy) -> None:
    """Memory, and the same with swap."""
    group = MemoryGroup(Place(machine.version_1(), 1))
    group.limit(200 * 2**20)
    for name in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):
        assert (group.folder / name).read_text().startswith("209715200")
    (group.folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    (group.folder / "memory.max_usage_in_bytes").write_text("4096\n")
    assert (group.kills(), group.peak_bytes()) == (3, 4096)
    assert group.remove()


def test_a_kernel_that_counts_no_swap_and_knows_no_peak(machine: Hierarchy) -> None:
    """What is optional may be missing, and what is not known is None."""
    group = MemoryGroup(Place(machine.version_2("/"), 2))
    for name in ("memory.swap.max", "memory.oom.group", "memory.peak"):
        (group.folder / name).unlink()
    group.limit(2**20)
    assert group.peak_bytes() is None
    assert not (group.folder / "memory.swap.max").exists()


def test_a_group_that_has_no_limit_is_an_error(machine: Hierarchy) -> None:
    """A limit that was not set must not pass for one."""
    group = MemoryGroup(Place(machine.version_1(), 1))
    (group.folder / "memory.limit_in_bytes").unlink()
    with pytest.raises(FileNotFoundError):
        group.limit(2**20)


def test_a_group_that_cannot_be_entered_is_not_left(machine: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stays behind of a group that came to nothing."""
    place = Place(machine.version_1(), 1)

    def refuse(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError):
        MemoryGroup(place)
    assert machine.groups() == []


def test_a_busy_group_is_tried_again(machine: Hierarchy) -> None:
    """A killed process is in its group for a moment; removing what is gone is no error."""
    group = MemoryGroup(Place(machine.version_1(), 1))
    machine.busy = 5
    assert group.remove()
    assert group.remove()
    assert machine.groups() == []


def test_a_group_that_stays_busy_is_given_up(machine: Hierarchy) -> None:
    """After a bounded number of tries."""
    group = MemoryGroup(Place(machine.version_1(), 1))
    machine.busy = 1_000_000
    assert not group.remove()
    machine.busy = 0
    assert group.remove()


def test_who_is_left_in_a_group_is_killed(machine: Hierarchy) -> None:
    """An engine's child that has left the worker's process group is still in its control group."""
    group = MemoryGroup(Place(machine.version_1(), 1))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        (group.folder / "cgroup.procs").write_text(f"0\n{os.getpid()}\n{child.pid}\n")
        machine.busy = 1
        assert group.remove()
        assert child.wait() == -9


def test_only_stale_groups_of_ours_are_removed(machine: Hierarchy) -> None:
    """Of a supervisor that is gone; neither another's, nor that of one that lives, nor one with something in it."""
    place = Place(machine.version_1(), 1)
    for name in (f"{PREFIX}11-0", f"{PREFIX}12-0", f"{PREFIX}13-0", f"{PREFIX}mine-0"):
        (place.folder / name).mkdir()
    (place.folder / f"{PREFIX}13-0" / "below").mkdir()
    (place.folder / "other-11-0").mkdir()
    (machine.proc / "12").mkdir()
    remove_stale(place, machine.proc)
    left = {path.name for path in place.folder.iterdir()}
    assert left == {f"{PREFIX}12-0", f"{PREFIX}13-0", f"{PREFIX}mine-0", "other-11-0"}
