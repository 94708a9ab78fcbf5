"""A sweep followed from its files while it goes on: the state of each job, and the run that is going on now."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from harness import store
from harness.analysis.follow_run import FollowedRun
from harness.analysis.sweep_plan import read_plan
from harness.errors import StoreError
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.place import swept_name
from harness.sweeping.state import read_resumptions

State = Literal["waiting", "running", "done", "failed", "stopped", "not run"]
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class JobState:
    """One job: its folder's name, what is its own in the sweep, its cell and block from 1, and how it stands.

    In a sweep that is over, what had begun and did not end is ``stopped``, and what had not begun ``not run``.
    """

    job: str
    name: str
    cell: int
    block: int
    state: State
    detail: str = ""


class _Counts(msgspec.Struct):
    """What is read of a summary: trials by outcome, and of a run's record: how many there were to be."""

    outcomes: dict[str, int] = {}
    trials: int = 0


class _Asked(msgspec.Struct):
    trials: int = 0
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()


class _Refused(msgspec.Struct):
    message: str = ""


def holds_sweep(folder: Path) -> bool:
    """Tell whether a folder holds a sweep, or will: its plan, Hydra's mark, or numbered jobs."""
    if (folder / store.RUN).exists():
        return False
    return (folder / store.PLAN).exists() or (folder / store.MULTIRUN).exists() or bool(_numbered(folder))


class FollowedSweep:
    """A sweep's folder, followed. A job that has ended is looked at once; it writes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: SweepPlan | None = None
        self.jobs: tuple[JobState, ...] = ()
        self.current: FollowedRun | None = None
        self._final: dict[str, JobState] = {}

    def poll(self) -> None:
        """Look at every job that has not ended, and read on in the run of the newest one that goes on."""
        if self.plan is None:
            self.plan = read_plan(self.folder)
        self.jobs = tuple(self._state(job) for job in self._planned())
        if self.finished:
            self.jobs = tuple(replace(job, state=_OVER.get(job.state, job.state)) for job in self.jobs)
        running = [job for job in self.jobs if job.state in ("running", "stopped")]
        name = running[-1].job if running else next((job.job for job in reversed(self.jobs) if job.state == "done"), "")
        if name and (self.current is None or self.current.folder.name != name):
            self.current = FollowedRun(self.folder / name)
        if self.current is not None:
            self.current.poll()

    @property
    def counts(self) -> Counter[str]:
        """How many jobs are in each state."""
        return Counter(job.state for job in self.jobs)

    @property
    def finished(self) -> bool:
        """Whether every planned job has ended, or the sweep's table was made after the newest one.

        A table can be made of a sweep that goes on: it is not over while a process writes a job's trials.
        """
        if self.plan is not None and self.jobs and all(job.state in ("done", "failed") for job in self.jobs):
            return True
        table_s = _changed_s(self.folder / store.SWEEP_JSON)
        newest_s = max((_changed_s(self.folder / job.job / store.RUN) for job in self.jobs), default=0.0)
        begun = (self.folder / job.job for job in self.jobs if job.state == "running")
        return table_s > newest_s and not any(store.is_being_written(folder) for folder in begun)

    def left_s(self, now_s: float) -> float | None:
        """Return the seconds left at the pace so far, None without a plan or before a job has ended.

        Of a sweep that was resumed the pace is that since then: a pause is none.
        """
        if self.plan is None:
            return None
        began_s = self._began_s(self.plan)
        ended_s = [max(_changed_s(self.folder / job.job / name) for name in _LAST) for job in self.jobs]
        since = sum(moment_s > began_s for moment_s in ended_s)
        if not since:
            return None
        mean_s = (max(ended_s) - began_s) / since
        since_s = max(0.0, now_s - max(ended_s))
        run_left_s = self.current.left_s(now_s) if self.current is not None else None
        left = len(self.jobs) - self.counts["done"] - self.counts["failed"]
        return max(run_left_s or 0.0, mean_s * left - since_s)

    def _began_s(self, plan: SweepPlan) -> float:
        """Return when the sweep began or, if that is later, was last taken up again, in seconds since 1970."""
        try:
            times = [resumption.at for resumption in read_resumptions(self.folder).times]
            return max(datetime.fromisoformat(at).timestamp() for at in (plan.started_at, *times))
        except (StoreError, ValueError):  # torn: then a pause counts
            return datetime.fromisoformat(plan.started_at).timestamp()

    def _planned(self) -> tuple[PlannedJob, ...]:
        if self.plan is not None:
            return self.plan.jobs
        return tuple(
            PlannedJob(job=one.name, overrides=(), cell=number) for number, one in enumerate(_numbered(self.folder))
        )

    def _state(self, job: PlannedJob) -> JobState:
        folder = self.folder / job.job
        if job.job in self._final and not _goes_on(folder):
            return self._final[job.job]
        name = swept_name(self.plan, job) if self.plan else _own_name(folder)
        found = JobState(job.job, name, job.cell + 1, job.block + 1, "waiting")
        if (folder / store.FAILURE).exists():
            refused = _read(folder / store.FAILURE, _Refused)
            found = replace(found, state="failed", detail=refused.message if refused else "")
        elif (folder / store.SUMMARY).exists() and not _goes_on(folder):
            found = _ended(folder, found)
        elif (folder / store.RUN).exists() or (folder / store.TRIALS).exists():
            return replace(found, state="running")
        else:
            return found
        self._final[job.job] = found
        return found


_LAST = (store.SUMMARY, store.FAILURE)
_OVER: dict[State, State] = {"running": "stopped", "waiting": "not run"}


def _goes_on(folder: Path) -> bool:
    """Tell whether a job that was summarised has been taken up again since, and is at it."""
    newer = _changed_s(folder / store.TRIALS) > _changed_s(folder / store.SUMMARY) > 0.0
    return newer and store.is_being_written(folder)


def _ended(folder: Path, job: JobState) -> JobState:
    counts, asked = _read(folder / store.SUMMARY, _Counts), _read(folder / store.RUN, _Asked)
    if counts is None or asked is None:
        return replace(job, state="failed", detail="its summary cannot be read")
    told = ", ".join(f"{count} {kind}" for kind, count in counts.outcomes.items()) or "none done"
    whole = counts.outcomes == {"ok": asked.trials}
    return replace(
        job, state="done" if whole else "failed", detail=told if whole else f"{told} of {asked.trials} trials"
    )


def _own_name(folder: Path) -> str:
    asked = _read(folder / store.RUN, _Asked)
    if asked is None:
        return ""
    return " ".join(one for one in asked.overrides if one.partition("=")[0].lstrip("+~") in asked.swept)


def _read(path: Path, shape: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _numbered(folder: Path) -> list[Path]:
    try:
        found = [one for one in folder.iterdir() if one.name.isdigit() and one.is_dir()]
    except OSError as error:
        raise StoreError("sweep folder", f"'{folder}' ({error.strerror})", "a folder that can be read") from None
    return sorted(
        (one for one in found if any((one / name).exists() for name in (store.RUN, *_LAST))),
        key=lambda one: int(one.name),
    )


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
