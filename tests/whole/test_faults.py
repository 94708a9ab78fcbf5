import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.whole.command import SCRIPTED, Ran, called, carrying, json_of, settle

Capture = pytest.CaptureFixture[str]
RUBBISH = "rubbish: found b'what is this', expected a message"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def marker(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a text that every process carries that is started from here."""
    text = f"whole-{uuid.uuid4()}"
    monkeypatch.setenv("HARNESS_TEST_MARKER", text)
    return text


def failing(capsys: Capture, fault: str, *arguments: str, stage: str = "asr") -> Ran:
    """Run three iterations in which a stage fails as it is told."""
    command = [*SCRIPTED, "iterations=3", "timeout_s=1", f"{stage}.fail={fault}", *arguments]
    return called(capsys, command)


def workers(trial: dict[str, Any]) -> set[int]:
    """Return the numbers of the workers that had a part in a trial."""
    return {phase["worker"] for visit in trial["visits"] for phase in visit["phases"]}


def shown(ran: Ran) -> list[str]:
    """Return the outcomes that the screen shows."""
    return [line.removeprefix("[Outcome] ") for line in ran.out.splitlines() if line.startswith("[Outcome] ")]


@pytest.mark.parametrize("phase", ["load", "run", "unload"])
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("raise", "error: RuntimeError: told to raise in {phase} in {phase} (asr)"),
        ("segv", "crashed: SIGSEGV in {phase} (asr)"),
        ("kill", "crashed: SIGKILL in {phase} (asr)"),
        ("exit", "crashed: exit status 3 in {phase} (asr)"),
        ("hang", "timeout in {phase} after 1 s (asr)"),
        ("rubbish", RUBBISH + " in {phase} (asr)"),
    ],
)
def test_a_fault_is_the_outcome_of_its_trial(kind: str, outcome: str, phase: str, marker: str, capsys: Capture) -> None:
    """The trial in hand gets the outcome, those before and after it are done, and no process is left."""
    ran = failing(capsys, f"{kind}@{phase}@1")
    assert (ran.status, shown(ran)) == (1, [outcome.format(phase=phase)])
    before, failed, after = ran.trials
    assert (before["outcome"]["kind"], after["outcome"]["kind"]) == ("ok", "ok")
    assert (failed["outcome"]["stage"], failed["outcome"]["phase"]) == ("asr", phase)
    assert workers(before).isdisjoint(workers(after))
    assert carrying(marker) == []


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("raise", "error: RuntimeError: told to raise in prepare in prepare (asr)"),
        ("segv", "crashed: SIGSEGV in prepare (asr)"),
        ("exit", "crashed: exit status 3 in prepare (asr)"),
        ("hang", "timeout in prepare after 1 s (asr)"),
        ("rubbish", RUBBISH + " in prepare (asr)"),
    ],
)
def test_an_engine_that_cannot_start_fails_every_trial(kind: str, outcome: str, marker: str, capsys: Capture) -> None:
    """Each trial is tried with a worker of its own, each is a row, and the summary says why there is no figure."""
    ran = failing(capsys, f"{kind}@prepare", "iterations=2")
    assert (ran.status, shown(ran)) == (1, [outcome, outcome])
    reasons = {metric["null_reason"] for metric in ran.summary["metrics"].values()}
    assert reasons == {"no trial was completed"}
    assert carrying(marker) == []


@pytest.mark.parametrize("kind", ["raise", "segv"])
def test_a_fault_between_two_requests_is_one_of_its_trial(kind: str, marker: str, capsys: Capture) -> None:
    """A model that stays, and fails when it is told to forget, costs one trial."""
    ran = failing(capsys, f"{kind}@restart@0", "order=[asr]", "lifecycle=restart")
    assert (ran.status, ran.outcomes[0], ran.outcomes[2]) == (1, "ok", "ok")
    assert ran.trials[1]["outcome"]["phase"] == "restart"
    assert carrying(marker) == []


def test_an_input_that_is_refused_costs_no_worker(capsys: Capture) -> None:
    """A refusal is an outcome like any other, and the engine that gave it goes on."""
    ran = failing(capsys, "refuse@run@1")
    assert (ran.status, shown(ran)) == (1, ["refused: told to refuse in run (asr)"])
    assert ran.outcomes == ["ok", "refused", "ok"]
    assert {worker for trial in ran.trials for worker in workers(trial)} == {0}


def test_a_fault_of_the_second_stage_keeps_what_the_first_did(capsys: Capture) -> None:
    """The record of the failed trial has the transcript that was made before."""
    ran = failing(capsys, "segv@run@1", stage="aligner")
    assert shown(ran) == ["crashed: SIGSEGV in run (aligner)"]
    asr, aligner = ran.trials[1]["visits"]
    assert (asr["text"], aligner["words"]) == ("and so my fellow americans", [])


@pytest.mark.parametrize("isolation", ["iteration", "stage"])
def test_a_crash_beside_another_loaded_model_leaves_no_worker(isolation: str, marker: str, capsys: Capture) -> None:
    """Where both models are loaded, in one process or in two, the death of one ends the other's too."""
    ran = failing(capsys, "segv@run", f"isolation={isolation}", "residency=all_resident", "iterations=2")
    assert (ran.status, ran.outcomes) == (1, ["crashed", "crashed"])
    assert [trial["most_loaded"] for trial in ran.trials] == [2, 2]
    assert carrying(marker) == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("segv", ["about to die in run", "Fatal Python error: Segmentation fault"]),
        ("raise", ["RuntimeError: told to raise in run"]),
    ],
)
def test_the_end_of_the_log_is_in_the_record(kind: str, said: Sequence[str], capsys: Capture) -> None:
    """What the engine printed last stands in the trial and in the report, and all of it in ``engine.log``."""
    ran = failing(capsys, f"{kind}@run", "iterations=1", "asr.say=loading the weights")
    tail = ran.trials[0]["outcome"]["log_tail"]
    report = (ran.folder / "report.md").read_text(encoding="utf-8")
    log = (ran.folder / "engine.log").read_text(encoding="utf-8")
    for line in ["loading the weights", *said]:
        assert line in tail
        assert line in report
        assert line in log


def test_what_an_engine_prints_is_not_taken_for_an_answer(capsys: Capture) -> None:
    """Its standard output goes to the log, from Python and from the library beneath."""
    ran = called(capsys, [*SCRIPTED, "iterations=1", 'asr.say="{not an answer}"'])
    assert (ran.status, ran.outcomes) == (0, ["ok"])
    log = (ran.folder / "engine.log").read_text(encoding="utf-8")
    assert log.splitlines().count("{not an answer}") == 2
    assert "not an answer" not in ran.out


def test_the_run_stops_where_it_is_told_to(marker: str, capsys: Capture) -> None:
    """With ``on_crash=stop`` the failed trial is the last, and everything is written."""
    ran = failing(capsys, "segv@run@1", "on_crash=stop")
    assert (ran.status, ran.outcomes) == (1, ["ok", "crashed"])
    assert ran.summary["outcomes"] == {"ok": 1, "crashed": 1}
    assert carrying(marker) == []


def test_a_failed_trial_is_counted_and_in_no_figure(capsys: Capture) -> None:
    """The summary counts outcomes, its figures are over the trials that were done, the original's file has a row."""
    ran = failing(capsys, "raise@run@1")
    summary, results = ran.summary, json_of(ran.folder / "asr_align_results.json")
    assert summary["outcomes"] == {"ok": 2, "error": 1}
    assert summary["metrics"]["asr.wer"]["n"] == 2
    assert summary["metrics"]["asr.ttft_ms"]["n"] == 1  # the cold trial stands apart
    assert "Trials: 2 ok, 1 error" in ran.out.splitlines()
    outcomes = [iteration["outcome"] for iteration in results["iterations"]]
    assert outcomes == ["ok", "error: RuntimeError: told to raise in run in run (asr)", "ok"]


def test_a_run_without_a_finished_trial_prints_dashes_with_their_reason(capsys: Capture) -> None:
    """Where nothing was completed, tables are whole and say so."""
    ran = failing(capsys, "raise@load", "iterations=1")
    assert (ran.status, ran.outcomes) == (1, ["error"])
    assert "no trial was completed" in ran.out
    assert not {"nan", "None", "inf"} & set(ran.out.split())
