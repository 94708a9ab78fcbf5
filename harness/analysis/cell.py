"""One cell of a sweep: all that was measured with the same values of the swept keys, in one run or in several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.analysis.blocks import merged
from harness.analysis.drift import Drift
from harness.analysis.first_failure import FailedTrial
from harness.analysis.isolation import IsolationCost
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.outputs import StageOutput
from harness.analysis.setting import Setting, setting_of
from harness.analysis.stored_job import NOT_RUN, StoredJob
from harness.analysis.summary import Summary
from harness.errors import StoreError
from harness.records import Environment, Seam


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the overrides that made it, how it ended, and what it measured (nothing where it failed).

    ``job`` and ``folder`` are of its first job; a cell that was measured in blocks has several, in ``jobs``,
    ``folders`` and ``outcomes``. A job that was planned and never begun has no folder on the disk. ``verdict`` is the
    word on the process's memory, with the stages that leak; empty where nothing was judged. ``trials`` counts those
    that there are. ``started_at`` is when the first of its jobs began, ``environment`` where, ``setting`` with what its
    stages had at hand; None where no run was recorded. ``charts`` are the formats of charts that were asked for,
    ``first_failure`` is its first trial that failed, ``drift`` what drifted in any of its jobs, ``outputs``
    what its stages put out, by stage. ``seams`` are where its jobs were taken up again, with the job's name.
    """

    job: str
    folder: Path
    overrides: Mapping[str, str]
    outcome: str
    ok: bool
    metrics: Mapping[str, MetricSummary]
    notes: tuple[str, ...] = ()
    isolation: IsolationCost | None = None
    verdict: str = ""
    jobs: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    outcomes: tuple[str, ...] = ()
    trials: int = 0
    started_at: str | None = None
    environment: Environment | None = None
    setting: Setting | None = None
    drift: tuple[Drift, ...] = ()
    charts: tuple[str, ...] = ()
    first_failure: FailedTrial | None = None
    outputs: Mapping[str, StageOutput] = field(default_factory=dict)
    seams: tuple[tuple[str, Seam], ...] = ()

    @property
    def hostname(self) -> str | None:
        """The machine, None where nothing was run or it is not known."""
        return self.environment.hostname if self.environment else None


def cell_of(jobs: Sequence[StoredJob]) -> Cell:
    """Make one cell of its jobs, in the order of their blocks."""
    first = jobs[0]
    read = [job.found for job in jobs if job.found is not None]
    overrides = next((job.overrides for job in jobs if job.overrides), {})
    names, folders = tuple(job.name for job in jobs), tuple(job.folder for job in jobs)
    outcomes = tuple(job.outcome for job in jobs)
    outcome, ok = _outcome(jobs), all(job.ok for job in jobs)
    if not read:
        return Cell(
            first.name, first.folder, overrides, outcome, ok, {}, jobs=names, folders=folders, outcomes=outcomes
        )
    try:
        summary = merged(read)
    except StoreError as error:  # the trials of a block, which nobody had read until now
        summary, outcome, ok = read[0].summary, f"unreadable: {error}", False
    environment = next((found.environment for found in read if found.environment is not None), None)
    return Cell(
        first.name,
        first.folder,
        overrides,
        outcome,
        ok,
        summary.metrics,
        summary.notes,
        verdict=_verdict(summary),
        jobs=names,
        folders=folders,
        outcomes=outcomes,
        trials=summary.trials,
        started_at=min(found.run.started_at for found in read),
        environment=environment,
        setting=setting_of(read[0].run, environment),
        drift=tuple(one for found in read for one in found.summary.drift),
        charts=read[0].run.charts,
        first_failure=next((found.summary.first_failure for found in read if found.summary.first_failure), None),
        outputs=summary.outputs,
        seams=tuple((job.name, seam) for job in jobs if job.found for seam in job.found.run.seams),
    )


def _outcome(jobs: Sequence[StoredJob]) -> str:
    """Say how a cell ended: once where all its blocks ended alike, else those that are not ok, by their number."""
    outcomes = dict.fromkeys(job.outcome for job in jobs)
    if len(outcomes) == 1:
        return jobs[0].outcome
    if all(job.ok or job.outcome == NOT_RUN for job in jobs):
        done = sum(job.ok for job in jobs)
        return f"{done} of {len(jobs)} blocks"
    return "; ".join(f"block {job.block}: {job.outcome}" for job in jobs if job.outcome != "ok")


def _verdict(summary: Summary) -> str:
    word = summary.verdicts["memory"].verdict if "memory" in summary.verdicts else ""
    leaking = [stage for stage, verdict in summary.stage_verdicts.items() if verdict.verdict == "leak"]
    return f"{word} ({', '.join(leaking)})" if leaking else word
