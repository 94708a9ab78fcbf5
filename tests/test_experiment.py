import importlib
import os
import signal
import textwrap
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import psutil
import pytest

import harness.experiment
from harness import store
from harness.analysis.curve import sampled_peak_mib
from harness.curve import read_curve
from harness.experiment import Ending
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, constant, sample
from harness.plan import Plan
from harness.plugins import Found, Registry
from harness.process import Process
from harness.records import Outcome, Run, Trial, Visit, Word
from harness.schedule import Action, Command, State, Task, commands
from tests.conftest import MakeSettings, RunPlan

CORES = os.cpu_count() or 1
PEAK_LAG_MIB = 3 * max(32, 2 * CORES) * CORES * 4096 / 2**20
"""How far ``VmHWM`` may lag behind: since Linux 6.2 it is taken from three per-CPU counters (anon, file, shmem), of
each of which every CPU may keep max(32, 2 x CPUs) pages to itself (``lib/percpu_counter.c``). ``VmRSS`` is the sum."""
KIND = "expected a value of the kind sample"
BOTH, LATER = [("asr", 0), ("aligner", 1)], [("asr", 2), ("aligner", 3)]
LETTERS = {"prepare": "P", "load": "L", "restart": "S", "run": "R", "unload": "U", "trim": "T"}


class Counters(Probe):
    """Reads what the kernel says, at every point."""

    name = "counters"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Read everything."""
        return asdict(process.counters())


class Steady(Probe):
    """Reports 1 for each visit and 2 for the chain: the probe that others must not disturb."""

    name = "steady"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(name="one", unit="1"),
        Metric(name="two", unit="1", scope="memory"),
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a value to each metric."""
        yield from (sample(visit.stage, "one", 1.0) for visit in trial.visits)
        yield sample("memory", "two", 2.0)


class Blind(Steady):
    """Fails while it observes a loaded model."""

    name = "blind"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Fail at one point."""
        if point == "loaded":
            raise RuntimeError("no light")
        return {"seen": 1.0}


class Torn(Steady):
    """Fails after its first value."""

    name = "torn"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give one value, then fail."""
        yield sample("asr", "one", 1.0)
        raise ZeroDivisionError("division by zero")


class Undeclared(Steady):
    """Reports a metric that it does not declare."""

    name = "undeclared"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a value to a metric of nobody's."""
        yield sample("asr", "three", 3.0)


class OfAnotherKind(Steady):
    """Reports a text for a metric that is a number."""

    name = "other"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a text."""
        yield constant("asr", "one", "one")


class Endless(Steady):
    """Reports a number that JSON does not have."""

    name = "endless"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give infinity."""
        yield sample("asr", "one", float("inf"))


class Bare(Steady):
    """Reports a number in place of a measurement."""

    name = "bare"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Any]:
        """Give a bare number."""
        yield 3.5


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


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fail", "protocol", "outcome", "line"),
    [
        (
            "raise@load@1",
            {},
            ("error", "load", "RuntimeError: told to raise in load"),
            "error: RuntimeError: told to raise in load in load (asr)",
        ),
        (
            "raise@run@1",
            {},
            ("error", "run", "RuntimeError: told to raise in run"),
            "error: RuntimeError: told to raise in run in run (asr)",
        ),
        (
            "raise@unload@1",
            {},
            ("error", "unload", "RuntimeError: told to raise in unload"),
            "error: RuntimeError: told to raise in unload in unload (asr)",
        ),
        (
            "raise@restart@0",
            {"lifecycle": "restart"},
            ("error", "restart", "RuntimeError: told to raise in restart"),
            "error: RuntimeError: told to raise in restart in restart (asr)",
        ),
        ("segv@load@1", {}, ("crashed", "load", "SIGSEGV"), "crashed: SIGSEGV in load (asr)"),
        ("segv@run@1", {}, ("crashed", "run", "SIGSEGV"), "crashed: SIGSEGV in run (asr)"),
        ("kill@unload@1", {}, ("crashed", "unload", "SIGKILL"), "crashed: SIGKILL in unload (asr)"),
        ("exit@run@1", {}, ("crashed", "run", "exit status 3"), "crashed: exit status 3 in run (asr)"),
        ("hang@run@1", {"timeout_s": 1.5}, ("timeout", "run", "after 1.5 s"), "timeout in run after 1.5 s (asr)"),
        (
            "rubbish@run@1",
            {},
            ("rubbish", "run", "found b'what is this', expected a message"),
            "rubbish: found b'what is this', expected a message in run (asr)",
        ),
    ],
)
def test_a_fault_is_the_outcome_of_its_trial_and_of_no_other(
    fail: str,
    protocol: dict[str, Any],
    outcome: tuple[str, str, str],
    line: str,
    settings: MakeSettings,
    run_plan: RunPlan,
) -> None:
    """The second of three trials fails; the third has a new worker, and no process is left."""
    ran = run_plan(settings({"fail": fail}, order=("asr",), iterations=3, **protocol))
    kind, phase, message = outcome
    failed = ran.trials[1].outcome
    assert [trial.outcome.kind for trial in ran.trials] == ["ok", kind, "ok"]
    assert (failed.kind, failed.stage, failed.phase, failed.message) == (kind, "asr", phase, message)
    assert str(failed) == line
    assert ran.ending == Ending(outcomes={"ok": 2, kind: 1}, engines={"asr": {"version": "1"}})
    assert not ran.ending.ok
    assert {phase.worker for trial in ran.trials[:2] for phase in trial.visits[0].phases} == {0}
    assert {phase.worker for phase in ran.trials[2].visits[0].phases} == {1}
    assert [phase.name for phase in ran.trials[2].visits[0].phases][:2] == ["start", "prepare"]
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


@pytest.mark.parametrize(
    ("fail", "message"),
    [("raise@prepare", "RuntimeError: told to raise in prepare"), ("exit@prepare", "exit status 3")],
)
def test_an_engine_that_cannot_be_prepared_fails_every_trial(
    fail: str, message: str, settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Each trial is a row, and the aligner, which would work, is not reached."""
    ran = run_plan(settings({"fail": fail}, iterations=2))
    assert [(trial.outcome.phase, trial.outcome.message) for trial in ran.trials] == [("prepare", message)] * 2
    assert [[visit.stage for visit in trial.visits] for trial in ran.trials] == [["asr"], ["asr"]]


def test_a_refusal_keeps_worker_and_model(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The trial is refused, its model is given back as planned, and the same worker goes on."""
    ran = run_plan(settings({"fail": "refuse@run@1"}, iterations=3))
    assert [chronicle(trial) for trial in ran.trials] == [
        "Pas0 Las0 Ras0 Uas0 Pal0 Lal0 Ral0 Ual0",
        "Las0 Uas0",
        "Las0 Ras0 Uas0 Lal0 Ral0 Ual0",
    ]
    assert ran.trials[1].outcome == Outcome(
        "refused", "asr", "run", "told to refuse", log_tail=ran.trials[1].outcome.log_tail
    )
    assert str(ran.trials[1].outcome) == "refused: told to refuse in run (asr)"
    assert ran.trials[1].outcome.log_tail[-1] == "harness.stage.Refused: told to refuse"


def test_a_refusal_between_resident_models_does_not_keep_them_over_the_trial(
    settings: MakeSettings, run_plan: RunPlan
) -> None:
    """With lifecycle=recreate no trial is given the model of another one, also after a refusal."""
    ran = run_plan(settings({"fail": "refuse@run@1"}, iterations=3, residency="all_resident"))
    assert [trial.outcome.kind for trial in ran.trials] == ["ok", "refused", "ok"]
    assert [phase.name for phase in visit_of(ran.trials[2], "asr").phases] == ["load", "run", "unload"]


def test_a_refusal_outside_run_is_a_failure(settings: MakeSettings, run_plan: RunPlan) -> None:
    """What was not loaded is not run: the first fault is the outcome, not what follows from it."""
    ran = run_plan(settings({"fail": "refuse@load@1"}, order=("asr",), iterations=3))
    assert [trial.outcome.kind for trial in ran.trials] in (["ok", "error", "ok"], ["ok", "refused", "ok"])
    assert ran.trials[1].outcome.phase == "load"
    assert "run" not in [phase.name for phase in ran.trials[1].visits[0].phases]


def test_log_tail_is_what_the_engine_said_last(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The outcome of a crash carries the end of the log, the interpreter's own last words included."""
    ran = run_plan(settings({"fail": "segv@run", "say": "early words"}, order=("asr",)))
    tail = ran.trials[0].outcome.log_tail
    assert tail[:3] == ("early words", "early words", "about to die in run")
    assert "Fatal Python error: Segmentation fault" in tail
    assert (ran.folder / "engine.log").read_text().startswith("early words\n")


def test_log_tail_is_not_what_a_neighbour_said(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A stage with a process of its own has a log of its own."""
    made = settings(
        {"fail": "segv@run", "say": "I am the ASR"},
        {"say": "I am the aligner"},
        residency="all_resident",
        isolation="stage",
    )
    ran = run_plan(made)
    tail = ran.trials[0].outcome.log_tail
    assert tail[:3] == ("I am the ASR", "I am the ASR", "about to die in run")
    assert "I am the aligner" not in tail
    assert (ran.folder / "engine-aligner.log").read_text() == "I am the aligner\n" * 2


@pytest.mark.parametrize(
    ("residency", "isolation"),
    [("one_at_a_time", "run"), ("phase_batched", "iteration"), ("all_resident", "run"), ("all_resident", "stage")],
)
def test_an_aligner_that_dies_costs_its_own_trial_alone(
    residency: str, isolation: str, settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Whatever the schedule, the aligner's first call in each worker crashes, and the ASR's part is kept."""
    ran = run_plan(settings(None, {"fail": "segv@run@0"}, iterations=2, residency=residency, isolation=isolation))
    assert [str(trial.outcome) for trial in ran.trials] == ["crashed: SIGSEGV in run (aligner)"] * 2
    assert [visit_of(trial, "asr").text for trial in ran.trials] == ["and so my fellow americans"] * 2
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_on_crash_stop_ends_the_run_after_the_trial_that_failed(settings: MakeSettings, run_plan: RunPlan) -> None:
    """What was finished stays, the failed trial is the last, and the run is not called interrupted."""
    ran = run_plan(settings({"fail": "segv@run@1"}, iterations=4, on_crash="stop"))
    assert [trial.outcome.kind for trial in ran.trials] == ["ok", "crashed"]
    assert ran.ending.outcomes == {"ok": 1, "crashed": 1}
    assert (ran.ending.interrupted, ran.ending.ok) == (False, False)


def test_on_crash_continue_skips_what_is_left_of_a_failed_trial(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Phase by phase, the aligner is given the utterances that were transcribed, and no other."""
    ran = run_plan(settings({"fail": "raise@run@1"}, residency="phase_batched"), utterances=3)
    assert [(trial.index, trial.outcome.kind) for trial in ran.trials] == [(1, "error"), (0, "ok"), (2, "ok")]
    assert [[visit.stage for visit in trial.visits] for trial in ran.trials] == [
        ["asr"],
        ["asr", "aligner"],
        ["asr", "aligner"],
    ]


def test_ctrl_c_keeps_what_is_done(settings: MakeSettings, run_plan: RunPlan, request: pytest.FixtureRequest) -> None:
    """The trial in hand is written as interrupted, listeners hear the end, and no process is left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    diary = Diary()
    ran = run_plan(settings({"fail": "interrupt@run@1"}, iterations=4), listeners={"diary": diary})
    assert [str(trial.outcome) for trial in ran.trials] == ["ok", "interrupted"]
    assert [phase.name for phase in ran.trials[1].visits[0].phases] == ["load"]
    assert ran.ending.outcomes == {"ok": 1, "interrupted": 1}
    assert (ran.ending.interrupted, ran.ending.ok) == (True, False)
    assert diary.lines[-2:] == ["trial_finished 1", "run_finished run"]
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_ctrl_c_while_a_trial_is_measured_does_not_lose_it(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A trial whose commands are all done is on disk, whatever it is called."""
    measured: list[int] = []

    class Impatient(Steady):
        name = "impatient"

        @hookimpl
        def measure(self, trial: Trial) -> Iterator[Measurement]:
            """Stand for Ctrl-C while no worker is at work, once."""
            measured.append(trial.index)
            if measured == [0, 1]:
                raise KeyboardInterrupt
            return iter(())

    ran = run_plan(settings(order=("asr",), iterations=3), probes=(Impatient,))
    assert ran.ending.interrupted
    assert [trial.index for trial in ran.trials] == [0, 1]


# --- the guard --------------------------------------------------------------------------------------------------


def test_the_guard_refuses_a_second_model(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schedule that forgets to unload is stopped before the load, and the record says so."""
    honest = commands

    def forgetful(protocol: Any, task: Task, following: Task | None, state: State) -> list[Command]:
        wanted = honest(protocol, task, following, state)
        return [command for command in wanted if command.action is not Action.UNLOAD or command.stage != "asr"]

    monkeypatch.setattr(harness.experiment, "commands", forgetful)
    ran = run_plan(settings())
    outcome = ran.trials[0].outcome
    assert (outcome.kind, outcome.stage, outcome.phase) == ("guard", "aligner", "load")
    assert outcome.message == "residency=one_at_a_time: aligner was to be loaded while asr is"
    assert ran.trials[0].most_loaded == 1
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


@pytest.mark.parametrize(("residency", "most"), [("one_at_a_time", 1), ("phase_batched", 1), ("all_resident", 2)])
def test_most_loaded_is_what_the_residency_allows(
    residency: str, most: int, settings: MakeSettings, run_plan: RunPlan
) -> None:
    """The record proves the residency by the worker's own account."""
    ran = run_plan(settings(residency=residency))
    assert [trial.most_loaded for trial in ran.trials] == [most]


# --- listeners and probes ---------------------------------------------------------------------------------------


class Diary:
    """Writes down what it hears, and what is on disk at that moment."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.on_disk: list[tuple[Trial, ...]] = []
        self.heard: list[Trial] = []
        self._folder = Path()

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Note the run."""
        self._folder = folder
        self.lines.append(f"run_started {run.id} {folder.is_dir()}")

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Note the command."""
        self.lines.append(f"phase_started {trial} {stage} {phase}")

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Note the trial, and read the file as another process would."""
        lines = (self._folder / store.TRIALS).read_bytes().splitlines()
        self.on_disk.append(tuple(msgspec.json.decode(line, type=Trial) for line in lines))
        self.heard.append(trial)
        self.lines.append(f"trial_finished {trial.index}")

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Note the end."""
        self.lines.append(f"run_finished {run.id}")


def test_listeners_hear_everything_in_order(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A trial is over before a command of the next one is sent."""
    diary = Diary()
    run_plan(settings(order=("asr",), iterations=2, trim="end"), listeners={"diary": diary})
    assert diary.lines == [
        "run_started run True",
        "phase_started 0 asr prepare",
        "phase_started 0 asr load",
        "phase_started 0 asr run",
        "phase_started 0 asr unload",
        "trial_finished 0",
        "phase_started 1 asr load",
        "phase_started 1 asr run",
        "phase_started 1 asr unload",
        "phase_started 1 asr trim",
        "trial_finished 1",
        "run_finished run",
    ]


def test_each_trial_is_on_disk_before_the_next_begins(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Whoever hears of a trial finds it, measurements included, as the last line of the file."""
    diary = Diary()
    run_plan(settings(iterations=3), probes=(Steady,), listeners={"diary": diary})
    assert diary.on_disk == [tuple(diary.heard[:count]) for count in (1, 2, 3)]
    assert all(trial.measurements for trial in diary.heard)


class Grumpy:
    """Fails at all news."""

    @hookimpl
    def run_started(self, run: Run) -> None:
        """Fail."""
        raise ValueError("no")

    @hookimpl
    def phase_started(self, phase: str) -> None:
        """Fail once in a while."""
        if phase == "load":
            raise LookupError(phase)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")

    @hookimpl
    def run_finished(self) -> None:
        """Fail without a word."""
        raise RuntimeError


def test_a_listener_that_raises_does_not_end_the_run(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Its failures are lines for the end of the run; the trials are whole."""
    ran = run_plan(settings(order=("asr",), iterations=2), listeners={"grumpy": Grumpy()})
    assert ran.ending.outcomes == {"ok": 2}
    assert ran.ending.ok
    assert [trial.problems for trial in ran.trials] == [(), ()]
    assert ran.ending.problems == [
        "grumpy failed in run_started: ValueError: no",
        "grumpy failed in phase_started: LookupError: load",
        "grumpy failed in trial_finished: OSError: [Errno 28] No space left on device",
        "grumpy failed in phase_started: LookupError: load",
        "grumpy failed in trial_finished: OSError: [Errno 28] No space left on device",
        "grumpy failed in run_finished: RuntimeError: ",
    ]


@pytest.mark.parametrize(
    ("probe", "problems"),
    [
        (Blind, ("blind failed in observe at loaded: RuntimeError: no light",) * 2),
        (Torn, ("torn failed in measure: ZeroDivisionError: division by zero",)),
        (
            Undeclared,
            (
                "undeclared failed in measure: ValueError: found the metric 'three', expected one that it declares: "
                "['one', 'two']",
            ),
        ),
        (
            OfAnotherKind,
            (f"other failed in measure: ValueError: found {constant('asr', 'one', 'one')!r}, {KIND}",),
        ),
        (
            Endless,
            (f"endless failed in measure: ValueError: found {sample('asr', 'one', float('inf'))!r}, {KIND}",),
        ),
        (Bare, ("bare failed in measure: TypeError: found 3.5, expected a Measurement",)),
    ],
)
def test_a_probe_that_fails_has_no_values_and_disturbs_nobody(
    probe: type[Probe], problems: tuple[str, ...], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """It names itself in the trial; each of its metrics is absent with the reason, the other probe's are there."""
    ran = run_plan(settings(), probes=(probe, Steady))
    trial = ran.trials[0]
    reason = f"the probe {probe.name} failed"
    assert trial.outcome == Outcome()
    assert trial.problems == problems
    assert list(trial.measurements[:3]) == [
        absent("asr", "one", reason),
        absent("aligner", "one", reason),
        absent("memory", "two", reason),
    ]
    assert list(trial.measurements[3:]) == [
        sample("asr", "one", 1.0),
        sample("aligner", "one", 1.0),
        sample("memory", "two", 2.0),
    ]
    assert ran.ending == Ending(outcomes={"ok": 1}, engines={"asr": {"version": "1"}, "aligner": {"version": "1"}})


def test_a_failed_trial_is_measured_too(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A probe is asked whatever the outcome, about the visits that there were."""
    ran = run_plan(settings({"fail": "raise@run"}), probes=(Steady,))
    assert list(ran.trials[0].measurements) == [sample("asr", "one", 1.0), sample("memory", "two", 2.0)]


def test_observations_are_raw_and_in_order(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A probe that answers is recorded with point, worker and values; the stamps rise."""
    ran = run_plan(settings(order=("asr",), trim="end"), probes=(Counters,))
    seen = ran.trials[0].visits[0].observations
    assert [one.point for one in seen] == [
        "idle",
        "prepared",
        "before_load",
        "loaded",
        "before_run",
        "ran",
        "unloaded",
        "trimmed",
        "rested",
    ]
    assert {(one.probe, one.worker) for one in seen} == {("counters", 0)}
    assert [one.at_ns for one in seen] == sorted({one.at_ns for one in seen})


def rests(trials: Iterable[Trial]) -> list[list[tuple[str, int]]]:
    """Return, for each trial, the stages in whose visits a worker came to rest, and which worker."""
    return [
        [
            (visit.stage, seen.worker)
            for visit in trial.visits
            for seen in visit.observations
            if seen.point == "rested" and seen.probe == "counters"
        ]
        for trial in sorted(trials, key=lambda trial: trial.index)
    ]


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ({}, [[], [("aligner", 0)], [], [("aligner", 0)]]),
        ({"isolation": "iteration", "trim": "each"}, [[], [("aligner", 0)], [], [("aligner", 1)]]),
        ({"residency": "phase_batched", "isolation": "stage", "lifecycle": "reuse"}, [[], BOTH, [], LATER]),
        ({"residency": "all_resident", "isolation": "stage", "lifecycle": "reuse"}, [[], BOTH, [], BOTH]),
    ],
)
def test_a_worker_rests_once_an_iteration_however_many_utterances(
    protocol: dict[str, Any], expected: list[list[tuple[str, int]]], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Two iterations over two utterances: in the last visit that used the worker, last of all."""
    ran = run_plan(settings(iterations=2, **protocol), utterances=2, probes=(Counters,))
    assert rests(ran.trials) == expected
    for trial in ran.trials:
        for visit in trial.visits:
            points = [one.point for one in visit.observations]
            assert "rested" not in points[:-1]


def test_a_refusal_in_the_last_trial_of_an_iteration_has_no_rest(settings: MakeSettings, run_plan: RunPlan) -> None:
    """What was to come after it is not done; the next iteration's rest is."""
    ran = run_plan(settings({"fail": "refuse@run@0"}, iterations=2), probes=(Counters,))
    assert rests(ran.trials) == [[], [("aligner", 0)]]


class Curious(Steady):
    """Asks the worker for its heap, once an iteration."""

    name = "curious"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Ask."""
        heap = process.heap() if point == "rested" else None
        return {} if heap is None else {"used_kib": heap.used_kib}


class Deadly(Steady):
    """Stops or kills the worker, once, before anybody asks it."""

    name = "deadly"
    signal = signal.SIGKILL

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Send the signal when the first worker rests."""
        if point == "rested" and process.worker == 0:
            os.kill(process.pid, self.signal)
        return {}


class Stunning(Deadly):
    """Stops the worker, so that it never answers."""

    name = "stunning"
    signal = signal.SIGSTOP


@pytest.mark.parametrize(
    ("cause", "problem"),
    [
        (Deadly, "WorkerCrashed: SIGKILL, asked for its heap"),
        (Stunning, "WorkerTimeout: after 1 s, asked for its heap"),
    ],
)
def test_a_worker_that_cannot_tell_its_heap_costs_no_trial(
    cause: type[Probe], problem: str, settings: MakeSettings, run_plan: RunPlan
) -> None:
    """The probe names what happened and has no value; the trial is ok, and the next one has a new worker."""
    ran = run_plan(settings(order=("asr",), iterations=2, timeout_s=1.0), probes=(cause, Curious))
    assert [trial.outcome for trial in ran.trials] == [Outcome(), Outcome()]
    assert [trial.problems for trial in ran.trials] == [(f"curious failed in observe at rested: {problem}",), ()]
    assert workers(ran.trials) == [0, 1]
    assert absent("asr", "one", "the probe curious failed") in ran.trials[0].measurements
    assert sample("asr", "one", 1.0) in ran.trials[1].measurements
    (told,) = [one.values for one in ran.trials[1].visits[0].observations if one.probe == "curious"]
    assert (told["used_kib"] or 0) > 100
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_what_the_kernel_counts_is_in_every_phase(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The pages that a load touches for the first time are its minor faults."""
    ran = run_plan(settings({"keep_mib": 8.0}, order=("asr",)))
    load = ran.trials[0].visits[0].phase("load")
    assert load is not None
    assert (load.minor_faults or 0) > 3  # eight MiB are four huge pages, or two thousand small ones
    assert None not in (load.major_faults, load.voluntary_switches, load.involuntary_switches, load.block_reads)


# --- exact memory -----------------------------------------------------------------------------------------------


def test_a_peak_of_an_instant_is_seen_exactly(settings: MakeSettings, run_plan: RunPlan) -> None:
    """64 MiB that live inside the inference call, which nobody samples, stand in the peak and in nothing else."""
    ran = run_plan(settings({"work_mib": 64.0}, order=("asr",), iterations=2), probes=(Counters,))
    for trial in ran.trials:
        before = read(trial, "asr", "before_run", "rss_kib")
        assert 64 - PEAK_LAG_MIB <= (read(trial, "asr", "ran", "peak_kib") - before) / 1024 < 66
        assert abs(read(trial, "asr", "ran", "rss_kib") - before) / 1024 < 1
        assert (read(trial, "asr", "unloaded", "peak_kib") - before) / 1024 < 2


def test_load_overhead_is_what_the_model_keeps(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Within 1 MiB of 48 MiB, taken by the load and given back by the unload."""
    ran = run_plan(settings({"keep_mib": 48.0}, order=("asr",), iterations=2), probes=(Counters,))
    for trial in ran.trials:
        before = read(trial, "asr", "before_load", "rss_kib")
        assert abs((read(trial, "asr", "loaded", "rss_kib") - before) / 1024 - 48) < 1
        assert abs((read(trial, "asr", "loaded", "peak_kib") - before) / 1024 - 48) < 1
        assert abs((read(trial, "asr", "unloaded", "rss_kib") - before) / 1024) < 1


def test_a_leak_is_recovered_from_the_counters(settings: MakeSettings, run_plan: RunPlan) -> None:
    """32 MiB leaked in each load stand in anon after each unload, within 1 MiB."""
    ran = run_plan(settings({"leak_mib": 32.0}, order=("asr",), iterations=3), probes=(Counters,))
    anon = [read(trial, "asr", "unloaded", "anon_kib") / 1024 for trial in ran.trials]
    assert [abs(after - before - 32) < 1 for before, after in pairwise(anon)] == [True, True]


# --- the chain --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "text_from", "words"),
    [
        (("asr", "aligner"), "asr", ("and", "so", "my", "fellow", "americans")),
        (("aligner", "asr"), "reference", ("ask", "not", "what")),
    ],
)
def test_the_record_says_where_the_aligners_text_is_from(
    order: tuple[str, ...], text_from: str, words: tuple[str, ...], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """After an ASR its transcript is aligned, before one the reference."""
    ran = run_plan(settings(order=order))
    trial = ran.trials[0]
    assert tuple(visit.stage for visit in trial.visits) == order
    asr, aligner = visit_of(trial, "asr"), visit_of(trial, "aligner")
    assert (asr.text_from, asr.text) == (None, "and so my fellow americans")
    assert aligner.text_from == text_from
    assert aligner.words == tuple(Word(word, 100.0 * at, 100.0 * at + 100.0) for at, word in enumerate(words))


def test_deliveries_lie_inside_the_inference_call(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Each piece has a stamp of the same clock as the call's, and together they are the transcript."""
    ran = run_plan(settings(order=("asr",)))
    visit = ran.trials[0].visits[0]
    run = visit.phase("run")
    assert run is not None
    stamps = [run.start_ns, *(delivery.at_ns for delivery in visit.deliveries), run.end_ns]
    assert stamps == sorted(stamps)
    assert "".join(delivery.text for delivery in visit.deliveries) == visit.text == "and so my fellow americans"
    assert visit.streams == "pieces"


A, B = "Pas{0} Las{0} Ras{0} Uas{0}", "Pal{0} Lal{0} Ral{0} Ual{0}"
A_AGAIN, B_AGAIN = "Las{0} Ras{0} Uas{0}", "Lal{0} Ral{0} Ual{0}"
TOGETHER = "Pas{0} Las{0} Pal{1} Lal{1} Ras{0} Ral{1} Uas{0} Ual{1}"
CHRONICLES: dict[tuple[str, str, str], list[str]] = {
    ("one_at_a_time", "recreate", "run"): [f"{A} {B}".format(0), f"{A_AGAIN} {B_AGAIN}".format(0)],
    ("one_at_a_time", "recreate", "iteration"): [f"{A} {B}".format(0), f"{A} {B}".format(1)],
    ("one_at_a_time", "recreate", "stage"): [f"{A.format(0)} {B.format(1)}", f"{A.format(2)} {B.format(3)}"],
    # one stage: of two, one would have to stay while the other comes
    ("one_at_a_time", "restart", "run"): ["Pas0 Las0 Ras0", "Sas0 Ras0 Uas0"],
    ("one_at_a_time", "restart", "iteration"): [A.format(0), A.format(1)],
    ("one_at_a_time", "restart", "stage"): ["Pas0 Las0 Ras0", "Sas0 Ras0 Uas0"],
    ("one_at_a_time", "reuse", "run"): ["Pas0 Las0 Ras0", "Ras0 Uas0"],
    ("one_at_a_time", "reuse", "iteration"): [A.format(0), A.format(1)],
    ("one_at_a_time", "reuse", "stage"): ["Pas0 Las0 Ras0", "Ras0 Uas0"],
    # two utterances: the trials are (iteration, utterance) = (0, 0), (0, 1), (1, 0), (1, 1)
    ("phase_batched", "recreate", "run"): [
        f"{A} {B}".format(0),
        *[f"{A_AGAIN} {B_AGAIN}".format(0)] * 3,
    ],
    ("phase_batched", "recreate", "iteration"): [
        f"{A} {B}".format(0),
        f"{A_AGAIN} {B_AGAIN}".format(0),
        f"{A} {B}".format(1),
        f"{A_AGAIN} {B_AGAIN}".format(1),
    ],
    ("phase_batched", "recreate", "stage"): [
        f"{A.format(0)} {B.format(2)}",
        f"{A.format(1)} {B.format(3)}",
    ],
    ("phase_batched", "restart", "run"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
        "Las0 Ras0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
    ],
    ("phase_batched", "restart", "iteration"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
        "Pas1 Las1 Ras1 Pal1 Lal1 Ral1",
        "Sas1 Ras1 Uas1 Sal1 Ral1 Ual1",
    ],
    ("phase_batched", "restart", "stage"): [
        "Pas0 Las0 Ras0 Pal1 Lal1 Ral1",
        "Sas0 Ras0 Uas0 Sal1 Ral1 Ual1",
    ],
    ("phase_batched", "reuse", "run"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
        "Las0 Ras0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
    ],
    ("phase_batched", "reuse", "iteration"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
        "Pas1 Las1 Ras1 Pal1 Lal1 Ral1",
        "Ras1 Uas1 Ral1 Ual1",
    ],
    ("phase_batched", "reuse", "stage"): [
        "Pas0 Las0 Ras0 Pal1 Lal1 Ral1",
        "Ras0 Uas0 Ral1 Ual1",
        "Pas2 Las2 Ras2 Pal3 Lal3 Ral3",
        "Ras2 Uas2 Ral3 Ual3",
    ],
    ("all_resident", "recreate", "run"): [TOGETHER.format(0, 0), "Las0 Lal0 Ras0 Ral0 Uas0 Ual0"],
    ("all_resident", "recreate", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "recreate", "stage"): [TOGETHER.format(0, 1), TOGETHER.format(2, 3)],
    ("all_resident", "restart", "run"): ["Pas0 Las0 Pal0 Lal0 Ras0 Ral0", "Sas0 Ras0 Sal0 Ral0 Uas0 Ual0"],
    ("all_resident", "restart", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "restart", "stage"): ["Pas0 Las0 Pal1 Lal1 Ras0 Ral1", "Sas0 Ras0 Sal1 Ral1 Uas0 Ual1"],
    ("all_resident", "reuse", "run"): ["Pas0 Las0 Pal0 Lal0 Ras0 Ral0", "Ras0 Ral0 Uas0 Ual0"],
    ("all_resident", "reuse", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "reuse", "stage"): ["Pas0 Las0 Pal1 Lal1 Ras0 Ral1", "Ras0 Ral1 Uas0 Ual1"],
}


@pytest.mark.parametrize(
    ("residency", "lifecycle", "isolation", "expected"),
    [(*key, expected) for key, expected in CHRONICLES.items()],
)
def test_every_schedule_runs_as_it_is_written(
    residency: str, lifecycle: str, isolation: str, expected: list[str], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Over and over: which commands each trial sent, to which worker, by the workers' own stamps."""
    order = ("asr", "aligner") if "al" in expected[0] else ("asr",)
    utterances = 2 if residency == "phase_batched" else 1
    iterations = len(expected) // utterances
    chosen = settings(order=order, iterations=iterations, residency=residency, lifecycle=lifecycle, isolation=isolation)
    ran = run_plan(chosen, utterances=utterances)
    trials = sorted(ran.trials, key=lambda trial: trial.index)
    assert [chronicle(trial) for trial in trials] == expected
    assert ran.ending.outcomes == {"ok": len(expected)}
    assert [trial.problems for trial in trials] == [()] * len(expected)
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_a_stage_that_stands_no_second_model_has_its_own_worker(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Under all_resident the declared capability decides, not a name."""

    def alone(plan: Plan) -> Plan:
        aligner = plan.stages["aligner"]
        record = replace(aligner.record, one_per_process=True)
        return replace(plan, stages={**plan.stages, "aligner": replace(aligner, record=record)})

    ran = run_plan(settings(residency="all_resident", iterations=2), change=alone)
    assert [chronicle(trial) for trial in ran.trials] == [
        TOGETHER.format(0, 1),
        "Las0 Lal1 Ras0 Ral1 Uas0 Ual1",
    ]


# --- engines that break the contract in ways of their own ---------------------------------------------------------

ODD = """
from harness.stage import Result, Stage
from tests.engine.scripted import ScriptedAsr

class Odd(Stage):
    role, name, Options = "asr", "odd", ScriptedAsr.Options
    def load(self): {load}
    def unload(self): {unload}
    def run(self, request, emit): {run}
"""


@pytest.fixture
def odd(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registry]:
    """Return a factory of registries in which ``scripted`` is an ASR with the given bodies."""

    def make(name: str, run: str = "return Result(text='hi')", unload: str = "pass", load: str = "pass") -> Registry:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(ODD.format(run=run, unload=unload, load=load)))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
        cls = importlib.import_module(name).Odd
        return replace(registry, stages={**registry.stages, ("asr", "scripted"): Found(cls, name)})

    return make


@pytest.mark.parametrize(
    ("name", "run", "kind", "message"),
    [
        ("odd_none", "return None", "error", "AttributeError: 'NoneType' object has no attribute 'text'"),
        ("odd_exit", "raise SystemExit(4)", "crashed", "exit status 4"),
        ("odd_memory", "raise MemoryError", "error", "MemoryError"),
        (
            "odd_facts",
            "return Result(facts={'model': object})",
            "error",
            "TypeError: Object of type type is not JSON serializable",
        ),
    ],
)
def test_what_an_engine_may_not_return_is_an_outcome(
    name: str,
    run: str,
    kind: str,
    message: str,
    odd: Callable[..., Registry],
    settings: MakeSettings,
    run_plan: RunPlan,
) -> None:
    """The message says what the engine did."""
    ran = run_plan(settings(order=("asr",)), registry=odd(name, run))
    assert [(trial.outcome.kind, trial.outcome.message) for trial in ran.trials] == [(kind, message)]


def test_text_that_utf8_cannot_hold_does_not_end_the_run(
    odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """A lone surrogate, as ``surrogateescape`` leaves it, costs its own trial at most."""
    registry = odd("odd_surrogate", r"return Result(text='caf\udce9')")
    ran = run_plan(settings(order=("asr",), iterations=2), registry=registry)
    assert [trial.index for trial in ran.trials] == [0, 1]


@pytest.mark.parametrize("residency", ["one_at_a_time", "all_resident"])
def test_an_engine_that_cannot_unload_loses_its_worker(
    residency: str, odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Ending the process frees the model; the trial says so and is whole, and the next one has a new worker."""
    registry = odd(f"odd_stays_{residency}", unload="return False")
    ran = run_plan(settings(iterations=2, residency=residency), registry=registry)
    line = "asr cannot be unloaded; its worker was ended, which frees the model"
    assert [(str(trial.outcome), trial.problems) for trial in ran.trials] == [("ok", (line,))] * 2
    assert ["prepare" in [phase.name for phase in trial.visits[0].phases] for trial in ran.trials] == [True] * 2


@pytest.mark.parametrize(
    ("isolation", "expected"),
    [("run", ["asr0"]), ("iteration", ["asr0", "asr1"]), ("stage", ["asr0", "aligner1", "asr2", "aligner3"])],
)
def test_a_start_stands_first_in_the_visit_that_needed_it(
    isolation: str, expected: list[str], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Each worker's start is recorded once, before everything that it did."""
    ran = run_plan(settings(iterations=2, isolation=isolation))
    visits = [visit for trial in ran.trials for visit in trial.visits]
    firsts = [(visit, phase) for visit in visits for phase in visit.phases[:1] if phase.name == "start"]
    assert [f"{visit.stage}{phase.worker}" for visit, phase in firsts] == expected
    assert sum(phase.name == "start" for visit in visits for phase in visit.phases) == len(expected)
    for visit, start in firsts:
        assert start.start_ns < start.end_ns <= visit.phases[1].start_ns
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


# --- the memory curve ---------------------------------------------------------------------------------------------


def test_every_worker_is_sampled_while_it_rests_and_works(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The curve's clock is that of the phases: samples of each worker lie in the call that takes 300 ms."""
    ran = run_plan(settings({"ttft_ms": 300.0}, isolation="stage", sample_hz=100.0))
    curve = read_curve(ran.folder)
    assert curve is not None
    assert curve.workers == (0, 1)
    assert curve.sampling.cost is not None
    assert curve.sampling.cost.samples >= len(curve)
    run = ran.trials[0].visits[0].phase("run")
    assert run is not None
    seen_mib = sampled_peak_mib(curve, 0, run.start_ns, run.end_ns)
    assert seen_mib is not None
    assert seen_mib > 1
    assert ran.ending.problems == []


def test_a_run_without_samples_has_no_curve(settings: MakeSettings, run_plan: RunPlan) -> None:
    """``sample_hz=0`` leaves no file."""
    ran = run_plan(settings(sample_hz=0.0))
    assert not (ran.folder / store.CURVE).exists()
    assert ran.ending.ok


@pytest.mark.parametrize("options", [{"fail": "segv@run"}, {"fail": "interrupt@run"}])
def test_a_run_that_is_cut_short_has_its_curve(
    settings: MakeSettings, run_plan: RunPlan, request: pytest.FixtureRequest, options: dict[str, Any]
) -> None:
    """With its end, and no thread is left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    threads = threading.active_count()
    ran = run_plan(settings(options))
    curve = read_curve(ran.folder)
    assert curve is not None
    assert curve.sampling.cost is not None
    assert (threading.active_count(), ran.ending.ok) == (threads, False)


def test_a_curve_that_cannot_be_written_costs_no_trial(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails in the middle of the run; a line among the problems says so."""

    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.curve.CurveWriter.add", refuse)
    ran = run_plan(settings(iterations=3))
    assert [str(trial.outcome) for trial in ran.trials] == ["ok"] * 3
    assert ran.ending.ok
    assert ran.ending.problems == ["memory.curve was not written on: No space left on device"]


# --- the page cache -----------------------------------------------------------------------------------------------


def test_files_that_are_named_by_the_load_count_from_the_second_on(
    odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan, tmp_path: Path
) -> None:
    """Nothing is known of them before; the first trial says so, and what the engine said of itself is as it was."""
    file = tmp_path / "model.bin"
    file.write_bytes(b"model" * 10_000)
    facts = {"files": [str(file)]}
    registry = odd("odd_late", load=f"return {facts}")
    ran = run_plan(settings(order=("asr",), iterations=3, page_cache="warm"), registry=registry)
    found = [phase.facts for trial in ran.trials for phase in trial.visits[0].phases if phase.name == "load"]
    why = "the stage had named no file before its load"
    assert found == [{**facts, "cached_share_unknown": why}, *[{**facts, "cached_share": 1.0}] * 2]
    assert [trial.problems for trial in ran.trials] == [(f"page_cache=warm: {why} (asr)",), (), ()]
    assert ran.ending.engines == {"asr": facts}
