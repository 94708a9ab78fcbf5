"""How far each job of a planned sweep is, by what lies in its folder, and when the sweep was taken up again.

``resumed.json`` in the sweep's folder has an entry for each time; the plan itself is never written again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from harness import store
from harness.errors import StoreError
from harness.records import SCHEMA, PlannedJob, SweepPlan
from harness.resuming.begun import is_finished

RESUMED = "resumed.json"
REUSED = "reused.json"
"""In the folder of a job that did not run, for an earlier sweep's equal one had: where its files come from."""

State = Literal["new", "failed", "begun", "finished"]
"""Nothing of it has run; it could not run at all; something is left to do; nothing is."""

_SKEW = timedelta(minutes=1)
"""By how much the clocks of a cluster's hosts may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """A sweep was taken up again: when, where, by which version, and with which jobs ``left``, in their order.

    ``forced`` are lines of what had changed meanwhile, which the user took upon himself.
    """

    at: str
    hostname: str
    harness_version: str
    left: tuple[str, ...]
    forced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumptions:
    """All times at which a sweep was taken up again, the oldest first."""

    times: tuple[Resumption, ...] = ()
    schema: int = SCHEMA


def read_resumptions(folder: Path) -> Resumptions:
    """Return what is known of a sweep's resumptions; none where there is no such file. Raises :class:`StoreError`."""
    if not (folder / RESUMED).exists():
        return Resumptions()
    return store.read_json(folder / RESUMED, Resumptions)


def add_resumption(folder: Path, resumption: Resumption) -> None:
    """Note that a sweep goes on. Raises :class:`StoreError`."""
    known = read_resumptions(folder)
    store.write_json(folder / RESUMED, replace(known, times=(*known.times, resumption)))


def state_of(folder: Path, plan: SweepPlan) -> State:
    """Return how far the job of a folder is. Raises :class:`StoreError` where a run is damaged, or is no job of it.

    A run is the sweep's own where it began after the sweep was planned, for a folder with runs in it is not planned
    into.
    """
    if (folder / store.RUN).exists():
        run, _ = store.read_description(folder)
        if not (folder / REUSED).exists() and _began(run.started_at) < _began(plan.started_at) - _SKEW:
            raise StoreError(
                "output folder", f"'{folder}' with a run that began before the sweep", "a run of this sweep, or none"
            )
        return "finished" if is_finished(run, store.each_trial(folder, [])) else "begun"
    return "failed" if (folder / store.FAILURE).exists() else "new"


def _began(at: str) -> datetime:
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise StoreError("run folder", f"'{at}' as the time at which it began", "a time of day with a date") from None
    return found if found.tzinfo else found.astimezone()


def find_job(plan: SweepPlan, name: str) -> tuple[int, PlannedJob] | None:
    """Return a planned job by its folder's name, with its number in the plan; None where the plan has no such job."""
    return next(((number, job) for number, job in enumerate(plan.jobs) if job.job == name), None)


def ended_since(folder: Path, jobs: Sequence[str], at: str) -> int:
    """Count the jobs that have ended, well or not, after a moment."""
    moment_s = datetime.fromisoformat(at).timestamp()
    return sum(_ended_s(folder / job) > moment_s for job in jobs)


def _ended_s(folder: Path) -> float:
    found = 0.0
    for name in (store.SUMMARY, store.FAILURE):
        try:
            found = max(found, (folder / name).stat().st_mtime)
        except OSError:
            continue
    return found
