import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.limit import AddressLimit, GroupLimit, Limits, limits_for
from harness.protocol import ADDRESS_SPACE, Fit
from tests.hierarchy import Hierarchy, hierarchy

FIT = Fit(limit_mib=200.0)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hierarchy:
    """Return a made-up machine."""
    return hierarchy(tmp_path, monkeypatch)


@pytest.fixture
def real() -> Limits:
    """Return what makes a real group of 48 MiB here."""
    fit, limits = limits_for(Fit(limit_mib=48.0))
    assert limits is not None
    if limits.mechanism == "RLIMIT_AS":
        pytest.skip(f"no memory control group can be made here: {'; '.join(fit.why)}")
    return limits


def child(limit: Any, code: str) -> int:
    """Run Python under a limit and return its status."""
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, preexec_fn=limit.enter, stderr=subprocess.DEVNULL, check=False).returncode


# --- which mechanism --------------------------------------------------------------------------------------------


def test_nothing_is_made_where_nothing_is_limited(machine: Hierarchy) -> None:
    """The record stays as it is."""
    machine.version_1()
    assert limits_for(Fit(), machine.proc) == (Fit(), None)


def test_version_2_beside_a_group_with_processes(machine: Hierarchy) -> None:
    """The own group is no place, the one above is, and the reason is recorded."""
    own = machine.version_2("/slice/app")
    (own / "cgroup.subtree_control").unlink()
    (own / "cgroup.subtree_control").mkdir()
    fit, limits = limits_for(FIT, machine.proc)
    assert limits is not None
    assert fit.mechanism == limits.mechanism == "cgroup v2"
    assert fit.why == (f"no cgroup v2 in '{own}': it hands no memory controller down (Is a directory)",)
    limits.new()
    assert [group.parent for group in machine.groups()] == [own.parent]
    assert (machine.groups()[0] / "memory.max").read_text().startswith("209715200")
    assert limits.close()
    assert machine.groups() == []


def test_version_1_where_version_2_has_no_memory_controller(machine: Hierarchy) -> None:
    """A hybrid machine."""
    new, old = machine.version_2("/", controllers="hugetlb"), machine.version_1("/session")
    fit, limits = limits_for(FIT, machine.proc)
    assert limits is not None
    assert (fit.mechanism, fit.why) == ("cgroup v1", (f"no cgroup v2 in '{new}': it has no memory controller",))
    limits.new()
    assert [group.parent for group in machine.groups()] == [old]
    limits.close()


def test_a_group_is_only_watched_while_a_search_begins(machine: Hierarchy) -> None:
    """No limit is written."""
    machine.version_1()
    _, limits = limits_for(Fit(search=True), machine.proc)
    assert limits is not None
    limits.new()
    assert (machine.groups()[0] / "memory.limit_in_bytes").read_text() == "9223372036854771712\n"
    limits.close()


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.EROFS, "Read-only file system"), (errno.EACCES, "Permission denied"), (errno.ENOSPC, "No space left")],
)
def test_the_address_space_where_no_group_can_be_made(number: int, reason: str, machine: Hierarchy) -> None:
    """The kernel's reason is recorded, and nothing is left behind."""
    own = machine.version_1()
    machine.refuses = number
    fit, limits = limits_for(FIT, machine.proc)
    assert limits is not None
    assert fit.mechanism == limits.mechanism == "RLIMIT_AS"
    assert len(fit.why) == 1
    assert fit.why[0].startswith(f"no cgroup v1 in '{own}': {reason}")
    assert isinstance(limits.new(), AddressLimit)
    assert machine.groups() == []


def test_the_address_space_where_no_process_can_be_moved(machine: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried, not assumed."""
    own = machine.version_1()

    def refuse(limit: GroupLimit) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(GroupLimit, "enter", refuse)
    fit, _ = limits_for(FIT, machine.proc)
    assert fit.why == (f"no cgroup v1 in '{own}': a process cannot be moved there",)
    assert machine.groups() == []


def test_the_address_space_where_nothing_is_mounted(machine: Hierarchy) -> None:
    """As on a machine without control groups."""
    fit, _ = limits_for(FIT, machine.proc)
    assert (fit.mechanism, fit.why) == ("RLIMIT_AS", ("no memory control group is mounted",))


def test_a_system_that_limits_nothing_is_refused(machine: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says why, and what can be asked for instead."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ConfigError) as caught:
        limits_for(FIT, machine.proc)
    assert str(caught.value) == (
        "fit: found no way to limit memory here (no memory control group is mounted; no RLIMIT_AS: it is Linux's "
        "alone), expected Linux with memory control groups; or fit.limit_mib=null fit.search=false"
    )


# --- what a death was of ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "kills", "message"),
    [
        ("SIGKILL", 1, "at 200 MiB"),
        ("SIGKILL", 0, None),
        ("SIGSEGV", 1, None),
        ("MemoryError: no", 1, None),
        ("exit status 1", 0, None),
    ],
)
def test_a_group_tells_a_kill_for_memory_from_others(
    ending: str, kills: int, message: str | None, machine: Hierarchy
) -> None:
    """By its count, and only of a process that was killed."""
    machine.version_1()
    _, limits = limits_for(FIT, machine.proc)
    assert limits is not None
    limit = limits.new()
    (machine.groups()[0] / "memory.oom_control").write_text(f"under_oom 0\noom_kill {kills}\n")
    assert limit.out_of_memory(ending, ("bad_alloc",)) == message
    limits.close()
    assert limit.out_of_memory("SIGKILL", ()) is None


@pytest.mark.parametrize(
    ("ending", "log", "message"),
    [
        ("MemoryError", (), "at 200 MiB of address space"),
        ("MemoryError: unable to allocate", (), "at 200 MiB of address space"),
        ("SIGABRT", ("what():  std::bad_alloc",), "at 200 MiB of address space (a guess from the log)"),
        ("SIGSEGV", ("mmap: Cannot allocate memory",), "at 200 MiB of address space (a guess from the log)"),
        ("RuntimeError: failed to allocate 9 bytes", (), "at 200 MiB of address space (a guess from the log)"),
        (
            "exit status 255",
            ("calloc(1,16) failed from glist.c(78)",),
            "at 200 MiB of address space (a guess from the log)",
        ),
        ("SIGSEGV", ("about to die",), None),
        ("SIGKILL", (), None),
    ],
)
def test_the_address_space_is_blamed_by_what_was_said(ending: str, log: tuple[str, ...], message: str | None) -> None:
    """An answered MemoryError, else the log, and then it says that it is a guess."""
    assert AddressLimit(200.0).out_of_memory(ending, log) == message
    assert AddressLimit(None).out_of_memory(ending, log) is None


def test_the_peak_of_the_address_space_is_kept(tmp_path: Path) -> None:
    """As it was read last, when the process is gone."""
    limit = AddressLimit(200.0, tmp_path)
    assert limit.peak_mib() is None
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text("Name:\tpython\nVmPeak:\t   20480 kB\nVmSize:\t 1024 kB\n")
    limit.started(7)
    assert limit.peak_mib() == 20.0
    (tmp_path / "7" / "status").unlink()
    assert limit.peak_mib() == 20.0


# --- for real ---------------------------------------------------------------------------------------------------


def test_a_real_group_kills_who_takes_too_much(real: Limits) -> None:
    """The child is inside before it begins, its death is counted, its peak is the limit, and the group goes."""
    limit = real.new()
    assert isinstance(limit, GroupLimit)
    folder = limit._group.folder
    assert child(limit, "b = bytearray(b'x') * (96 << 20)") == -9
    assert limit.out_of_memory("SIGKILL", ()) == "at 48 MiB"
    assert limit.peak_mib() == pytest.approx(48.0, abs=0.5)
    assert folder.is_dir()
    assert real.close()
    assert not folder.exists()


def test_a_real_group_lets_live_who_takes_less(real: Limits) -> None:
    """A kill from elsewhere is none of its own."""
    limit = real.new()
    assert child(limit, "b = bytearray(b'x') * (24 << 20)") == 0
    assert child(limit, "import os; os.kill(os.getpid(), 9)") == -9
    assert limit.out_of_memory("SIGKILL", ()) is None
    peak_mib = limit.peak_mib()
    assert peak_mib is not None
    assert 24 < peak_mib < 48
    assert real.close()


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux")
def test_a_real_address_space_ends(capfd: pytest.CaptureFixture[str]) -> None:
    """Python says MemoryError where the kernel refuses more."""
    limit = AddressLimit(64.0)
    code = "try: b = bytearray(96 << 20)\nexcept MemoryError: raise SystemExit(7)"
    assert child(limit, code) == 7
    assert child(AddressLimit(None), code) == 0
    assert ADDRESS_SPACE == "RLIMIT_AS"
