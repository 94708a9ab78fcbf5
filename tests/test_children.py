import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness.children
from harness.children import Children, children_of

HAVE_CHILDREN = any(Path("/proc/self/task").glob("*/children")) if Path("/proc/self/task").exists() else False


def add(proc: Path, pid: int, children: dict[int, str], rss_kib: int | None) -> None:
    """Write a process of a made-up /proc: ``children`` by thread."""
    for thread, listed in children.items():
        folder = proc / str(pid) / "task" / str(thread)
        folder.mkdir(parents=True)
        (folder / "children").write_text(listed)
    rss = "" if rss_kib is None else f"VmRSS:\t  {rss_kib} kB\n"
    (proc / str(pid) / "status").write_text(f"Name:\tx\n{rss}Threads:\t1\n")


def test_no_children(tmp_path: Path) -> None:
    """None of them, and no memory."""
    add(tmp_path, 1, {1: "", 2: ""}, 500)
    assert children_of(1, tmp_path) == Children(0, 0.0)


def test_children_of_every_thread_and_theirs(tmp_path: Path) -> None:
    """Grandchildren count, a zombie holds nothing, and the process itself is none of them."""
    add(tmp_path, 1, {1: "10 11 ", 2: "12 "}, 500)
    add(tmp_path, 10, {10: "20 "}, 100)
    add(tmp_path, 11, {11: ""}, 30)
    add(tmp_path, 12, {12: ""}, None)
    add(tmp_path, 20, {20: ""}, 7)
    assert children_of(1, tmp_path) == Children(4, 137.0)


def test_a_child_that_ends_meanwhile_holds_nothing(tmp_path: Path) -> None:
    """It was listed, and is no more."""
    add(tmp_path, 1, {1: "10 "}, 500)
    assert children_of(1, tmp_path) == Children(1, 0.0)


@pytest.mark.parametrize("error", [FileNotFoundError, ProcessLookupError])
def test_a_thread_that_ends_meanwhile_costs_nothing(
    error: type[OSError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was listed, and is no more; the process lives, and the others' children count."""
    add(tmp_path, 1, {1: "10 ", 2: ""}, 500)
    add(tmp_path, 10, {10: ""}, 100)

    def content(path: str) -> bytes:
        if path == f"{tmp_path}/1/task/2/children":
            raise error(path)
        return Path(path).read_bytes()

    monkeypatch.setattr(harness.children, "content", content)
    assert children_of(1, tmp_path) == Children(1, 100.0)


@pytest.mark.parametrize("proc", ["kernel", "nothing"])
def test_a_real_child(proc: str, tmp_path: Path) -> None:
    """By the kernel's list, and by psutil where there is none: one more, with its memory."""
    if proc == "kernel" and not HAVE_CHILDREN:
        pytest.skip("this kernel has no list of children")
    where = Path("/proc") if proc == "kernel" else tmp_path
    before = children_of(os.getpid(), where)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        during = children_of(os.getpid(), where)
        child.kill()
    assert during.count - before.count == 1
    assert during.rss_kib > before.rss_kib


def test_a_process_that_has_gone_is_said(tmp_path: Path) -> None:
    """By the same exception everywhere."""
    with pytest.raises(ProcessLookupError):
        children_of(2**22 + 1, tmp_path)
