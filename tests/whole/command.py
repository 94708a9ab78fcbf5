"""The command line as a user meets it: run in a folder, with what it printed, how it ended and what it left."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.cli import status_of

ROOT = Path(__file__).parents[2]
SCRIPTED = (
    "--config-dir",
    str(ROOT / "tests" / "engine" / "conf"),
    "plugins=[tests.engine.scripted]",
    "asr=scripted",
    "aligner=scripted",
)
"""The stages that do what they are told. Hydra's own options (``-m``) stand before it, overrides behind it."""
TIMEOUT_S = 300.0
"""For a command that hangs; no test is judged by it."""
_SETTINGS = ("INFERENCE_THREADS", "CONTEXT_LENGTH", "PYTHONUNBUFFERED")
"""What a developer's shell may have set, and a user's has not."""
_WIDTH = "100"
"""Columns of the terminal that every command is told of: tables fit themselves into it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str
    cwd: Path = field(default_factory=Path.cwd, compare=False)

    @property
    def folder(self) -> Path:
        """The folder of the run or of the sweep, as the last line names it."""
        return self.cwd / self.out.splitlines()[-1].partition(": ")[2]

    @property
    def trials(self) -> list[Any]:
        """The run's trials, as they lie on disk."""
        return lines_of(self.folder / "trials.jsonl")

    @property
    def outcomes(self) -> list[str]:
        """The kinds of the trials' outcomes."""
        return [trial["outcome"]["kind"] for trial in self.trials]

    @property
    def summary(self) -> Any:
        """What ``summary.json`` holds."""
        return json_of(self.folder / "summary.json")


def harness(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> Ran:
    """Run ``python -m harness`` in a folder, in a process of its own."""
    return python("-m", "harness", *arguments, cwd=cwd, env=env, timeout_s=timeout_s)


def python(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> Ran:
    """Run this Python in a folder."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=surroundings(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    return Ran(done.returncode, done.stdout, done.stderr, cwd)


def called(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> Ran:
    """Do what ``python -m harness`` does, in this process: the same but for the start of an interpreter."""
    capsys.readouterr()
    status = status_of(arguments)
    return Ran(status, *capsys.readouterr())


def surroundings(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a plain environment, in which a worker finds the modules of the tests."""
    inherited = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    return {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": _WIDTH, **(more or {})}


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty working directory and a cache of its own for what runs in this process."""
    empty = folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("COLUMNS", _WIDTH)
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return empty


def carrying(marker: str) -> list[int]:
    """Return the processes, other than this one, that have a text in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                if marker.encode() in (process / "environ").read_bytes():
                    found.append(int(process.name))
    return found


def json_of(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def lines_of(path: Path) -> list[Any]:
    """Read a file of one JSON value a line, each of them ended."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n") or not text
    return [json.loads(line) for line in text.splitlines()]


def assert_in_order(text: str, patterns: Sequence[str]) -> None:
    """Find each pattern in a line of its own, behind the line of the one before it."""
    lines = iter(text.splitlines())
    for pattern in patterns:
        assert any(re.fullmatch(pattern, line) for line in lines), f"no line {pattern!r} where it belongs in:\n{text}"


def from_summary_on(out: str) -> str:
    """Return what is printed when the trials are over."""
    return out[out.index("\nSummary (") :]
