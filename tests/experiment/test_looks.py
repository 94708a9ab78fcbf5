import os
import signal
from collections.abc import Iterable, Mapping
from typing import Any

import psutil
import pytest

from harness.hookspecs import Probe, hookimpl
from harness.metrics import absent, sample
from harness.process import Process
from harness.records import Outcome, Trial
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.probes import Counters, Steady
from tests.experiment.trials import workers

BOTH, LATER = [("asr", 0), ("aligner", 1)], [("asr", 2), ("aligner", 3)]


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
