"""Order x lifecycle x residency x isolation, as commands. Pure: it decides, and does nothing.

A run is a list of *tasks*: one stage works on one utterance in one iteration. *Residency* decides their order and who
may be loaded together; *lifecycle* decides what happens to a model between two of its tasks; *isolation* decides when
a worker ends. For each task :func:`commands` gives what to send, from what is loaded at that moment and from the task
that follows. So a worker that was lost needs no special case: nothing is loaded, and the next task loads again.

================ ==================================== =======================================================
residency        tasks go                             loaded at one time
================ ==================================== =======================================================
one_at_a_time    utterance by utterance               one model
phase_batched    stage by stage, in each iteration    one model; it stays for all utterances of the iteration
all_resident     utterance by utterance               every model
================ ==================================== =======================================================
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.protocol import Protocol

SHARED = "shared"
"""The name of the worker that stages live in together."""


class Action(StrEnum):
    """What a worker is told; ``LEAVE`` ends it. ``REST`` tells it nothing: it has no more to do in this iteration."""

    PREPARE = "prepare"
    LOAD = "load"
    RESTART = "restart"
    RUN = "run"
    UNLOAD = "unload"
    TRIM = "trim"
    REST = "rest"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do, for one stage. The stage also says which worker."""

    action: Action
    stage: str


@dataclass(frozen=True, slots=True)
class Task:
    """One stage's work on one utterance in one iteration; ``trial`` is the index of the trial that it belongs to."""

    trial: int
    iteration: int
    utterance: int
    stage: str


@dataclass(frozen=True, slots=True)
class State:
    """What the live workers hold: stages that are prepared, those that are loaded, and of these those that have run."""

    prepared: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()


def tasks(protocol: Protocol, utterances: int) -> Iterator[Task]:
    """Yield the tasks of a run over so many utterances, in order."""
    for iteration in range(protocol.iterations):
        first = iteration * utterances
        if protocol.residency == "phase_batched":
            for stage in protocol.order:
                for utterance in range(utterances):
                    yield Task(first + utterance, iteration, utterance, stage)
        else:
            for utterance in range(utterances):
                for stage in protocol.order:
                    yield Task(first + utterance, iteration, utterance, stage)


def commands(protocol: Protocol, task: Task, following: Task | None, state: State) -> list[Command]:
    """Return what to send for a task: what has to come first, the run, and what has to come after it.

    ``following`` is the next task that will be done, None after the last.
    """
    return [
        *_before(protocol, task, state),
        Command(Action.RUN, task.stage),
        *_after(protocol, task, following),
    ]


def left_undone(protocol: Protocol, task: Task, following: Task | None, state: State) -> list[Command]:
    """Return what to send where a task cannot be done: of what would come after it, what is for loaded models.

    Else a model would stay where no task follows that takes it away.
    """
    return [command for command in _after(protocol, task, following) if command.stage in state.loaded]


def with_rests(
    protocol: Protocol,
    wanted: Collection[Command],
    task: Task,
    following: Task | None,
    state: State,
    one_per_process: Collection[str],
) -> list[Command]:
    """Return a task's commands with a ``REST`` for each worker that they leave with no more to do in this iteration.

    It stands before the worker's first ``LEAVE``, else at the end, and names the last stage that used the worker.
    ``state`` is that before the commands. An iteration whose last trial is cut short has none.
    """
    living = [stage for stage in protocol.order if stage in state.prepared or protocol.residency == "all_resident"]
    last = {worker_of(protocol, stage, one_per_process): stage for stage in (*living, task.stage)}
    found: list[Command] = []
    for command in wanted:
        if command.action is Action.LEAVE:
            found += _rest(last, worker_of(protocol, command.stage, one_per_process))
        found.append(command)
    if following is None or following.iteration != task.iteration:
        for worker in list(last):
            found += _rest(last, worker)
    return found


def _rest(last: dict[str, str], worker: str) -> Iterator[Command]:
    """Yield a worker's rest, once."""
    if worker in last:
        yield Command(Action.REST, last.pop(worker))


def given_back(protocol: Protocol, state: State) -> list[Command]:
    """Return what to send when a trial was cut short and its later tasks will not be done.

    Under ``lifecycle=recreate`` no trial is given the model of another one.
    """
    loaded = [stage for stage in protocol.order if stage in state.loaded] if protocol.lifecycle == "recreate" else []
    return [command for stage in loaded for command in _goodbye(protocol, stage)]


def worker_of(protocol: Protocol, stage: str, one_per_process: Collection[str]) -> str:
    """Return the name of the worker that a stage lives in; stages with the same name share one process.

    ``one_per_process`` are the stages that cannot stand a second model in their process.
    """
    alone = protocol.isolation == "stage" or (protocol.residency == "all_resident" and stage in one_per_process)
    return stage if alone else SHARED


def _before(protocol: Protocol, task: Task, state: State) -> Iterator[Command]:
    together = protocol.residency == "all_resident"
    if not together:
        yield from (Command(Action.UNLOAD, other) for other in sorted(state.loaded - {task.stage}))
    for stage in protocol.order if together else (task.stage,):
        if stage not in state.loaded:
            if stage not in state.prepared:
                yield Command(Action.PREPARE, stage)
            yield Command(Action.LOAD, stage)
        elif stage == task.stage and stage in state.used and protocol.lifecycle == "restart":
            yield Command(Action.RESTART, stage)


def _after(protocol: Protocol, task: Task, following: Task | None) -> Iterator[Command]:
    over = following is None or (protocol.isolation == "iteration" and following.iteration != task.iteration)
    if protocol.residency == "all_resident":
        done = over or (protocol.lifecycle == "recreate" and following is not None and following.trial != task.trial)
        leaving = protocol.order if done else ()
    else:
        done = over or protocol.lifecycle == "recreate" or (following is not None and following.stage != task.stage)
        leaving = (task.stage,) if done else ()
    if protocol.trim == "each" and protocol.lifecycle != "recreate":
        yield Command(Action.TRIM, task.stage)  # else nothing would tell kept from leaked where models stay
    for stage in leaving:
        yield from _goodbye(protocol, stage)
    if over and leaving:
        yield from _worker_ends(protocol, leaving)


def _goodbye(protocol: Protocol, stage: str) -> Iterator[Command]:
    """Unload a stage, and end its worker where that lives no longer than the stage."""
    yield Command(Action.UNLOAD, stage)
    if protocol.trim == "each" or (protocol.trim == "end" and protocol.isolation == "stage"):
        yield Command(Action.TRIM, stage)
    if protocol.isolation == "stage":
        yield Command(Action.LEAVE, stage)


def _worker_ends(protocol: Protocol, leaving: Collection[str]) -> Iterator[Command]:
    if protocol.isolation == "stage":
        return
    if protocol.trim == "end":
        yield from (Command(Action.TRIM, stage) for stage in leaving)
    yield from (Command(Action.LEAVE, stage) for stage in leaving)
