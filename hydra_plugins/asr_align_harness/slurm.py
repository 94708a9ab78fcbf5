"""``hydra/launcher=slurm`` and ``slurm_local``: :mod:`harness.clusters` under the names by which Hydra chooses it.

Hydra imports this for every command line, so what only a sweep on a cluster needs is imported when there is one.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class SlurmLauncher(Launcher):
    """Hands the jobs of a sweep to SLURM, each with the CPUs that it asks for, and waits for all of them."""

    _NAME: ClassVar[str] = "slurm"

    def __init__(self, **keys: Any) -> None:
        self._keys = keys
        self._launched: Any = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Check what the launcher is given and needs. Raises :class:`harness.errors.ConfigError`."""
        from harness.clusters.submission import Submission

        self._launched = Submission(self._NAME, self._keys, hydra_context, task_function, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs, and return what became of each, in their order; a lost one is a failed one, and raises nothing.

        Raises :class:`harness.errors.ConfigError` where the scheduler takes no such job, and KeyboardInterrupt.
        """
        returned: Sequence[JobReturn] = self._launched.run(job_overrides, initial_job_idx)
        return returned


class SlurmLocalLauncher(SlurmLauncher):
    """The same without SLURM: processes of this machine, no more at a time than it has CPUs."""

    _NAME: ClassVar[str] = "slurm_local"
