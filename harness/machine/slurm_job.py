"""What SLURM says of the job that this process is in: which CPUs of this node, whether alone on it, and who else is.

A cluster whose ``TaskPlugin`` binds nothing lets a job run on every CPU; ``scontrol show job --details`` still knows
which of them are the job's. See the manual pages of scontrol and squeue.
"""

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.machine.topology import cpu_numbers

_TIMEOUT_S = 10.0
_DETAIL = re.compile(r"^\s+Nodes=(?P<nodes>\S+)\s+CPU_IDs=(?P<cpus>[\d,-]+)", re.MULTILINE)
_SHARING = re.compile(r"\bOverSubscribe=(?P<sharing>\S+)")
_JOB = re.compile(r"\d+(?:_\d+)?")

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns what it printed; empty where it could not."""


@dataclass(frozen=True, slots=True)
class SlurmJob:
    """A job of SLURM's on one node.

    ``cpu_ids`` count the node's CPUs by socket, core and thread, which is not the kernel's order; empty where SLURM
    does not tell. ``exclusive`` is whether no other job is let on the node, None where that is not known. ``others``
    has a line for each other job on the node.
    """

    job: str
    node: str
    asked: int | None
    cpu_ids: tuple[int, ...] = ()
    exclusive: bool | None = None
    others: tuple[str, ...] = ()


def slurm_job(environment: Mapping[str, str] = os.environ, ask: Ask | None = None) -> SlurmJob | None:
    """Return the job that this process is in, None where it is in none."""
    job = environment.get("SLURM_JOB_ID", "")
    if not _JOB.fullmatch(job):
        return None
    ask = ask or printed
    node = environment.get("SLURMD_NODENAME", "")
    per_task = environment.get("SLURM_CPUS_PER_TASK", "")
    shown = ask(("scontrol", "--details", "show", "job", job))
    sharing = _SHARING.search(shown)
    return SlurmJob(
        job=job,
        node=node,
        asked=int(per_task) if per_task.isdigit() else None,
        cpu_ids=_cpu_ids(shown, node),
        exclusive=sharing["sharing"] == "NO" if sharing else None,
        others=jobs_beside(job, node, ask),
    )


def jobs_beside(job: str, node: str, ask: Ask | None = None) -> tuple[str, ...]:
    """Return a line for each other job that runs on a node now."""
    if not node:
        return ()
    lines = (ask or printed)(("squeue", "--noheader", "--states=running", f"--nodelist={node}", "--format=%A %u %C"))
    found = (line.split() for line in lines.splitlines())
    return tuple(
        f"SLURM job {other} of {user} ({cpus} CPUs)" for other, user, cpus in filter(_whole, found) if other != job
    )


def _whole(words: Sequence[str]) -> bool:
    return len(words) == 3


def _cpu_ids(shown: str, node: str) -> tuple[int, ...]:
    """Return the CPUs on a node; of a job on one node its only line, however the node is written there."""
    lines = list(_DETAIL.finditer(shown))
    own = [line for line in lines if line["nodes"] == node] or (lines if len(lines) == 1 and "[" not in shown else [])
    return cpu_numbers(own[0]["cpus"]) if own else ()


def printed(command: Sequence[str]) -> str:
    """Return what a command of SLURM's printed; empty where there is no such command, or no answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
