from typing import Any

import psutil
import pytest

from harness.experiment import Ending
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.trials import visit_of


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
