"""Runs a plan: sends each command, lets probes look at the resting workers, and writes every trial."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from harness import page_cache, store
from harness.clock import Clock
from harness.corpus.opened import UNDECODABLE, attempted
from harness.crew import Crew, Member
from harness.errors import DiskError, GuardError, StageRefused, WorkerError
from harness.limit import Limits
from harness.machine.temperature import Thermometer
from harness.measuring import measured
from harness.own_modules import added_last
from harness.plan import Plan
from harness.plugins import Listeners
from harness.records import Observation, Outcome, Phase
from harness.resuming.begun import Begun
from harness.sampling.sampler import Sampler
from harness.schedule import Action, Command, Task, commands, given_back, left_undone, tasks, with_rests
from harness.stopping import Stop
from harness.trial import OpenTrial, OpenVisit

_POINT_BEFORE = {Action.LOAD: "before_load", Action.RUN: "before_run"}
_POINT_AFTER = {
    Action.PREPARE: "prepared",
    Action.LOAD: "loaded",
    Action.RUN: "ran",
    Action.UNLOAD: "unloaded",
    Action.TRIM: "trimmed",
}


@dataclass
class Ending:
    """How a run ended.

    ``outcomes`` counts trials by kind of outcome; ``engines`` holds what each stage said of itself; ``problems`` are
    lines about listeners that failed; ``bare_mib`` is what a worker without an engine held, as its limit counts.
    ``stopped_by`` names the signal that came, and ``interrupted`` says that something is left to do because of it.
    ``disk`` is the file that could not be written, which ends a run too.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False
    stopped_by: str | None = None
    engines: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    bare_mib: float | None = None
    disk: DiskError | None = None

    @property
    def ok(self) -> bool:
        """Whether every trial was done and kept, and none failed."""
        return not self.interrupted and self.disk is None and set(self.outcomes) <= {"ok"}

    @property
    def kept(self) -> int:
        """How many trials were done to their end, in this leg and those before it, and are on the disk."""
        return sum(self.outcomes.values()) - self.outcomes.get("interrupted", 0)


class Experiment:
    """One run, from its first worker to its last trial."""

    def __init__(
        self,
        plan: Plan,
        listeners: Listeners,
        folder: Path,
        clock: Clock,
        limits: Limits | None = None,
        begun: Begun = Begun(),  # noqa: B008, it is frozen
        stop: Stop | None = None,
        is_ours: Callable[[], bool] = lambda: True,
        cpus: Collection[int] = (),
    ) -> None:
        """Make ready to do what is not ``begun`` yet, on ``cpus``; ``stop`` hears whoever wants it to end early.

        ``is_ours`` is asked before a trial is written: where another has taken the run over, nothing more is.
        """
        self._plan = plan
        self._folder = folder
        self._listeners = listeners
        self._clock = clock
        self._begun = begun
        self._stop = stop or Stop()
        self._is_ours = is_ours
        self._sampler = Sampler(folder, plan.protocol.sample_hz, clock, begun.leg)
        one, first = plan.one_per_process, begun.workers
        self._crew = Crew(plan.protocol, one, folder, clock, self._sampler, limits, first, cpus)
        self._log = store.TrialLog(folder)
        self._thermometer = Thermometer()
        self._open: dict[int, OpenTrial] = {}
        self._failed: set[int] = set()
        self._first = next(index for index in count() if index not in begun.done)
        """The first trial of this leg of which anything was asked of an engine: the cold one."""
        self._warned: set[str] = set()
        self._ending = Ending(outcomes=dict(begun.outcomes))

    def launch(self) -> None:
        """Start the first worker's interpreter, which takes its time; call :meth:`run` or :meth:`close` afterwards."""
        with contextlib.suppress(WorkerError):  # the first trial will start it again, and say what is wrong
            self._crew.launch(self._plan.protocol.order[0])

    def close(self) -> None:
        """End what :meth:`launch` has started, where :meth:`run` will not be called after all."""
        self._crew.discard_all()
        self._log.close()

    def run(self) -> Ending:
        """Do every task that is left. Leaves no process behind, whatever happens.

        A first signal lets the trials that are begun end, a second one is a KeyboardInterrupt: what is done is kept,
        and the trial in hand is written as ``interrupted``. A disk that takes no more ends it too: no trial is begun
        that could not be kept.
        """
        try:
            with self._sampler:
                self._tell("run_started", run=self._plan.run, folder=self._folder)
                self._walk()
        except KeyboardInterrupt:
            self._ending.interrupted = True
        except DiskError as error:
            self._ending.disk = error
        finally:
            self._crew.discard_all()
            self._finish_open()
            self._log.close()
        self._ending.problems.extend(self._sampler.problems)
        self._ending.bare_mib = self._crew.bare_mib
        self._ending.stopped_by = self._stop.by
        if self._is_ours():
            self._tell("run_finished", run=self._plan.run, folder=self._folder)
        return self._ending

    def _finish_open(self) -> None:
        """Write the trials in hand as cut short, while the disk takes them."""
        try:
            left = list(self._open.items()) if self._ending.disk is None and self._is_ours() else []
            for index, trial in left:
                trial.outcome = Outcome("interrupted") if trial.outcome.ok else trial.outcome
                self._finish(index)
        except DiskError as error:
            self._ending.disk = error

    def _walk(self) -> None:
        protocol = self._plan.protocol
        iteration = 0
        for task, following in self._pairs():
            if protocol.isolation == "iteration" and task.iteration != iteration:
                self._crew.dismiss_all()  # a trial that was cut short has left its worker to us
            if task.iteration != iteration:
                self._failed.clear()
            iteration = task.iteration
            trial = self._trial_of(task)
            if trial.outcome.kind == UNDECODABLE:
                self._leave_undone(task, following, trial)
            else:
                self._do(task, following, trial)
            failed = not trial.outcome.ok
            if failed or task.stage == protocol.order[-1]:
                self._finish(task.trial)
            if failed and protocol.on_crash == "stop":
                return

    def _pairs(self) -> Iterator[tuple[Task, Task | None]]:
        """Yield each task with the one that follows it, leaving out what is done, has failed or is not wanted."""
        waiting = (
            task for task in tasks(self._plan.protocol, len(self._plan.corpus)) if task.trial not in self._begun.done
        )
        task = self._next(waiting)
        while task is not None:
            if self._trial_of(task).outcome.kind == UNDECODABLE:
                self._failed.add(task.trial)  # none of its later tasks follows
            following = self._next(waiting)
            yield task, following
            while following is not None and not self._is_left(following):
                following = self._next(waiting)
            task = following

    def _next(self, waiting: Iterator[Task]) -> Task | None:
        for task in waiting:
            if self._is_left(task):
                return task
            if self._ending.interrupted and task.trial > max(self._open, default=-1):
                return None  # what is left may be a million tasks
        return None

    def _is_left(self, task: Task) -> bool:
        """Tell whether a task is still to be done: after a signal no trial is begun."""
        if task.trial in self._failed:
            return False
        if self._stop.by is not None and task.trial not in self._open:
            self._ending.interrupted = True
            return False
        return True

    def _trial_of(self, task: Task) -> OpenTrial:
        if task.trial not in self._open:
            utterance, outcome = attempted(self._plan.corpus, task.utterance)  # while no stage works
            if outcome.kind == UNDECODABLE and task.trial == self._first:
                self._first += 1
            trial = self._open[task.trial] = OpenTrial(
                task,
                utterance,
                {key: stage.record for key, stage in self._plan.stages.items()},
                self._plan.protocol.warmup,
                self._clock.wall().isoformat(timespec="milliseconds"),
                self._thermometer.hottest_c(),
                self._first,
                self._begun.leg,
            )
            trial.outcome = outcome
        return self._open[task.trial]

    def _leave_undone(self, task: Task, following: Task | None, trial: OpenTrial) -> None:
        """Send what has to come after a task that cannot be done."""
        wanted = left_undone(self._plan.protocol, task, following, self._crew.state)
        all(self._sent(command, task, trial) for command in wanted)

    def _do(self, task: Task, following: Task | None, trial: OpenTrial) -> None:
        """Send a task's commands. A refused input skips nothing of the stage; any other failure ends the workers."""
        protocol, state = self._plan.protocol, self._crew.state
        wanted = commands(protocol, task, following, state)
        wanted = with_rests(protocol, wanted, task, following, state, self._plan.one_per_process)
        if all(self._sent(command, task, trial) for command in wanted) and not trial.outcome.ok:
            wanted = given_back(self._plan.protocol, self._crew.state)
            all(self._sent(command, task, trial) for command in wanted)

    def _sent(self, command: Command, task: Task, trial: OpenTrial) -> bool:
        """Send one command; return whether the next one makes sense. The first fault is the trial's outcome."""
        try:
            self._send(command, task, trial)
        except (WorkerError, GuardError) as error:
            member = self._crew.get(command.stage)
            trial.saw_limit_peak(member.client.limit_peak_mib() if member else None)
            if trial.outcome.ok:
                trial.outcome = self._outcome(command, error)
            if isinstance(error, StageRefused) and command.action is Action.RUN:
                return True
            self._crew.discard_all()
            return False
        return True

    def _outcome(self, command: Command, error: WorkerError | GuardError) -> Outcome:
        member = self._crew.get(command.stage)
        return Outcome(
            kind=error.kind if isinstance(error, WorkerError) else "guard",
            stage=command.stage,
            phase=command.action.value,
            message=str(error),
            log_tail=member.client.log_tail() if member else (),
        )

    def _send(self, command: Command, task: Task, trial: OpenTrial) -> None:
        if command.action is Action.LEAVE:
            self._crew.dismiss(command.stage)
            return
        if command.action is Action.REST:
            self._rest(command.stage, trial)
            return
        if command.action in (Action.UNLOAD, Action.TRIM) and self._crew.get(command.stage) is None:
            return  # its worker was ended, and with it all that there was to give back
        visit = trial.visit(command.stage)
        self._tell("phase_started", trial=task.trial, stage=command.stage, phase=command.action.value)
        if command.action is Action.LOAD:
            self._crew.admit(command.stage)
        member = self._crew.get(command.stage) or self._start(command.stage, visit, trial)
        cached = self._cached(command, trial)
        self._look(_POINT_BEFORE.get(command.action), member, visit, trial)
        answer = member.client.ask(self._message(command, trial), self._plan.protocol.timeout_s)
        answer["facts"] = {**answer.get("facts", {}), **cached}
        trial.saw_limit_peak(member.client.limit_peak_mib())
        phase = visit.took(command.action, answer, member.client.number, member.client.pid)
        member.loaded = phase.loaded
        member.used &= set(phase.loaded)
        trial.most_loaded = max(trial.most_loaded, len(self._crew.state.loaded))
        if command.action is Action.RUN:
            member.used.add(command.stage)
        self._note(command, phase, member)
        self._look(_POINT_AFTER.get(command.action), member, visit, trial)
        if command.action is Action.UNLOAD and command.stage in member.loaded:
            trial.problems.append(f"{command.stage} cannot be unloaded; its worker was ended, which frees the model")
            self._crew.dismiss(command.stage)

    def _rest(self, stage: str, trial: OpenTrial) -> None:
        """Let probes read what is read once an iteration; a worker that falls silent there costs no trial."""
        member = self._crew.get(stage)
        if member is not None:
            self._look("rested", member, trial.visit(stage), trial)
            self._crew.dismiss_lost(stage)

    def _start(self, stage: str, visit: OpenVisit, trial: OpenTrial) -> Member:
        member = self._crew.start(stage)
        if member.start is not None:
            visit.began(member.start)
        member.process.reset_peak()
        self._look("idle", member, visit, trial)
        return member

    def _cached(self, command: Command, trial: OpenTrial) -> dict[str, Any]:
        """Before a load, let the page cache be as the protocol says, and return what it is."""
        if command.action is not Action.LOAD:
            return {}
        wanted, engine = self._plan.protocol.page_cache, self._ending.engines.setdefault(command.stage, {})
        found = page_cache.before_load(wanted, engine)
        if wanted != "as_is" and page_cache.NO_FILES in found.values() and command.stage not in self._warned:
            self._warned.add(command.stage)
            trial.problems.append(f"page_cache={wanted}: {page_cache.NO_FILES} ({command.stage})")
        return found

    def _message(self, command: Command, trial: OpenTrial) -> dict[str, Any]:
        plan = self._plan.stages[command.stage]
        message: dict[str, Any] = {"do": command.action.value, "stage": command.stage}
        if command.action is Action.PREPARE:
            message |= {"module": plan.module, "class": plan.class_name, "options": plan.record.options}
            message["path"] = added_last()
        if command.action is Action.RUN:
            utterance = trial.utterance
            message["request"] = {
                "audio": utterance.canonical,
                "duration_s": utterance.duration_s,
                "text": trial.give_text(command.stage),
            }
        return message

    def _note(self, command: Command, phase: Phase, member: Member) -> None:
        if command.action is Action.PREPARE:
            member.prepared.add(command.stage)
        if command.action in (Action.PREPARE, Action.LOAD):
            facts = {name: value for name, value in phase.facts.items() if name not in page_cache.FACTS}
            self._ending.engines.setdefault(command.stage, {}).update(facts)

    def _look(self, point: str | None, member: Member, visit: OpenVisit, trial: OpenTrial) -> None:
        """Let every probe read the resting worker, then start a new peak."""
        if point is None:
            return
        at_ns = self._clock.now_ns()
        for probe, values, error in self._listeners.each("observe", point=point, process=member.process):
            if error is not None:
                trial.problems.append(f"{probe} failed in observe at {point}: {type(error).__name__}: {error}")
                trial.broken.add(probe)
            elif values:
                visit.observations.append(Observation(point, at_ns, probe, member.client.number, values))
        member.process.reset_peak()

    def _finish(self, index: int) -> None:
        """Measure a trial, write it, and tell who listens. Ends the run where another has taken it over."""
        trial = self._open[index]
        if not self._is_ours():
            raise KeyboardInterrupt
        if not trial.outcome.ok:
            self._failed.add(index)
        measurements = list(measured(trial, self._plan.probes, self._listeners))
        record = trial.closed(measurements)
        self._log.append(record)
        del self._open[index]
        kind = record.outcome.kind
        self._ending.outcomes[kind] = self._ending.outcomes.get(kind, 0) + 1
        self._tell("trial_finished", trial=record)

    def _tell(self, hook: str, **arguments: Any) -> None:
        self._ending.problems.extend(self._listeners.tell(hook, **arguments))
