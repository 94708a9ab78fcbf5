"""What the tests of the experiment look up in a trial."""

from collections.abc import Iterable

from harness.records import Trial, Visit

LETTERS = {"prepare": "P", "load": "L", "restart": "S", "run": "R", "unload": "U", "trim": "T"}


def chronicle(trial: Trial) -> str:
    """Return a trial's commands in the order of their stamps: letter, first letter of the stage, worker."""
    commands = [
        (phase.start_ns, f"{LETTERS[phase.name]}{visit.stage[:2]}{phase.worker}")
        for visit in trial.visits
        for phase in visit.phases
        if phase.name in LETTERS
    ]
    return " ".join(name for _, name in sorted(commands))


def workers(trials: Iterable[Trial]) -> list[int]:
    """Return, for each trial, the worker of its last command."""
    return [trial.visits[-1].phases[-1].worker for trial in trials]


def visit_of(trial: Trial, stage: str) -> Visit:
    """Return a visit that must be there."""
    visit = trial.visit(stage)
    assert visit is not None
    return visit


def read(trial: Trial, stage: str, point: str, counter: str) -> float:
    """Return a counter that must have been read."""
    values = visit_of(trial, stage).observed(point, "counters")
    assert values is not None
    value = values[counter]
    assert value is not None
    return value
