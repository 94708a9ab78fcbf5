"""Trials that failed, those that failed in the same way together, with the last lines that the engine printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.records import Trial

MOST_LOGS = 200
"""Logs that a page shows; a run of which every trial failed in its own words would be no page any more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Which trials, how they ended, and their last lines; ``left_out`` where those stand in ``trials.jsonl`` alone."""

    heading: str
    log: tuple[str, ...]
    left_out: bool = False


def failures(trials: Sequence[Trial]) -> list[Failure]:
    """Return every failed trial once, in the order in which each kind of failure first happened."""
    alike: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for trial in trials:
        if not trial.outcome.ok:
            alike.setdefault((str(trial.outcome), trial.outcome.log_tail), []).append(trial.index)
    found: list[Failure] = []
    for (outcome, log), indices in alike.items():
        name = "Trial" if len(indices) == 1 else "Trials"
        left_out = len(found) >= MOST_LOGS
        found.append(Failure(f"{name} {ranges(indices)}: {outcome}", () if left_out else log, left_out))
    return found


def ranges(indices: Sequence[int]) -> str:
    """Write ascending numbers briefly: ``2, 4-6``."""
    parts = []
    for _, group in groupby(enumerate(indices), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in group]
        parts.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ", ".join(parts)
