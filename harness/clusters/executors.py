"""How jobs get to where they run: arrays of SLURM's, or processes of this machine, both made by submitit."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import submitit
from submitit.core.core import Job as SubmititJob
from submitit.core.utils import FailedJobError, FailedSubmissionError

from harness.clusters import slurm_queue
from harness.clusters.asking import Asked, alike
from harness.clusters.remote_job import RemoteJob
from harness.clusters.slurm_queue import Place
from harness.clusters.waiting import Submitted
from harness.environment import usable_cores
from harness.errors import ConfigError
from harness.printable import printable
from harness.sweeping.requests import JobLost

Call = tuple[list[str], int, Any]
"""What a job is called with: its overrides, its number, and the state of Hydra's singletons."""
Say = Callable[[str], None]


class _Job:
    """A job of submitit's, as waiting for it sees it."""

    def __init__(self, job: SubmititJob[Any]) -> None:
        self.job = job

    @property
    def id(self) -> str:
        return str(self.job.job_id)

    @property
    def log(self) -> str:
        return str(self.job.paths.stderr)

    def returned(self) -> bool:
        """Tell whether its result is there; touching the folder makes a network file system look again."""
        folder = self.job.paths.folder
        with contextlib.suppress(OSError):
            os.utime(folder)
        return bool(self.job.paths.result_pickle.exists())

    def result(self) -> Any:
        try:
            return self.job.result()
        except FailedJobError as error:
            said = [line for line in str(error).splitlines() if line.strip() and not line.startswith("---")]
            cause = next(
                (line for line in reversed(said) if "Error" in line or "Exception" in line), "it raised an error"
            )
            raise JobLost(f"job {self.id}: {cause.strip()}; what it printed: {self.log}") from None


class SlurmArrays:
    """The jobs of a sweep in SLURM's queue: an array for each number of CPUs that is asked for."""

    name = "slurm"

    def __init__(
        self, asked: Asked, sweep: Path, task: RemoteJob, calls: Sequence[Call], cpus: Sequence[int], say: Say
    ) -> None:
        self._sweep = sweep
        self._say = say
        made: dict[int, _Job] = {}
        said = []
        try:
            for count, positions in alike(cpus).items():
                array = _slurm_executor(asked, count).map_array(
                    task, *zip(*(calls[one] for one in positions), strict=True)
                )
                made.update(zip(positions, map(_Job, array), strict=True))
                said.append(f"{array[0].job_id.partition('_')[0]} ({len(positions)} x {count} CPU)")
        except (FailedJobError, FailedSubmissionError) as error:
            slurm_queue.cancel(_arrays(made.values()))
            raise _refused(error) from None
        except BaseException:
            slurm_queue.cancel(_arrays(made.values()))
            raise
        self.jobs: list[Submitted] = [made[position] for position in range(len(calls))]
        shared = "" if asked.exclusive else ", not exclusive"
        say(f"SLURM has {len(calls)} {'job' if len(calls) == 1 else 'jobs'}{shared}: {', '.join(said)}")
        say(f"They go on without this command; to look: python -m harness watch {sweep}")

    def turn(self) -> None:
        """Do nothing: SLURM begins them."""

    def places(self, ids: Iterable[str]) -> Mapping[str, Place]:
        """Return where SLURM says that each job is."""
        return slurm_queue.places(ids)

    def wished(self, going_on: Sequence[Submitted], count: int) -> None:
        """First say how to go on without this command; then end what is left of the sweep, and nobody else's."""
        ids = [job.id for job in going_on]
        if count == 1:
            self._say(f"\n{len(ids)} jobs are left to SLURM and go on; once more (Ctrl-C) ends them, and so does")
            self._say(f"  scancel {' '.join(_arrays(going_on))}")
            self._say(f"To look: python -m harness watch {self._sweep}; a closed terminal leaves them in the queue")
            return
        self._say(f"\nscancel {' '.join(ids)}")
        against = slurm_queue.cancel(ids)
        if against:
            self._say(f"scancel: {printable(against)}")


def _slurm_executor(asked: Asked, cpus: int) -> submitit.SlurmExecutor:
    executor = submitit.SlurmExecutor(asked.submitit_folder)
    keys = {
        "job_name": asked.name,
        "time": asked.timeout_min,
        "signal_delay_s": asked.signal_delay_s,
        "cpus_per_task": cpus,
        "ntasks_per_node": 1,
        # an exclusive node would be filled with tasks, and since 22.05 a step no longer inherits its CPUs
        "srun_args": ["--nodes=1", "--ntasks=1", f"--cpus-per-task={cpus}"],
        "exclusive": asked.exclusive or None,
        "mem": None if asked.mem_gb is None else f"{asked.mem_gb}GB",
        "mem_per_cpu": asked.mem_per_cpu,
        "partition": asked.partition,
        "account": asked.account,
        "qos": asked.qos,
        "constraint": asked.constraint,
        "nodelist": asked.nodelist,
        "exclude": asked.exclude,
        "comment": asked.comment,
        "array_parallelism": asked.array_parallelism,
        "stderr_to_stdout": asked.stderr_to_stdout,
        "setup": list(asked.setup) or None,
        "additional_parameters": {"requeue" if asked.requeue else "no-requeue": True, **asked.additional_parameters},
    }
    executor.update_parameters(**{key: value for key, value in keys.items() if value is not None})
    return executor


def _arrays(jobs: Iterable[Submitted]) -> list[str]:
    """Return the ids by which whole arrays are ended."""
    return list(dict.fromkeys(job.id.partition("_")[0] for job in jobs))


def _refused(error: Exception) -> ConfigError:
    """Return the one line that sbatch's own words make: it says what it had against the job."""
    said = [line.partition("error: ")[2] or line for line in str(error).splitlines() if line.strip()]
    reason = next((line for line in said if "atch job submission failed" in line), said[-1] if said else "no reason")
    return ConfigError("hydra/launcher", f"a job that sbatch refuses ({reason.strip()})", "one that this cluster takes")


class LocalProcesses:
    """The jobs of a sweep as processes of this machine, begun in their order as there is room for them.

    With ``exclusive`` there is room for one. Otherwise the sum of the CPUs asked for stays within those of the machine;
    a job that asks for more than there are runs alone.
    """

    name = "slurm_local"

    def __init__(
        self, asked: Asked, sweep: Path, task: RemoteJob, calls: Sequence[Call], cpus: Sequence[int], say: Say
    ) -> None:
        self._executor = submitit.LocalExecutor(asked.submitit_folder)
        self._executor.update_parameters(
            timeout_min=asked.timeout_min,
            signal_delay_s=asked.signal_delay_s,
            stderr_to_stdout=asked.stderr_to_stdout,
            setup=list(asked.setup),
        )
        self._say = say
        self._task = task
        self._exclusive = asked.exclusive
        self._room = max(1, usable_cores())
        self._closed = False
        self._own = [
            _Process(number, call, count) for number, (call, count) in enumerate(zip(calls, cpus, strict=True))
        ]
        self.jobs: list[Submitted] = list(self._own)
        self.turn()

    def turn(self) -> None:
        """Begin what there is room for."""
        for process in self._own:
            if self._closed or process.job is not None:
                continue
            taken = [one.cpus for one in self._own if one.place.state == "RUNNING"]
            if taken and (self._exclusive or sum(taken) + process.cpus > self._room):
                return
            process.job = self._begun(process.call)

    def _begun(self, call: Call) -> SubmititJob[Any]:
        """Start a job's processes deaf to Ctrl-C: it is for who waits, and reaches them as TERM."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return self._executor.submit(self._task, *call)
        finally:
            signal.signal(signal.SIGINT, before)

    def places(self, ids: Iterable[str]) -> Mapping[str, Place]:
        """Return what became of each job's process."""
        return {one: self._own[int(one)].place_if(self._closed) for one in ids}

    def wished(self, going_on: Sequence[Submitted], count: int) -> None:
        """Begin no other job; let those that run end after the trial in hand, and at the second time at once."""
        self._closed = True
        if count == 1:
            self._say("\nThe trials in hand are finished first; once more (Ctrl-C) stops at once")
        for process in self._own:
            process.end()


class _Process:
    """One job of this machine: waiting for room until it has a job of submitit's."""

    def __init__(self, number: int, call: Call, cpus: int) -> None:
        self.id = str(number)
        self.call = call
        self.cpus = cpus
        self.job: SubmititJob[Any] | None = None

    @property
    def log(self) -> str:
        return "nothing" if self.job is None else _Job(self.job).log

    @property
    def place(self) -> Place:
        if self.job is None:
            return Place("PENDING")
        return Place({"RUNNING": "RUNNING", "INTERRUPTED": "KILLED"}.get(self.job.state, "ENDED"))

    def place_if(self, closed: bool) -> Place:
        """Return the place, where nothing may be begun any more."""
        return Place("CANCELLED") if closed and self.job is None else self.place

    def returned(self) -> bool:
        return self.job is not None and _Job(self.job).returned()

    def result(self) -> Any:
        assert self.job is not None
        return _Job(self.job).result()

    def end(self) -> None:
        """Ask the job to end: submitit's process hands TERM on to it."""
        process = getattr(self.job, "_process", None)
        if isinstance(process, subprocess.Popen) and process.poll() is None:
            process.terminate()
