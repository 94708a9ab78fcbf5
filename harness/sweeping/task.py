"""What a sweep has done for each of its jobs, in whatever process and on whatever host the launcher calls it.

The same job may be called twice: Ray retries a task whose worker died, SLURM requeues what lost its node, and a sweep
that was stopped is resumed. Then a run lies in the job's folder already, and goes on from there.
"""

import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from harness import store
from harness.analysis.sweep_plan import read_plan
from harness.clock import Clock, SystemClock
from harness.errors import DiskError, OwnedRun, UserError
from harness.finishing import BAD_INPUT, FAILED, INTERRUPTED, finish, keep_failure
from harness.fit_job import refuse_in_sweep
from harness.job import Done, Job, run_job
from harness.printable import printable
from harness.sweeping.reuse import reused
from harness.sweeping.reused import reused_line
from harness.sweeping.state import State, find_job, state_of

PATIENCE_S = 90.0
"""For how long a job waits for an owner on another host, whose heartbeat has to age before the job is anybody's."""
_PAUSE_S = 5.0


def here() -> tuple[str, int]:
    """Return what tells this process from any other: its host's name, and its number there."""
    return socket.gethostname(), os.getpid()


def job_of_hydra(swept: tuple[str, ...]) -> Job:
    """Return the job that Hydra runs at this moment; its overrides as they were written, interpolations included."""
    hydra = HydraConfig.get()
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return Job(
        Path(hydra.runtime.output_dir), tuple(map(str, overrides)), swept, hydra.runtime.choices.get("experiment")
    )


@dataclass(frozen=True, slots=True)
class SweepTask:
    """The function of a sweep's jobs; it can be pickled, for it holds no more than what it is told.

    ``home`` is the process of the sweep, and ``directory`` its working directory. ``forced`` lets a half-done job go on
    that is not as it was. ``disks`` takes what ended a job because nothing more could be written, after which no other
    is begun. ``told`` and ``begun`` are shared by the jobs that run in the sweep's own process.
    """

    swept: tuple[str, ...]
    home: tuple[str, int] = field(default_factory=here)
    directory: str = field(default_factory=lambda: str(Path.cwd()))
    forced: bool = False
    disks: list[DiskError] = field(default_factory=list, compare=False)
    told: set[str] = field(default_factory=set, compare=False)
    begun: set[str] = field(default_factory=set, compare=False)

    def __call__(self, config: DictConfig) -> int:
        """Run the job whose configuration this is, and return its exit status.

        In the sweep's own process an interrupted job raises KeyboardInterrupt, the one exception that no launcher takes
        for a failed job. In any other the status says it, for a launcher may take that exception for its own end.
        """
        if here() == self.home:
            return self._done(config, SystemClock(), remote=False)
        self._settle()
        try:
            return self._done(config, SystemClock(), remote=True)
        except KeyboardInterrupt:
            return INTERRUPTED

    def _settle(self) -> None:
        """Work where the sweep was begun: relative paths count from there, and modules of the user's lie there."""
        if Path.cwd() != Path(self.directory) and Path(self.directory).is_dir():
            os.chdir(self.directory)

    def _done(self, config: DictConfig, clock: Clock, *, remote: bool) -> int:
        job = job_of_hydra(self.swept)
        status, stopped = self._tried(config, job, clock)
        self.begun.add(job.folder.name)
        if stopped and not remote:
            raise KeyboardInterrupt
        return status

    def _tried(self, config: DictConfig, job: Job, clock: Clock) -> tuple[int, bool]:
        """Return the status of a job, and whether the sweep was asked to stop while it ran."""
        try:
            refuse_in_sweep(config)
            state, number = _found(job.folder)
            if state == "finished":
                return _already(job.folder), False
            if state in ("new", "failed") and (record := reused(config, job, clock)) is not None:
                remade(job.folder)
                print(printable(reused_line(job.folder.name, record)), flush=True)
                return 0, False
            brief = bool(self.begun) or (number > 0 and here() != self.home)
            job = replace(job, again=brief, told=self.told, resumed=state == "begun", force=self.forced)
            done = patiently(lambda: run_job(config, job, clock), clock, time.sleep)
            status = finish(done, job)
        except OwnedRun as error:
            print(f"job {printable(job.folder.name)}: left alone: {error}", flush=True)
            return FAILED, False
        except DiskError as error:
            self.disks.append(error)
            print(f"harness: job {printable(job.folder.name)}: {error.shown()}", file=sys.stderr, flush=True)
            return FAILED, True
        except UserError as error:
            if _is_anothers(job.folder):
                print(f"job {printable(job.folder.name)}: left alone: another process has just begun it", flush=True)
                return FAILED, False
            keep_failure(job, error)
            print(f"harness: job {printable(job.folder.name)}: {error.shown()}", file=sys.stderr, flush=True)
            return BAD_INPUT, False
        self.disks.extend([done.ending.disk] if done.ending.disk else [])
        return status, status == INTERRUPTED or bool(done.ending.stopped_by or done.ending.disk)


def _found(folder: Path) -> tuple[State, int]:
    """Return how far the job of a folder is, and its number in the plan; Hydra is told that number too.

    Jobs that are left of a sweep are not numbered as they were planned, and a configuration may name the number. Where
    another sweeper has left no plan, a job is new.
    """
    plan = read_plan(folder.parent)
    found = find_job(plan, folder.name) if plan is not None else None
    if plan is None or found is None:
        return "new", int(HydraConfig.get().job.num)
    number, _ = found
    numbered = cast("DictConfig", HydraConfig.get().job)
    with read_write(numbered), open_dict(numbered):
        numbered.num = number
    state = state_of(folder, plan)
    if state == "new":
        clear(folder)
    return state, number


def _is_anothers(folder: Path) -> bool:
    """Tell whether another process has begun a job, of which there is no more than an open file yet."""
    return not (folder / store.RUN).exists() and store.is_being_written(folder)


def clear(folder: Path) -> None:
    """Remove what a process left that ended before it had said what it would run: a file for trials, without one."""
    trials = folder / store.TRIALS
    if trials.exists() and trials.stat().st_size == 0 and not store.is_being_written(folder):
        trials.unlink()


def _already(folder: Path) -> int:
    """Say that nothing of a job is left to do."""
    remade(folder)
    print(f"job {printable(folder.name)}: nothing is left to do", flush=True)
    return 0


def remade(folder: Path) -> bool:
    """Make the reports of a finished run where whoever did its last trial did not come to it; tell whether."""
    try:
        if (folder / store.SUMMARY).stat().st_mtime_ns >= (folder / store.TRIALS).stat().st_mtime_ns:
            return False
    except OSError:
        pass
    from harness.report.publish import publish

    publish(folder)
    return True


def patiently(run: Callable[[], Done], clock: Clock, sleep: Callable[[float], None]) -> Done:
    """Run a job; where an owner on another host may be dead, try again until that shows, for :data:`PATIENCE_S`.

    Raises what ``run`` raised last.
    """
    until_ns = clock.now_ns() + round(PATIENCE_S * 1e9)
    while True:
        try:
            return run()
        except OwnedRun as error:
            if not error.elsewhere or clock.now_ns() >= until_ns:
                raise
        sleep(_PAUSE_S)
