"""Where a job stands in its sweep: which cell of how many, what that cell has of its own, and the time left."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness import store
from harness.errors import StoreError
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.state import ended_since, read_resumptions

_FINAL = (store.SUMMARY, store.FAILURE)


@dataclass(frozen=True, slots=True)
class Place:
    """A job of a sweep. ``cell`` and ``block`` count from 1; ``name`` is what the sweep varies, as it is here.

    ``mean_s`` is the time from one finished job to the next so far, None where none is finished yet; ``waiting`` counts
    the jobs that have not ended, this one not among them.
    """

    cell: int
    cells: int
    name: str
    block: int = 1
    blocks: int = 1
    mean_s: float | None = None
    waiting: int = 0

    def __str__(self) -> str:
        """Return what stands before a line of this job: ``3/6 threads=2``."""
        block = f"block {self.block}/{self.blocks}" if self.blocks > 1 else ""
        return " ".join(part for part in (f"{self.cell}/{self.cells}", self.name, block) if part)

    def left_s(self, job_left_s: float) -> float | None:
        """Return the seconds that the sweep will take still, given those of this job; None without a basis."""
        return None if self.mean_s is None else job_left_s + self.waiting * self.mean_s


def read_place(folder: Path, now: datetime) -> Place | None:
    """Return where the job of a folder stands; None where there is no plan, or it has no such job. Writes nothing.

    The estimate takes the time since the sweep began, or was resumed, over the jobs that have ended since, so that it
    holds also where several run at a time; a sweep whose jobs differ in length is estimated as if the rest were like
    the first.
    """
    try:
        plan = store.read_json(folder.parent / store.PLAN, SweepPlan)
    except StoreError:
        return None
    job = next((job for job in plan.jobs if job.job == folder.name), None)
    if job is None:
        return None
    ended = sum(is_ended(folder.parent / one.job) for one in plan.jobs)
    began_at, counted = _this_leg(folder.parent, plan, ended)
    passed_s = (now - datetime.fromisoformat(began_at)).total_seconds()
    return Place(
        cell=job.cell + 1,
        cells=len({one.cell for one in plan.jobs}),
        name=swept_name(plan, job),
        block=job.block + 1,
        blocks=plan.blocks,
        mean_s=passed_s / counted if counted and passed_s > 0 else None,
        waiting=len(plan.jobs) - ended - 1,
    )


def _this_leg(folder: Path, plan: SweepPlan, ended: int) -> tuple[str, int]:
    """Return when the sweep began, or was taken up again, and how many jobs have ended since: a pause is no work."""
    try:
        times = read_resumptions(folder).times
    except StoreError:
        return plan.started_at, 0
    return (times[-1].at, ended_since(folder, times[-1].left, times[-1].at)) if times else (plan.started_at, ended)


def is_ended(folder: Path) -> bool:
    """Tell whether a job has ended, well or not."""
    return any((folder / name).exists() for name in _FINAL)


def swept_name(plan: SweepPlan, job: PlannedJob) -> str:
    """Return the overrides of a job that its sweep varies."""
    return " ".join(one for one in job.overrides if one.partition("=")[0].lstrip("+~") in plan.swept)
