"""One job of a sweep as it runs where a scheduler put it: composed there, run, and ended by the scheduler's signals."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

_INTERRUPTED = 130
_ASKED_TO_END = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")


@dataclass(frozen=True)
class RemoteJob:
    """What every job of a sweep needs to run elsewhere; it is pickled, and called once for each of them.

    A scheduler that puts a job back into its queue calls it again, in the same folder.
    """

    context: HydraContext
    task: TaskFunction
    config: DictConfig
    alone: bool = False
    """Whether the job leaves the terminal's process group, where it would hear Ctrl-C beside who waits for it."""

    def __call__(self, overrides: Sequence[str], number: int, singletons: Mapping[type, Singleton]) -> JobReturn:
        """Run one job; one that was asked to end has returned like any other, with status 130."""
        if self.alone:
            os.setpgid(0, 0)
        Singleton.set_state(dict(singletons))
        setup_globals()
        config = self.context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = scheduler_id()
            config.hydra.job.num = number
        _listen()
        try:
            return run_job(
                hydra_context=self.context,
                task_function=self.task,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
        except KeyboardInterrupt:
            returned = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
            returned.return_value = _INTERRUPTED
            return returned


def scheduler_id() -> str:
    """Return what the scheduler calls the job that runs here."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    if array and task:
        return f"{array}_{task}"
    return os.environ.get("SLURM_JOB_ID") or os.environ.get("SUBMITIT_LOCAL_JOB_ID") or str(os.getpid())


def _listen() -> None:
    """Take the signals from submitit, which would put the job back into the queue at its time limit, and ignore TERM.

    While the run goes on it hears them itself (:mod:`harness.stopping`): the trial in hand is finished first. Before
    and after it there is none, and the job ends at once.
    """

    def end(number: int, frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    for name in _ASKED_TO_END:
        signal.signal(getattr(signal, name), end)
