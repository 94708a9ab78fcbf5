import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from harness import environment as module
from harness.environment import environment, file_facts
from harness.protocol import Protocol


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing else run on the machine, as far as can be seen."""
    monkeypatch.setattr(module, "_others_running", lambda: 0)


def test_the_machine_is_described() -> None:
    """Every field of the record has a value that can be."""
    found = environment(Protocol(order=("asr",), threads=1), uses_threads=True)
    assert found.hostname
    assert found.system.split()
    assert 1 <= found.usable_cores <= found.cores == os.cpu_count()
    assert found.memory_mib > 100
    assert found.python.startswith("3.")
    assert {"hydra-core", "msgspec", "psutil"} <= set(found.versions)
    assert (found.engines, found.files, found.warnings) == ({}, {}, ())


def test_a_package_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is never empty."""
    monkeypatch.setattr(module, "_PACKAGES", ("no-such-package",))
    found = environment(Protocol(order=("asr",), threads=1), uses_threads=False)
    assert found.versions == {"no-such-package": "not installed as a distribution"}


def test_limits_of_the_control_group_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that there are, as the kernel writes them."""
    (tmp_path / "memory.max").write_text("1073741824\n")
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    found = environment(Protocol(order=("asr",), threads=1), uses_threads=False)
    assert found.limits == {"memory.max": "1073741824", "cpu.max": "200000 100000"}


@pytest.mark.parametrize(
    ("threads", "uses_threads", "warnings"),
    [
        (2, True, ()),
        (6, True, ("threads=6 on 2 usable cores: the threads will wait for each other",)),
        (6, False, ()),
    ],
)
def test_threads_beyond_the_cores_are_a_warning_where_they_matter(
    threads: int, uses_threads: bool, warnings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for engines that take no thread count."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    assert environment(Protocol(order=("asr",), threads=threads), uses_threads).warnings == warnings


def test_a_busy_machine_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number of threads that are running beside us."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    monkeypatch.setattr(module, "_others_running", lambda: 3)
    assert environment(Protocol(order=("asr",), threads=1), uses_threads=True).warnings == (
        "the machine is busy: 3 other threads are running on 2 usable cores",
    )


def test_the_commit_is_that_of_the_checkout(tmp_path: Path) -> None:
    """With whether tracked files differ from it; nothing where there is no checkout."""

    def git(*arguments: str) -> None:
        names = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *names, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert module._git(tmp_path) == {}
    git("init", "--quiet")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "--message", "one")
    head = (tmp_path / ".git" / (tmp_path / ".git" / "HEAD").read_text().split()[1]).read_text().strip()
    (tmp_path / "untracked").write_text("1")
    assert module._git(tmp_path) == {"commit": head, "changed": "no"}
    (tmp_path / "a").write_text("2")
    assert module._git(tmp_path) == {"commit": head, "changed": "yes"}


def test_a_machine_without_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to fail."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._git(tmp_path) == {}


def test_files_are_known_by_hash_and_size(tmp_path: Path) -> None:
    """A folder by each file in it, a missing one by its error, one that is named twice once."""
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "a").write_bytes(b"abc")
    (tmp_path / "model" / "deep" / "b").write_bytes(b"")
    (tmp_path / "library.so").write_bytes(b"\x7fELF")

    def facts(content: bytes) -> dict[str, object]:
        return {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}

    library, model, gone = str(tmp_path / "library.so"), str(tmp_path / "model"), str(tmp_path / "gone")
    assert file_facts([model, library, gone, library]) == {
        gone: {"error": "No such file or directory"},
        library: facts(b"\x7fELF"),
        f"{model}/a": facts(b"abc"),
        f"{model}/deep/b": facts(b""),
    }
    assert file_facts([]) == {}
