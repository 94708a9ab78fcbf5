"""Where a run happens: machine, limits, versions, the commit, the hashes of models, and what will blur the figures."""

import contextlib
import hashlib
import os
import platform
import socket
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from harness.cgroup import cgroup_of, high_bytes_of
from harness.machine.allocation import Allocation
from harness.machine.cpu_group import quota_of
from harness.machine.noise import Noise
from harness.records import Environment, StageRecord

_PACKAGES = ("asr-align-harness", "hydra-core", "jiwer", "msgspec", "numpy", "pluggy", "psutil", "scipy")
_GIT_STATUS = ("git", "status", "--porcelain=v2", "--branch", "--untracked-files=no")
_GIT_COMMIT = "# branch.oid "


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment(
    noise: Noise | None = None,
    warnings: Iterable[str] = (),
    root: Path = Path("/"),
    allocation: Allocation | None = None,
) -> Environment:
    """Describe this machine, with the noise check and a line for each thing that will blur the figures of a run.

    ``allocation`` is what of it the run was given.
    ``root`` is the folder in which the ``proc`` and ``sys`` with its control groups are.
    """
    return Environment(
        hostname=socket.gethostname(),
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        usable_cores=usable_cores(),
        memory_mib=psutil.virtual_memory().total / 2**20,
        python=platform.python_version(),
        versions=_versions(_PACKAGES),
        limits=_limits(root),
        git=_git(Path(__file__).parent),
        warnings=tuple(warnings),
        noise=noise,
        allocation=allocation,
    )


def named_files_mib(stages: Iterable[StageRecord]) -> float | None:
    """Return the size of the files that a stage's options name, of the stage that names most; None where none does."""
    sizes = [_named_bytes(stage.options.values()) / 2**20 for stage in stages]
    return max(sizes, default=0.0) or None


def _named_bytes(values: Iterable[Any]) -> int:
    total = 0
    for value in values:
        if isinstance(value, str) and value:
            with contextlib.suppress(OSError, ValueError):  # most texts name no file
                total += Path(value).stat().st_size if Path(value).is_file() else 0
    return total


def file_facts(paths: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return SHA-256 and size of each file; of a folder, those of the files in it. A missing one says so."""
    facts: dict[str, Mapping[str, Any]] = {}
    for path in map(Path, sorted(set(paths))):
        files = sorted(child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]
        for file in files:
            facts[str(file)] = _hash(file)
    return facts


def _hash(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            return {
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
                "size_bytes": path.stat().st_size,
            }
    except OSError as error:
        return {"error": error.strerror}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"


def _versions(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed as a distribution"
    return versions


def _limits(root: Path) -> dict[str, str]:
    """Return what the control groups of this process leave it, of either version and however deep they lie."""
    proc, mounts = root / "proc", root / "sys/fs/cgroup"
    memory, high = cgroup_of("self", proc, mounts).limit_bytes, high_bytes_of("self", proc, mounts)
    cpus = quota_of("self", root).cpus
    limits = {
        "memory limit": None if memory is None else f"{memory / 2**20:.1f} MiB",
        "memory slowed from": None if high is None else f"{high / 2**20:.1f} MiB",
        "CPU limit": None if cpus is None else f"{cpus:g} CPUs",
    }
    return {name: text for name, text in limits.items() if text is not None}


def _git(folder: Path) -> dict[str, str]:
    """Return commit and state of the checkout that the harness runs from, empty where there is none."""
    try:
        answer = subprocess.run(_GIT_STATUS, cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = answer.stdout.splitlines()
    commit = next((line.removeprefix(_GIT_COMMIT) for line in lines if line.startswith(_GIT_COMMIT)), "unknown")
    changed = any(not line.startswith("#") for line in lines)
    return {"commit": commit, "changed": "yes" if changed else "no"}
