import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.cgroup import cgroup_of
from harness.children import Children
from harness.handles import Handles
from harness.process import Counters, Heap, Process
from harness.smaps import Shares

PID = 4242
STATUS = """Name:\tpython
Umask:\t0022
VmPeak:\t  999999 kB
VmHWM:\t   70000 kB
VmRSS:\t   60000 kB
RssAnon:\t   40000 kB
RssFile:\t   15000 kB
RssShmem:\t    5000 kB
VmSwap:\t       7 kB
Threads:\t3
"""
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a folder like /proc with one process in it, whose peak can be reset."""
    folder = tmp_path / str(PID)
    folder.mkdir()
    (folder / "status").write_text(STATUS)
    (folder / "clear_refs").write_text("")
    return tmp_path


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """Return a process that takes and drops as many MiB as it is told, and waits."""
    script = "import sys\nfor line in sys.stdin:\n    len(b'x' * (int(line) << 20))\n    print('done', flush=True)\n"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.kill()


def tell(child: subprocess.Popen[str], mib: int) -> None:
    """Let the child use memory, and return when it has."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{mib}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


def test_counters_are_the_kernels_in_kib(proc: Path) -> None:
    """Each field by its own name; anon, file and shmem are RSS."""
    process = Process(PID, 3, proc)
    assert process.reset_peak()
    counters = process.counters()
    assert counters == Counters(
        rss_kib=60_000, anon_kib=40_000, file_kib=15_000, shmem_kib=5_000, peak_kib=70_000, swap_kib=7, threads=3
    )
    assert (process.pid, process.worker) == (PID, 3)
    process.close()


def test_a_peak_is_reset_by_the_number_5(proc: Path) -> None:
    """proc(5): 5 resets the high-water mark and touches no page."""
    process = Process(PID, proc=proc)
    assert process.reset_peak() is True
    assert (proc / str(PID) / "clear_refs").read_bytes() == b"5"
    process.close()


def test_a_peak_that_was_never_reset_is_none(proc: Path) -> None:
    """It would be that of the whole life so far."""
    process = Process(PID, proc=proc)
    assert process.counters().peak_kib is None
    assert process.counters().rss_kib == 60_000
    process.close()


def test_a_kernel_without_a_reset_has_no_peak(proc: Path) -> None:
    """No file to write to: everything else is read."""
    (proc / str(PID) / "clear_refs").unlink()
    process = Process(PID, proc=proc)
    assert process.reset_peak() is False
    assert process.counters() == Counters(60_000, 40_000, 15_000, 5_000, None, 7, 3)
    process.close()


def test_a_reset_that_is_refused_takes_the_peak_away(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peak from before the refusal would be stale."""
    process = Process(PID, proc=proc)
    assert process.reset_peak() is True
    assert process.counters().peak_kib == 70_000

    def refuse(descriptor: int, data: bytes, offset: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refuse)
        assert process.reset_peak() is False
    assert process.counters().peak_kib is None
    assert process.reset_peak() is True
    assert process.counters().peak_kib == 70_000
    process.close()


def test_fields_that_a_kernel_lacks_are_none(proc: Path) -> None:
    """A zombie, or a kernel before 4.5, says less."""
    (proc / str(PID) / "status").write_text("Name:\tpython\nState:\tZ (zombie)\nThreads:\t1\n")
    process = Process(PID, proc=proc)
    assert process.counters() == Counters(threads=1)
    process.close()


def test_counters_are_read_anew_each_time(proc: Path) -> None:
    """The file stays open; what is in it is not remembered."""
    process = Process(PID, proc=proc)
    assert process.counters().rss_kib == 60_000
    (proc / str(PID) / "status").write_text(STATUS.replace("60000", "61000"))
    assert process.counters().rss_kib == 61_000
    process.close()


def test_elsewhere_psutil_gives_rss_and_nothing_else(tmp_path: Path) -> None:
    """No /proc: no anon, no peak, and no reset."""
    process = Process(os.getpid(), proc=tmp_path)
    counters = process.counters()
    assert counters.rss_kib is not None
    assert counters == Counters(rss_kib=counters.rss_kib)
    assert abs(counters.rss_kib - psutil.Process().memory_info().rss / 1024) < 32 * 1024
    assert process.reset_peak() is False
    process.close()


def test_elsewhere_a_process_that_has_gone_is_a_lookup_error(tmp_path: Path) -> None:
    """The same exception as on Linux."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(ProcessLookupError):
        Process(child.pid, proc=tmp_path).counters()


def test_close_may_be_called_twice(proc: Path) -> None:
    """The files are closed once, the process is left alone."""
    process = Process(PID, proc=proc)
    process.close()
    process.close()


@linux
def test_a_real_processes_numbers_make_sense(child: subprocess.Popen[str]) -> None:
    """RSS is the sum of its parts, the peak at least RSS, and a Python takes a few MiB."""
    tell(child, 1)
    process = Process(child.pid)
    assert process.reset_peak()
    counters = process.counters()
    assert counters.rss_kib is not None
    assert counters.anon_kib is not None
    assert counters.file_kib is not None
    assert counters.shmem_kib is not None
    assert counters.peak_kib is not None
    assert counters.rss_kib == counters.anon_kib + counters.file_kib + counters.shmem_kib
    assert 4 * 1024 < counters.rss_kib <= counters.peak_kib < 64 * 1024
    assert counters.threads == 1
    process.close()


@linux
def test_a_real_peak_is_forgotten_by_a_reset(child: subprocess.Popen[str]) -> None:
    """32 MiB used for an instant are in the peak until it is reset."""
    tell(child, 1)
    process = Process(child.pid)
    process.reset_peak()
    rested = process.counters().rss_kib
    tell(child, 32)
    high = process.counters().peak_kib
    process.reset_peak()
    low = process.counters().peak_kib
    assert rested is not None
    assert high is not None
    assert low is not None
    assert high - rested > 30 * 1024
    assert low - rested < 2 * 1024
    process.close()


@linux
def test_a_real_process_that_has_gone_is_a_lookup_error(child: subprocess.Popen[str]) -> None:
    """Whoever reads too late hears of it."""
    process = Process(child.pid)
    child.kill()
    child.wait()
    with pytest.raises(ProcessLookupError):
        process.counters()
    assert process.reset_peak() is False
    process.close()


# --- what is read less often --------------------------------------------------------------------------------------


def test_what_else_is_read_is_of_the_same_process(proc: Path) -> None:
    """Children, shares and handles by its id, below the same folder."""
    folder = proc / str(PID)
    (folder / "smaps_rollup").write_text("Pss: 9 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 2 kB\n")
    (folder / "fd").mkdir()
    (folder / "fd" / "0").symlink_to("/dev/null")
    (folder / "task" / str(PID)).mkdir(parents=True)
    (folder / "task" / str(PID) / "comm").write_text("python\n")
    (folder / "task" / str(PID) / "children").write_text("")
    process = Process(PID, proc=proc)
    assert process.children() == Children(0, 0.0)
    assert process.shares() == Shares(pss_kib=9, uss_kib=3)
    assert process.handles() == Handles(1, 1, {"/dev/null": 1}, {"python": 1})
    process.close()


def test_children_of_a_single_thread_are_told_by_a_file_that_stays_open(proc: Path) -> None:
    """What is in it is not remembered; a process with more threads is looked at as a whole."""
    folder = proc / str(PID) / "task" / str(PID)
    folder.mkdir(parents=True)
    (folder / "children").write_text("")
    process = Process(PID, proc=proc)
    assert process.children(threads=1) == Children(0, 0.0)
    (folder / "children").write_text("77 ")
    assert process.children(threads=1) == process.children() == Children(1, 0.0)
    (folder / "children").write_text("")
    (proc / str(PID) / "task" / "5").mkdir()
    (proc / str(PID) / "task" / "5" / "children").write_text("78 79 ")
    assert process.children(threads=2) == Children(2, 0.0)
    process.close()


@linux
def test_the_cgroup_is_that_of_the_process() -> None:
    """Its version and limit do not change from one reading to the next."""
    process = Process(os.getpid())
    found, expected = process.cgroup(), cgroup_of(os.getpid())
    process.close()
    assert (found.version, found.limit_bytes) == (expected.version, expected.limit_bytes)


def test_a_heap_is_asked_for(proc: Path) -> None:
    """In KiB, as everything else; a reason is handed on."""
    answers: Iterator[dict[str, Any]] = iter([{"used_bytes": 2048, "mapped_bytes": 1024}, {"reason": "no glibc"}])
    process = Process(PID, proc=proc, ask_heap=lambda: next(answers))
    assert process.heap() == Heap(used_kib=2.0, mapped_kib=1.0)
    assert process.heap() == Heap(reason="no glibc")
    process.close()


def test_a_heap_that_nobody_can_ask_for_is_none(proc: Path) -> None:
    """A process that is only looked at."""
    process = Process(PID, proc=proc)
    assert process.heap() == Heap(reason="the process takes no questions")
    process.close()
