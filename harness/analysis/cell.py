"""One cell of a sweep: all that was measured with the same values of the swept keys, in one run or in several."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from harness.analysis.blocks import merged
from harness.analysis.drift import Drift
from harness.analysis.first_failure import FailedTrial
from harness.analysis.isolation import IsolationCost
from harness.analysis.machines import Machine, machine_of, machines_by_leg
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.outputs import StageOutput
from harness.analysis.presence import Stay
from harness.analysis.setting import Setting, setting_of
from harness.analysis.stored_job import NOT_RUN, StoredJob
from harness.analysis.stored_summary import SummarisedRun
from harness.analysis.summary import Summary
from harness.errors import StoreError
from harness.records import Environment, Seam
from harness.sweeping.reused import Reused, read_reused

_NOTHING: Mapping[str, MetricSummary] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the overrides that made it, how it ended, and what it measured (nothing where it failed).

    ``job`` and ``folder`` are of its first job; a cell that was measured in blocks has several, in ``jobs``,
    ``folders`` and ``outcomes``. A job that was planned and never begun has no folder on the disk. ``verdict`` is the
    word on the process's memory, with the stages that leak; empty where nothing was judged. ``trials`` counts those
    that there are. ``started_at`` is when the first of its jobs began, ``environment`` where, ``setting`` with what its
    stages had at hand; None where no run was recorded. ``charts`` are the formats of charts that were asked for,
    ``first_failure`` is its first trial that failed, ``drift`` what drifted in any of its jobs, ``outputs``
    what its stages put out, by stage.

    ``elsewhere`` are the machines, beside that of ``environment``, on which others of its blocks or legs were measured;
    ``parts`` has the figures of each machine by itself where there are several. ``stays`` say when its jobs were at
    work where, ``neighbours`` which other jobs they saw on their machines. ``seams`` are where its jobs were taken up
    again, with the job's name; ``reused`` the jobs that did not run, by name.
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
    elsewhere: tuple[Machine, ...] = ()
    parts: Mapping[Machine, Mapping[str, MetricSummary]] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    neighbours: tuple[str, ...] = ()
    reused: Mapping[str, Reused] = field(default_factory=dict)

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Every machine that it was measured on; none where nothing was run, or it is not known."""
        first = () if self.environment is None else (machine_of(self.environment),)
        return tuple(dict.fromkeys((*first, *self.elsewhere)))

    def metrics_on(self, machine: Machine) -> Mapping[str, MetricSummary]:
        """Return what it measured on one machine alone: all of it, its part there, or nothing."""
        return self.metrics if self.machines == (machine,) else self.parts.get(machine, _NOTHING)

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
    places = {job.name: _places(job.found) for job in jobs if job.found is not None}
    machines = tuple(dict.fromkeys(machine for place in places.values() for machine in place.values()))
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
        elsewhere=tuple(one for one in machines if environment is None or one != machine_of(environment)),
        parts=_parts(jobs, places, machines),
        stays=tuple(stay for job in jobs if job.found is not None for stay in _stays(job.name, job.found)),
        neighbours=tuple(dict.fromkeys(line for found in read for line in _neighbours(found.environment))),
        reused={job.name: one for job in jobs if job.found and (one := read_reused(job.folder)) is not None},
    )


def _places(found: SummarisedRun) -> Mapping[int, Machine]:
    return machines_by_leg(found.folder, found.run, found.environment)


def _parts(
    jobs: Sequence[StoredJob], places: Mapping[str, Mapping[int, Machine]], machines: Sequence[Machine]
) -> dict[Machine, Mapping[str, MetricSummary]]:
    """Return the figures of the jobs that were on one machine and on no other, where there are several machines."""
    found: dict[Machine, Mapping[str, MetricSummary]] = {}
    for machine in machines if len(machines) > 1 else ():
        there = [job.found for job in jobs if job.found and job.ok and set(places[job.name].values()) == {machine}]
        if there:
            with suppress(StoreError):  # it was said of the whole cell
                found[machine] = merged(there).metrics
    return found


def _stays(job: str, found: SummarisedRun) -> Iterator[Stay]:
    machines = _places(found)
    for presence in found.summary.presences:
        if presence.leg in machines:
            yield Stay(job, machines[presence.leg], presence.began_s, presence.ended_s)


def _neighbours(environment: Environment | None) -> tuple[str, ...]:
    return environment.allocation.neighbours if environment is not None and environment.allocation is not None else ()


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
