"""What the earlier legs of a run have done, and what is therefore left to do."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness import store
from harness.records import Run, Trial

INTERRUPTED = "interrupted"
"""The outcome of a trial that was not done to its end, and which a resumed run does again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The part of a run that is done: nothing of it, where the run is new.

    ``leg`` is the one that begins now; ``done`` are the indices of the trials that stay, ``outcomes`` counts them by
    kind. ``workers`` measured processes have been numbered.
    """

    leg: int = 0
    done: frozenset[int] = frozenset()
    workers: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)


def begun(run: Run, trials: Iterable[Trial]) -> Begun:
    """Return what the stored trials of a run say of it; those that were interrupted are to be done again."""
    done: set[int] = set()
    outcomes: Counter[str] = Counter()
    workers = 0
    for trial in trials:
        workers = max([workers, *(phase.worker + 1 for visit in trial.visits for phase in visit.phases)])
        if trial.outcome.kind != INTERRUPTED:
            done.add(trial.index)
            outcomes[trial.outcome.kind] += 1
    return Begun(len(run.seams) + 1, frozenset(done), workers, outcomes)


def is_finished(run: Run, trials: Iterable[Trial]) -> bool:
    """Tell whether nothing is left to do: every trial is there, or one failed that was to stop the run."""
    done = failed = 0
    for trial in trials:
        done += trial.outcome.kind != INTERRUPTED
        failed += trial.outcome.kind != INTERRUPTED and not trial.outcome.ok
    return done >= run.trials or (run.protocol.on_crash == "stop" and failed > 0)


def set_aside(folder: Path) -> int:
    """Move interrupted trials from ``trials.jsonl`` to ``interrupted.jsonl``, and drop a torn last line.

    Returns how many were moved; they are on the disk in their new place before they leave the old one. The caller owns
    the run. Raises :class:`harness.errors.StoreError` for a damaged line, and where the disk takes no more.
    """
    trials = tuple(store.each_trial(folder, []))
    aside = [trial for trial in trials if trial.outcome.kind == INTERRUPTED]
    if aside:
        store.append_trials(folder / store.INTERRUPTED, aside)
    store.rewrite_trials(folder, (trial for trial in trials if trial.outcome.kind != INTERRUPTED))
    return len(aside)
