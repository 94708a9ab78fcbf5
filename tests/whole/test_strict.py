"""What ``strict`` makes of a leak, and of what an unloaded model still holds."""

from pathlib import Path

import pytest

from harness.analysis.verdict import MIN_FOR_LEAK
from tests.whole.command import SCRIPTED, Ran, called, json_of, settle

Capture = pytest.CaptureFixture[str]
ALONE = ("order=[asr]", "probe=[rss]", "asr.keep_mib=1", "asr.work_mib=1", "strict=true")
ENOUGH = f"iterations={MIN_FOR_LEAK + 1}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def strictly(capsys: Capture, *arguments: str) -> Ran:
    """Run the scripted ASR alone, strictly; what is given last counts."""
    return called(capsys, [*SCRIPTED, *ALONE, *arguments])


def said(ran: Ran) -> list[str]:
    """Return what ``strict`` complained of; the machine may be busy, too."""
    return [line.removeprefix("strict: ") for line in ran.err.splitlines() if line.startswith("strict: ")]


def test_a_leak_fails_a_strict_run(capsys: Capture) -> None:
    """The exit status is 1, one line says why, and the report says when the budget would be reached."""
    ran = strictly(capsys, ENOUGH, "asr.leak_mib=1", "memory_budget_mib=100000")
    assert (ran.status, set(ran.outcomes), said(ran)) == (1, {"ok"}, ["memory leaks"])
    assert ran.summary["broken"] == ["memory leaks"]
    verdict, runway = ran.summary["verdicts"]["memory"], ran.summary["runway"]
    assert verdict["slope_mib_per_iteration"] == pytest.approx(1.0, rel=0.02)
    assert runway["iterations"] == int((100000 - runway["peak_mib"]) / verdict["slope_mib_per_iteration"])
    assert [line.split(" ")[0] for line in ran.out.splitlines() if line.startswith(("Verdict", "Budget"))] == [
        "Verdict",
        "Verdict",
        "Budget:",
    ]
    assert json_of(ran.folder / "run.json")["budgets"]["strict"] is True


def test_without_strict_a_leak_is_no_failure(capsys: Capture) -> None:
    """It is said, and the exit status is that of the trials."""
    ran = strictly(capsys, ENOUGH, "asr.leak_mib=1", "strict=false")
    assert (ran.status, ran.summary["broken"], said(ran)) == (0, ["memory leaks"], [])


@pytest.mark.parametrize(("budget_mib", "status", "word"), [(3, 1, "FAIL"), (9, 0, "pass")])
def test_a_residual_fails_a_strict_run(budget_mib: int, status: int, word: str, capsys: Capture) -> None:
    """Two loads that leave 4 MiB each are above a budget of 3 and below one of 9."""
    ran = strictly(capsys, "iterations=2", "asr.leak_mib=4", f"residual_budget_mib={budget_mib}")
    residual = ran.summary["residuals"]["asr"]
    assert (ran.status, residual["passed"]) == (status, not status)
    assert residual["held_mib"] == pytest.approx(8.0, abs=0.9)
    assert f"Residual (asr): {word}: " in ran.out
    assert [line.split(" ")[:2] for line in said(ran)] == [["asr", "held"]] * status


def test_a_strict_run_that_keeps_its_promises(capsys: Capture) -> None:
    """Nothing leaks, nothing is held, one model was loaded: exit status 0."""
    ran = strictly(capsys, "iterations=2", "residual_budget_mib=2", "memory_budget_mib=100")
    assert (ran.status, ran.summary["broken"], ran.summary["runway"], said(ran)) == (0, [], None, [])


def test_a_strict_sweep_says_which_job_broke_its_promise(capsys: Capture) -> None:
    """Its cell says what was broken, and the sweep ends with 1; the other job is ok."""
    ran = called(capsys, ["-m", *SCRIPTED, *ALONE, "iterations=2", "residual_budget_mib=3", "asr.leak_mib=0,4"])
    assert ran.status == 1
    outcomes = [job["outcome"] for job in json_of(ran.folder / "sweep.json")["cells"]]
    assert outcomes[0] == "ok"
    assert outcomes[1].startswith("ok; asr held ")
    assert outcomes[1].endswith(" MiB after an unload, 3 may be")
