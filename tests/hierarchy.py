"""Made-up control groups: folders that look like a mounted hierarchy, in which groups come and go as in the kernel."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.memory_group import PREFIX

FILES = {
    2: {
        "cgroup.procs": "",
        "memory.max": "max\n",
        "memory.swap.max": "max\n",
        "memory.oom.group": "0\n",
        "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
        "memory.peak": "0\n",
    },
    1: {
        "cgroup.procs": "",
        "memory.limit_in_bytes": "9223372036854771712\n",
        "memory.memsw.limit_in_bytes": "9223372036854771712\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
        "memory.max_usage_in_bytes": "0\n",
    },
}


@dataclass
class Hierarchy:
    """A made-up machine: ``proc`` is its /proc, ``root`` where its hierarchies are mounted."""

    proc: Path
    root: Path
    refuses: int = 0
    """The error that making a group ends with, 0 for none."""
    busy: int = 0
    """How often a group that is removed is still busy."""

    def version_2(self, own: str = "/", mounted: str = "/", controllers: str = "cpu memory", down: str = "") -> Path:
        """Mount version 2 from the group ``mounted`` on; this process is in ``own``. Return its folder."""
        point = self.root / "unified"
        self._add("cgroup", f"0::{own}")
        self._add("mountinfo", f"41 31 0:38 {mounted} {point} rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate")
        folder = point / own.removeprefix(mounted).lstrip("/")
        for one in [folder, *folder.parents]:
            if not one.is_relative_to(point):
                break
            one.mkdir(parents=True, exist_ok=True)
            (one / "cgroup.controllers").write_text(controllers + "\n")
            (one / "cgroup.subtree_control").write_text((down if one == folder else controllers) + "\n")
        return folder

    def version_1(self, own: str = "/", mounted: str = "/") -> Path:
        """Mount the memory controller of version 1."""
        point = self.root / "memory"
        self._add("cgroup", f"4:memory:{own}")
        self._add("mountinfo", f"35 31 0:32 {mounted} {point} rw,relatime - cgroup cgroup rw,memory")
        folder = point / own.removeprefix(mounted).lstrip("/")
        folder.mkdir(parents=True)
        return folder

    def groups(self) -> list[Path]:
        """Return the groups of ours that there are."""
        return sorted(self.root.rglob(f"{PREFIX}*"))

    def _add(self, name: str, line: str) -> None:
        path = self.proc / "self" / name
        path.write_text((path.read_text() if path.exists() else "") + line + "\n")


def hierarchy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hierarchy:
    """Return a machine without any control group, to add some to."""
    made = Hierarchy(folder / "proc", folder / "sys")
    (made.proc / "self").mkdir(parents=True)
    made.root.mkdir()
    mkdir, rmdir = os.mkdir, os.rmdir

    def make(path: Any, *arguments: Any, **keywords: Any) -> None:
        ours = Path(path).name.startswith(PREFIX)
        if ours and made.refuses:
            raise OSError(made.refuses, os.strerror(made.refuses), str(path))
        mkdir(path, *arguments, **keywords)
        if ours:
            for name, text in FILES[2 if "unified" in Path(path).parts else 1].items():
                (Path(path) / name).write_text(text)

    def remove(path: Any, **keywords: Any) -> None:
        if not Path(path).name.startswith(PREFIX):
            rmdir(path, **keywords)
            return
        made.busy -= 1
        if made.busy >= 0 or any(one.is_dir() for one in Path(path).iterdir()):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        for file in Path(path).iterdir():
            file.unlink()
        rmdir(path, **keywords)

    monkeypatch.setattr(os, "mkdir", make)
    monkeypatch.setattr(os, "rmdir", remove)
    return made
