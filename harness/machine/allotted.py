"""Finds which CPUs a job was given, or claims some, and keeps it known to its neighbours while it runs.

In this order: a SLURM job's CPUs; for several jobs at a time on one machine, CPUs that no other job has claimed; else
the set that this process is confined to (taskset, a container's cpuset). A job that nobody confined runs everywhere.
"""

import os
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.machine.allocation import Allocation
from harness.machine.cpu_claims import CpuClaims
from harness.machine.live_jobs import LiveJob
from harness.machine.private_folder import private_folder
from harness.machine.slurm_job import SlurmJob, jobs_beside, slurm_job
from harness.machine.topology import in_block_order

SIDE_BY_SIDE = ("joblib", "ray", "slurm_local")
"""Launchers that put several jobs on one machine and name no CPUs."""
CLAIMED, SHARED, CONFINED = "claimed", "shared", "affinity"
SLURM_BOUND, SLURM_NAMED = "SLURM (bound)", "SLURM (CPU_IDs)"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a job finds: the CPUs it may run on, all that there are, and who put it there."""

    usable: tuple[int, ...]
    present: int
    slurm: SlurmJob | None = None

    @property
    def confined(self) -> bool:
        """Whether the process may run on some of the CPUs only."""
        return len(self.usable) < self.present


def this_machine() -> Machine:
    """Look where this process is."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return Machine(tuple(sorted(usable)), os.cpu_count() or 1, slurm_job())


@dataclass
class Allotted:
    """A job's CPUs and neighbours while it is entered; ``allocation`` is what of them is known.

    It never fails: a machine that keeps no folder for it, or another system, gives no CPUs, and says so.
    """

    launcher: str
    threads: int
    run: Path
    machine: Callable[[], Machine] = this_machine
    folder: Callable[[], Path] = private_folder
    allocation: Allocation = field(default_factory=Allocation)
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> "Allotted":
        self._claims: CpuClaims | None = None
        self._live: LiveJob | None = None
        self._machine = self.machine()
        self._scheduled()
        try:
            if sys.platform.startswith("linux"):
                folder = self.folder()
                self._live = LiveJob(folder, f"{self.run.absolute()} (pid {os.getpid()}, threads={self.threads})")
                self._live.enter()
                if self.allocation.source == SHARED:
                    self._claimed(folder)
        except OSError as error:
            self.problems.append(f"other jobs on this machine are not seen ({error})")
        self.look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._claims is not None:
            self._claims.release()
        if self._live is not None:
            self._live.leave()

    def look(self) -> Allocation:
        """Return the allocation with all neighbours that were seen until now."""
        seen = list(self.allocation.neighbours)
        seen.extend(self._live.neighbours() if self._live else ())
        slurm = self._machine.slurm
        if slurm is not None:
            seen.extend(slurm.others)
            seen.extend(jobs_beside(slurm.job, slurm.node))
        self.allocation = replace(self.allocation, neighbours=tuple(dict.fromkeys(seen)))
        return self.allocation

    def _scheduled(self) -> None:
        """Write down what was given before anything is claimed."""
        machine, slurm = self._machine, self._machine.slurm
        base = Allocation(launcher=self.launcher)
        if slurm is not None and self.launcher != "slurm_local":
            cpus, source = _of_slurm(slurm, machine)
            base = replace(
                base, job=slurm.job, node=slurm.node or socket.gethostname(), asked=slurm.asked or self.threads,
                cpus=cpus, source=source, exclusive=slurm.exclusive,
            )  # fmt: skip
        elif self.launcher in SIDE_BY_SIDE:
            job, node = _of_ray() if self.launcher == "ray" else ("", "")
            asked = min(self.threads, len(machine.usable))
            base = replace(base, job=job, node=node or socket.gethostname(), asked=asked, source=SHARED)
        elif machine.confined:
            base = replace(base, cpus=machine.usable, source=CONFINED)
        self.allocation = base

    def _claimed(self, folder: Path) -> None:
        self._claims = CpuClaims(folder)
        cpus = self._claims.claim(self._machine.usable, self.allocation.asked or 1)
        if cpus:
            self.allocation = replace(self.allocation, cpus=cpus, source=CLAIMED)
        else:
            self.problems.append(
                f"too few CPUs are free for {self.allocation.asked}: the worker is not pinned, and shares them"
            )


def _of_slurm(slurm: SlurmJob, machine: Machine) -> tuple[tuple[int, ...], str]:
    """Return the CPUs that a SLURM job has here; those that it was bound to say more than any list."""
    if machine.confined:
        return machine.usable, SLURM_BOUND
    ordered = in_block_order(range(machine.present))
    named = _named(slurm.cpu_ids, ordered)
    return (named, SLURM_NAMED) if named else ((), "")


def _named(cpu_ids: Collection[int], ordered: list[int]) -> tuple[int, ...]:
    if any(number >= len(ordered) for number in cpu_ids):
        return ()  # SLURM was told of another machine than this
    return tuple(sorted(ordered[number] for number in cpu_ids))


def _of_ray() -> tuple[str, str]:
    """Return the task and the node as Ray calls them; Ray is asked only where it has put this process here."""
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return "", ""
    context = ray.get_runtime_context()
    return str(context.get_task_id() or ""), str(context.get_node_id() or "")
