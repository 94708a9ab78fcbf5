import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.sampling.footprint import UNKNOWN, PsutilFootprint, StatmFootprint, footprint

PID = 4242
KIB = os.sysconf("SC_PAGE_SIZE") // 1024
linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


def process(proc: Path, pid: int, resident: int, children: str = "", shared: int = 0) -> Path:
    """Write a process to a folder like /proc: pages, and the children of its first thread."""
    folder = proc / str(pid)
    (folder / "task" / str(pid)).mkdir(parents=True)
    (folder / "statm").write_text(f"9000 {resident} {shared} 1 0 8000 0\n")
    (folder / "task" / str(pid) / "children").write_text(children)
    return folder


def test_pages_become_kib(tmp_path: Path) -> None:
    """Resident and shared pages, read anew each time."""
    folder = process(tmp_path, PID, 500, shared=100)
    one = StatmFootprint(PID, tmp_path)
    assert one.read() == (500 * KIB, 100 * KIB)
    (folder / "statm").write_text("9000 600 101 1 0 8000 0\n")
    assert one.read() == (600 * KIB, 101 * KIB)
    one.close()


def test_an_unchanged_process_gives_the_same_object(tmp_path: Path) -> None:
    """So that a sampler sees at a glance that nothing has happened."""
    process(tmp_path, PID, 500)
    one = StatmFootprint(PID, tmp_path)
    assert one.read() is one.read()
    one.close()


def test_a_zombie_has_no_footprint(tmp_path: Path) -> None:
    """It has no page; a curve does not fall to zero at its end."""
    folder = process(tmp_path, PID, 500)
    one = StatmFootprint(PID, tmp_path)
    (folder / "statm").write_text("0 0 0 0 0 0 0\n")
    assert one.read() is None
    one.close()


def test_children_of_all_threads_and_their_children_count(tmp_path: Path) -> None:
    """One that has ended meanwhile, and a thread that has, hold nothing."""
    folder = process(tmp_path, PID, 500, "11 12 ")
    (folder / "task" / "4243").mkdir()
    (folder / "task" / "4243" / "children").write_text("13 ")
    process(tmp_path, 11, 10, "21 ")
    process(tmp_path, 13, 30)
    process(tmp_path, 21, 100)
    one = StatmFootprint(PID, tmp_path)
    assert one.children_kib() == (10 + 30 + 100) * KIB
    one.close()


def test_a_process_without_children_has_none(tmp_path: Path) -> None:
    """That is zero, and not unknown."""
    process(tmp_path, PID, 500)
    one = StatmFootprint(PID, tmp_path)
    assert one.children_kib() == 0
    one.close()


def test_a_kernel_that_lists_no_children(tmp_path: Path) -> None:
    """Unknown, and not zero."""
    folder = process(tmp_path, PID, 500)
    (folder / "task" / str(PID) / "children").unlink()
    one = StatmFootprint(PID, tmp_path)
    assert one.children_kib() == UNKNOWN == -1
    one.close()


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """Return a process that has a child; both wait."""
    wait = "import sys; print('up', flush=True); sys.stdin.read()"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {wait!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "up\n"
        yield one
        with contextlib.suppress(psutil.NoSuchProcess):  # a test may have ended it
            for child in psutil.Process(one.pid).children():
                child.kill()
        one.wait(30)


@linux
def test_a_living_process_and_its_child(parent: subprocess.Popen[str]) -> None:
    """The figures are psutil's, page for page, while both stand still."""
    one = footprint(parent.pid)
    assert isinstance(one, StatmFootprint)
    memory = psutil.Process(parent.pid).memory_info()
    assert one.read() == (memory.rss // 1024, memory.shared // 1024)
    (child,) = psutil.Process(parent.pid).children()
    assert one.children_kib() == child.memory_info().rss // 1024
    child.kill()
    parent.wait(30)
    assert one.read() is None
    assert one.children_kib() == 0
    one.close()


@linux
def test_a_process_that_has_gone_is_refused(parent: subprocess.Popen[str]) -> None:
    """By an error of its own, which is no fault of anybody."""
    for child in psutil.Process(parent.pid).children():
        child.kill()
    parent.wait(30)
    with pytest.raises(ProcessLookupError):
        footprint(parent.pid)


def test_elsewhere_psutil_gives_rss(tmp_path: Path) -> None:
    """No /proc: what is shared, and children, are not known."""
    one = footprint(os.getpid(), tmp_path)
    assert isinstance(one, PsutilFootprint)
    resident = one.read()
    assert resident is not None
    assert resident[0] > 1024
    assert (resident[1], one.children_kib()) == (UNKNOWN, UNKNOWN)
    one.close()


def test_elsewhere_a_process_that_has_gone_has_no_footprint(tmp_path: Path) -> None:
    """Neither at the start nor later."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        one = footprint(child.pid, tmp_path)
        child.kill()
        child.wait(30)
    assert one.read() is None
    with pytest.raises(ProcessLookupError):
        footprint(child.pid, tmp_path)
