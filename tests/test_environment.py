import hashlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness import environment as module
from harness.environment import environment, file_facts, named_files_mib, usable_cores
from harness.machine.noise import Noise
from tests import machines, stored


def test_the_machine_is_described() -> None:
    """Every field of the record has a value that can be."""
    found = environment()
    assert found.hostname
    assert found.system.split()
    assert 1 <= found.usable_cores <= found.cores == os.cpu_count()
    assert found.memory_mib > 100
    assert found.python.startswith("3.")
    assert {"hydra-core", "msgspec", "psutil"} <= set(found.versions)
    assert (found.engines, found.files, found.warnings, found.noise) == ({}, {}, (), None)


def test_a_package_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is never empty."""
    monkeypatch.setattr(module, "_PACKAGES", ("no-such-package",))
    found = environment()
    assert found.versions == {"no-such-package": "not installed as a distribution"}


CG = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        ({}, {}),
        ({"proc/self/cgroup": "0::/", f"{CG}/memory.current": "1", f"{CG}/memory.max": "max"}, {}),
        (
            {
                "proc/self/cgroup": "0::/a/b",
                f"{CG}/a/b/memory.current": "1",
                f"{CG}/a/b/memory.max": "max",
                f"{CG}/a/memory.max": "1073741824",
                f"{CG}/a/b/memory.high": "536870912",
                f"{CG}/a/b/cpu.stat": "usage_usec 1",
                f"{CG}/a/cpu.max": "150000 100000",
            },
            {"memory limit": "1024.0 MiB", "memory slowed from": "512.0 MiB", "CPU limit": "1.5 CPUs"},
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/a/b\n3:cpu,cpuacct:/a",
                f"{CG}/memory/a/b/memory.limit_in_bytes": "9223372036854771712",
                f"{CG}/memory/a/memory.limit_in_bytes": "209715200",
                f"{CG}/cpu,cpuacct/a/cpu.cfs_quota_us": "200000",
                f"{CG}/cpu,cpuacct/a/cpu.cfs_period_us": "100000",
            },
            {"memory limit": "200.0 MiB", "CPU limit": "2 CPUs"},
        ),
    ],
    ids=["no groups", "version 2 without limits", "version 2, nested", "version 1, nested"],
)
def test_limits_of_the_control_groups(files: dict[str, str], limits: dict[str, str], tmp_path: Path) -> None:
    """The smallest of the process's own group and of those it lies in."""
    assert environment(root=machines.machine(tmp_path, files)).limits == limits


def test_the_noise_check_and_its_lines_are_kept() -> None:
    """As they are given."""
    found = environment(Noise(), ["the machine is busy"])
    assert (found.noise, found.warnings) == (Noise(), ("the machine is busy",))


def test_usable_cores_are_those_of_the_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 6}, raising=False)
    assert (usable_cores(), environment().usable_cores) == (3, 3)


def test_files_that_options_name_have_a_size(tmp_path: Path) -> None:
    """Those of the stage that names most; what is no file, or no text, has none."""
    (tmp_path / "model.bin").write_bytes(bytes(3 * 2**20))
    (tmp_path / "library.so").write_bytes(bytes(2**20))
    both = {"model": str(tmp_path / "model.bin"), "library": str(tmp_path / "library.so"), "threads": 2}
    stage = stored.run().stages[0]
    stages = [replace(stage, options=both), replace(stage, options={"model": str(tmp_path / "model.bin")})]
    assert named_files_mib(stages) == 4.0
    assert named_files_mib([replace(stage, options={"a": "", "b": str(tmp_path), "c": "a\0b"})]) is None
    assert named_files_mib([]) is None


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
