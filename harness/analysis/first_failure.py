"""The first trial of a run that failed: what a sweep tells of a job that did not do everything."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.records import Outcome, Trial


@dataclass(frozen=True, slots=True)
class FailedTrial:
    """A trial that failed: its number, and its outcome with the last lines of the engine's log."""

    index: int
    outcome: Outcome


def first_failure(trials: Sequence[Trial]) -> FailedTrial | None:
    """Return the first trial that failed; the later ones of a run mostly fail as it did."""
    return next((FailedTrial(trial.index, trial.outcome) for trial in trials if not trial.outcome.ok), None)
