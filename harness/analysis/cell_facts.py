"""What a sweep's page tells of one job beside its figures: when and where it ran, and what went wrong first."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Environment, Outcome, Run, Trial


@dataclass(frozen=True, slots=True)
class FailedTrial:
    """A trial that failed: its number, and its outcome with the last lines of the engine's log."""

    index: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CellFacts:
    """Small enough for thousands of jobs. ``machine`` is one line; ``charts`` are the formats that were asked for."""

    started_at: str = ""
    machine: str = ""
    charts: tuple[str, ...] = ()
    first_failure: FailedTrial | None = None


def first_failure(trials: Sequence[Trial]) -> FailedTrial | None:
    """Return the first trial that failed; the later ones of a run mostly fail as it did."""
    return next((FailedTrial(trial.index, trial.outcome) for trial in trials if not trial.outcome.ok), None)


def cell_facts(run: Run, environment: Environment | None, failed: FailedTrial | None) -> CellFacts:
    """Return what a job's records say of it."""
    return CellFacts(run.started_at, _machine(environment), run.charts, failed)


def _machine(environment: Environment | None) -> str:
    """Name a machine by what its figures depend on; empty where the job was killed before it was known."""
    if environment is None:
        return ""
    cores = f"{environment.usable_cores} of {environment.cores} cores"
    memory = f"{environment.memory_mib:.0f} MiB"
    return f"{environment.hostname} ({environment.processor}, {cores} usable, {memory}, {environment.system})"
