"""The jobs of one sweep, handed to SLURM or to processes of this machine by way of submitit, and waited for."""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from harness.clock import SystemClock
from harness.clusters.asking import asked
from harness.clusters.remote_job import RemoteJob
from harness.clusters.waiting import Submitted, Waiting
from harness.clusters.wishes import Wishes
from harness.console.screen import print_at_once
from harness.errors import ConfigError
from harness.printable import printable
from harness.sweeping.requests import JobLost, lost_job, require, threads_of


class Submission:
    """A launcher with its keys checked, for the sweep that ``config`` is of.

    Raises :class:`ConfigError` for a key that cannot be, and where submitit or SLURM is missing.
    """

    def __init__(
        self, name: str, keys: Mapping[str, Any], context: HydraContext, task: TaskFunction, config: DictConfig
    ) -> None:
        self._name = name
        self._asked = asked({key: _plain(value) for key, value in keys.items()})
        self._context = context
        self._task = task
        self._config = config
        _check_installed(name)

    def run(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobReturn]:
        """Submit the jobs, wait for all, and return what became of each, in their order."""
        from harness.clusters.executors import LocalProcesses, SlurmArrays

        cpus = [self._cpus(overrides) for overrides in job_overrides]
        state = Singleton.get_state()
        calls = [(list(overrides), first + position, state) for position, overrides in enumerate(job_overrides)]
        sweep = Path(str(self._config.hydra.sweep.dir))
        local = self._name == "slurm_local"
        task = RemoteJob(self._context, self._task, self._config, alone=local)
        kind = LocalProcesses if local else SlurmArrays
        with Wishes() as wishes:
            queue = kind(self._asked, sweep, task, calls, cpus, print_at_once)
            numbers = {job.id: first + position for position, job in enumerate(queue.jobs)}

            def told(job: Submitted, line: str) -> None:
                print_at_once(printable(f"job {numbers[job.id]}: {line}"))

            waiting = Waiting(queue, SystemClock(), time.sleep, lambda: wishes.count, told)
            results = waiting.all_of(queue.jobs)
        if local and wishes.count:
            raise KeyboardInterrupt
        return [_returned(results[job.id], call) for job, call in zip(queue.jobs, calls, strict=True)]

    def _cpus(self, overrides: Sequence[str]) -> int:
        """Return how many CPUs a job asks for: its own ``threads``, not the sweep's default."""
        if self._asked.cpus_per_task is not None:
            return self._asked.cpus_per_task
        config = self._context.config_loader.load_sweep_config(self._config, list(overrides))
        return threads_of(config)


def _check_installed(name: str) -> None:
    require(name, "submitit", "slurm")
    if name == "slurm":
        for program in ("sbatch", "srun", "squeue", "scancel"):
            if shutil.which(program) is None:
                expected = f"SLURM's programs; no {program} on PATH; slurm_local runs without SLURM"
                raise ConfigError("hydra/launcher", "'slurm'", expected)


def _returned(result: JobReturn | JobLost, call: tuple[list[str], int, Any]) -> JobReturn:
    """Return what Hydra is told of a job; the error of a lost one is raised by who asks for its value."""
    if not isinstance(result, JobLost):
        return result
    overrides, number, _ = call
    return lost_job(overrides, str(number), str(result))


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
