"""``hydra/launcher=joblib``: several jobs of a sweep at a time on this machine, each in a process of its own."""

import os
from collections.abc import Sequence
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from harness.environment import usable_cores
from harness.errors import ConfigError
from harness.sweeping.requests import Request, requests_of, require, shared_line


class SideBySideLauncher(Launcher):
    """Hands each job to a process of joblib's. ``n_jobs`` run at a time; None: as many as fit on the CPUs."""

    def __init__(self, n_jobs: int | None = None, **options: Any) -> None:
        self._n_jobs = n_jobs
        self._options = options
        self.config: DictConfig | None = None
        self.hydra_context: HydraContext | None = None
        self.task_function: TaskFunction | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra composed for the sweep. Raises :class:`ConfigError` where joblib is missing."""
        require("joblib", "hydra_plugins.hydra_joblib_launcher", "joblib")
        n_jobs = self._n_jobs
        whole = isinstance(n_jobs, int) and not isinstance(n_jobs, bool)
        if n_jobs is not None and (not whole or n_jobs == 0 or n_jobs < -1):
            raise ConfigError(
                "hydra.launcher.n_jobs", repr(n_jobs), "a whole number of at least 1, -1 (every CPU) or null"
            )
        self.config, self.hydra_context, self.task_function = config, hydra_context, task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs, and return what became of each in their order."""
        assert self.config is not None
        assert self.hydra_context is not None
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        requests = requests_of(self.hydra_context.config_loader, self.config, job_overrides, initial_job_idx)
        at_a_time = self.jobs_at_a_time(requests)
        if line := shared_line(at_a_time):
            print(line, flush=True)
        return self._run(requests, at_a_time)

    def jobs_at_a_time(self, requests: Sequence[Request]) -> int:
        """Return how many of the jobs will run side by side."""
        most = max(request.cpus for request in requests)
        wanted = self._n_jobs or max(1, usable_cores() // most)
        return min(usable_cores() if wanted == -1 else wanted, len(requests))

    def _run(self, requests: Sequence[Request], at_a_time: int) -> list[JobReturn]:
        from hydra_plugins.asr_align_harness._side_by_side import Jobs, run_side_by_side

        assert self.config is not None
        assert self.hydra_context is not None
        assert self.task_function is not None
        jobs = Jobs(self.config, self.hydra_context, self.task_function, Singleton.get_state(), os.getpid())
        return run_side_by_side(requests, at_a_time, jobs, self._options)
