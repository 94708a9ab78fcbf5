import os
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.handles import Handles, handles_of

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a folder like /proc with one process in it: seven files, three threads."""
    fd, task = tmp_path / "42" / "fd", tmp_path / "42" / "task"
    fd.mkdir(parents=True)
    targets = ("/dev/null", "/dev/null", "/tmp/x (deleted)", "socket:[17]", "socket:[18]", "pipe:[9]")
    for number, target in enumerate((*targets, "anon_inode:[eventpoll]")):
        (fd / str(number)).symlink_to(target)
    for number, name in enumerate(("python", "worker", "worker")):
        (task / str(number)).mkdir(parents=True)
        (task / str(number) / "comm").write_text(f"{name}\n")
    return tmp_path


def test_files_go_by_path_or_by_kind(proc: Path) -> None:
    """A deleted file keeps its path; the numbers of sockets and pipes are no names."""
    found = handles_of(42, proc)
    assert (found.open_files, found.file_names) == (
        7,
        {"/dev/null": 2, "/tmp/x (deleted)": 1, "socket": 2, "pipe": 1, "anon_inode:[eventpoll]": 1},
    )


def test_threads_go_by_name(proc: Path) -> None:
    """As pthread_setname_np gave it."""
    found = handles_of(42, proc)
    assert (found.threads, found.thread_names) == (3, {"python": 1, "worker": 2})


def test_a_name_that_is_no_text_can_be_stored(proc: Path) -> None:
    """A path of raw bytes becomes one that UTF-8 can hold."""
    (proc / "42" / "fd" / "9").symlink_to(os.fsdecode(b"/tmp/\xff"))
    (proc / "42" / "task" / "0" / "comm").write_bytes(b"\xfe\n")
    found = handles_of(42, proc)
    assert found.file_names["/tmp/\N{REPLACEMENT CHARACTER}"] == 1
    assert found.thread_names["\N{REPLACEMENT CHARACTER}"] == 1


def test_a_thread_that_ends_meanwhile_is_not_counted(proc: Path) -> None:
    """It was listed, and is no more."""
    (proc / "42" / "task" / "2" / "comm").unlink()
    assert handles_of(42, proc).threads == 2


@linux
def test_the_real_ones_of_this_process(tmp_path: Path) -> None:
    """A file and a thread more are seen with their names."""
    before, go_on = handles_of(os.getpid()), threading.Event()
    thread = threading.Thread(target=go_on.wait)
    with (tmp_path / "open").open("w"):
        thread.start()
        during = handles_of(os.getpid())
    go_on.set()
    thread.join()
    assert during.file_names[str(tmp_path / "open")] == 1
    assert (during.open_files or 0) - (before.open_files or 0) == 1
    assert (during.threads or 0) - (before.threads or 0) == 1


def test_elsewhere_psutil_gives_counts_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads have no names there."""
    monkeypatch.setattr(psutil.Process, "open_files", lambda self: [SimpleNamespace(path="/tmp/x")] * 2)
    monkeypatch.setattr(psutil.Process, "num_fds", lambda self: 7)
    monkeypatch.setattr(psutil.Process, "num_threads", lambda self: 3)
    assert handles_of(os.getpid(), tmp_path) == Handles(7, 3, {"/tmp/x": 2}, {})


def test_elsewhere_what_is_forbidden_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every user may look into every process."""

    def deny(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "open_files", deny)
    assert handles_of(os.getpid(), tmp_path) == Handles()


def test_a_process_that_has_gone_is_said(tmp_path: Path) -> None:
    """By the same exception everywhere."""
    with pytest.raises(ProcessLookupError):
        handles_of(2**22 + 1, tmp_path)
