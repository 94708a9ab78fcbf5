"""Memory limits, the search for the smallest one, and the page cache, as a user meets them."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harness.fit_job
import harness.limit
from harness.job import Done, run_job
from harness.limit import limits_for
from harness.memory_group import PREFIX, Place, places
from harness.protocol import Fit
from tests.engine.build import Value, built, why_not, write_model
from tests.test_page_cache import droppable
from tests.whole.command import SCRIPTED, Ran, called, json_of, settle

Capture = pytest.CaptureFixture[str]
Run = Callable[..., Ran]
ENGINE = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")
PADDING = "\n".join(["# " + "x" * 60] * 64 * 1024)
"""4 MiB that the engine passes over: a model file that is worth caching."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with a program ``ffmpeg`` for the preflight."""
    ffmpeg = tmp_path / "bin" / "ffmpeg"
    ffmpeg.parent.mkdir()
    ffmpeg.write_text("#!/bin/sh\nexit 1\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", str(ffmpeg.parent), prepend=":")
    return settle(tmp_path, monkeypatch)


@pytest.fixture
def mechanism() -> str:
    """Return the mechanism of a control group here, whose groups are gone in the end."""
    fit, _ = limits_for(Fit(limit_mib=64.0))
    if fit.mechanism == "RLIMIT_AS":
        pytest.skip(f"no memory control group can be made here: {'; '.join(fit.why)}")
    assert fit.mechanism is not None
    return fit.mechanism


@pytest.fixture
def alone(folder: Path, capsys: Capture) -> Run:
    """Return a function that runs the engine of known truth as an ASR alone; keywords are its costs."""

    def run(*arguments: str, padding: str = "", **costs: Value) -> Ran:
        model = write_model(folder / "speech.bin", text="hello", **costs)
        with model.open("a", encoding="utf-8") as file:
            file.write(padding)
        own = ["order=[asr]", "asr=chatllm", "asr.model=speech.bin", f"asr.library={built()}"]
        return called(capsys, [*arguments, *own])

    return run


def left() -> list[Path]:
    """Return the groups of ours that are left of this process."""
    return [one for place in places() for one in place.folder.glob(f"{PREFIX}{os.getpid()}-*")]


def loads(ran: Ran) -> list[dict[str, Any]]:
    """Return the facts of each load."""
    phases = [phase for trial in ran.trials for visit in trial["visits"] for phase in visit["phases"]]
    return [phase["facts"] for phase in phases if phase["name"] == "load"]


@ENGINE
def test_the_limit_that_is_found_is_the_truth(alone: Run, mechanism: str, folder: Path, capsys: Capture) -> None:
    """What a bare worker holds, what the model keeps, and what it needs for a moment while loading."""
    ran = alone("iterations=1", "fit.search=true", "fit.tolerance_mib=16", keep_mib=64, load_peak_mib=32)
    assert (ran.status, ran.folder) == (0, (folder / "outputs" / "latest").resolve())
    record = json_of(ran.folder / "fit.json")
    need_mib = record["bare_mib"] + 96
    fits_mib, fails_mib = record["found"]["fits_mib"], record["found"]["fails_mib"]
    assert need_mib <= fits_mib <= need_mib + 16 + 4
    assert need_mib - 16 <= fails_mib < fits_mib
    assert f"Fit: fits in {fits_mib} MiB (fails at {fails_mib} MiB)" in ran.out.splitlines()
    assert record["mechanism"] == mechanism
    attempts = record["attempts"]
    assert attempts[0]["name"] == "0000-unlimited"
    assert attempts[-1]["name"].endswith(f"-{fits_mib}MiB")
    outcomes = [one["outcome"] for one in attempts if not one["ok"]]
    assert outcomes
    assert all(re.fullmatch(r"oom at \d+ MiB in load \(asr\)", outcome) for outcome in outcomes)
    assert (ran.folder / "attempts" / attempts[1]["name"] / "report.md").exists()
    again = called(capsys, ["report", str(ran.folder)])
    table = ran.out[ran.out.index("\n\nAttempt") + 2 :]
    assert (again.status, again.out) == (0, table)
    assert json_of(ran.folder / "fit.json") == record
    assert left() == []


@ENGINE
def test_mapped_files_are_given_up_before_the_worker_is(alone: Run, mechanism: str) -> None:
    """A model that is mapped from its file needs far less than it has resident without a limit."""
    ran = alone("iterations=1", "fit.search=true", "fit.tolerance_mib=24", keep_mib=16, map_mib=96)
    record = json_of(ran.folder / "fit.json")
    assert (ran.status, record["mechanism"]) == (0, mechanism)
    assert record["attempts"][0]["peak_mib"] > record["bare_mib"] + 16 + 96
    assert record["bare_mib"] + 16 <= record["found"]["fits_mib"] <= record["bare_mib"] + 16 + 48


@ENGINE
def test_each_trial_is_out_of_memory_on_its_own(alone: Run, mechanism: str) -> None:
    """A process that leaks into its limit is replaced by a new one, which has it all again."""
    costs: dict[str, Value] = {"keep_mib": 16, "leak_load_kib": 24 * 1024, "leak_with": "mmap"}
    ran = alone("iterations=5", "fit.limit_mib=84", **costs)
    assert (ran.status, ran.outcomes) == (1, ["ok", "ok", "oom", "ok", "ok"])
    assert "[Outcome] oom at 84 MiB in load (asr)" in ran.out.splitlines()
    fit = json_of(ran.folder / "run.json")["fit"]
    assert (fit["limit_mib"], fit["search"], fit["mechanism"]) == (84.0, False, mechanism)
    (line,) = [line for line in ran.out.splitlines() if line.startswith("Limit: ")]
    assert re.fullmatch(rf"Limit: 84 MiB by {mechanism}, peak of the group 8[34]\.\d MiB", line)
    assert ran.summary["limit"]["peak_mib"] == pytest.approx(84, abs=0.5)
    assert left() == []


@ENGINE
def test_a_kill_from_elsewhere_is_a_crash(alone: Run, mechanism: str) -> None:
    """Also under a limit."""
    ran = alone("iterations=1", "fit.limit_mib=84", keep_mib=16, crash_in="run", crash_signal="KILL")
    assert "[Outcome] crashed: SIGKILL in run (asr)" in ran.out.splitlines()
    assert mechanism in ran.out
    assert left() == []


@ENGINE
def test_a_sweep_over_limits(alone: Run, mechanism: str) -> None:
    """Limits are swept like any other key."""
    ran = alone("-m", "iterations=2", "fit.limit_mib=64,200", keep_mib=96)
    jobs = json_of(ran.folder / "sweep.json")["cells"]
    assert [(job["overrides"]["fit.limit_mib"], job["outcome"]) for job in jobs] == [
        ("64", "2 oom of 2 trials"),
        ("200", "ok"),
    ]
    assert mechanism.startswith("cgroup")


def test_a_search_by_address_space_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Where there is no group, the answer is of another kind."""
    monkeypatch.setattr(harness.limit, "places", lambda proc: iter(list[Place]()))
    arguments = [*SCRIPTED, "order=[asr]", "iterations=1", "asr.keep_mib=64", "fit.search=true", "fit.tolerance_mib=40"]
    ran = called(capsys, arguments)
    assert ran.status == 0
    assert re.search(r"\nFit: fits in \d+ MiB of address space \(fails at \d+ MiB of address space\)\n", ran.out)
    assert "RLIMIT_AS counts reserved address space, not memory in use" in ran.out
    record = json_of(ran.folder / "fit.json")
    first = json_of(ran.folder / "attempts" / "0000-unlimited" / "run.json")["fit"]
    assert record["mechanism"] == first["mechanism"] == "RLIMIT_AS"
    failed = [one["outcome"] for one in record["attempts"] if not one["ok"]]
    assert all("of address space" in outcome for outcome in failed)


def test_an_interrupted_search_keeps_its_attempts(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Status 130, what is known so far, and each finished attempt a run of its own."""
    done: list[Done] = []

    def interrupted(*arguments: Any) -> Done:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(run_job(*arguments))
        return done[-1]

    monkeypatch.setattr(harness.fit_job, "run_job", interrupted)
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", "fit.search=true"])
    assert ran.status == 130
    assert re.search(r"\nFit: interrupted after 2 attempts; so far: fits in \d+ MiB", ran.out)
    assert len(list((ran.folder / "attempts").glob("*/summary.json"))) == 2
    again = called(capsys, ["report", str(ran.folder)])
    assert "interrupted after 2 attempts" in again.out


def test_an_interrupt_before_the_first_attempt_leaves_nothing(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """There is nothing to tell."""

    def interrupted(*arguments: Any) -> Done:
        raise KeyboardInterrupt

    monkeypatch.setattr(harness.fit_job, "run_job", interrupted)
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", "fit.search=true"])
    assert (ran.status, ran.out) == (130, "")


def test_what_fails_without_a_limit_is_not_searched(capsys: Capture) -> None:
    """One attempt, the reason, status 1."""
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=3", "asr.fail=raise@run", "fit.search=true"])
    assert ran.status == 1
    (answer,) = [line for line in ran.out.splitlines() if line.startswith("Fit: ")]
    assert answer == "Fit: does not run without a limit either: error: RuntimeError: told to raise in run in run (asr)"
    assert [path.name for path in (ran.folder / "attempts").iterdir()] == ["0000-unlimited"]


@ENGINE
def test_cold_and_warm_loads_side_by_side(alone: Run, tmp_path: Path) -> None:
    """What was cached is measured before each load, and labels it in the sweep's table."""
    if not droppable(tmp_path):
        pytest.skip("the file system of the temporary folder cannot drop what it has cached, or does not say")
    ran = alone("-m", "page_cache=cold,warm", "iterations=3", "trim=never", padding=PADDING)
    jobs = json_of(ran.folder / "sweep.json")["cells"]
    assert [job["overrides"]["page_cache"] for job in jobs] == ["cold", "warm"]
    shares = [job["metrics"]["asr.cached_share"]["value"] for job in jobs]
    assert shares[0] < 0.1
    assert shares[1] == 1.0
    assert all(job["metrics"]["asr.load_ms"]["value"] > 0 for job in jobs)
    assert "cached_share" in ran.out
    assert "[Problem]" not in ran.out


@ENGINE
def test_what_was_cached_is_a_fact_of_each_load(alone: Run) -> None:
    """As it is, where nothing is asked for, and no fact of the engine."""
    ran = alone("iterations=2")
    assert [0 <= facts["cached_share"] <= 1 for facts in loads(ran)] == [True, True]
    engine = json_of(ran.folder / "environment.json")["engines"]["asr"]
    assert not {"cached_share", "cached_share_unknown"} & set(engine)
    assert ran.trials[0]["problems"] == []


def test_a_stage_that_names_no_file_is_told_of_once(capsys: Capture) -> None:
    """What was asked for could not be done for it; as it is, nothing was asked for, and there is no problem."""
    why = "the stage had named no file before its load"
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=3", "page_cache=cold"])
    assert [trial["problems"] for trial in ran.trials] == [[f"page_cache=cold: {why} (asr)"], [], []]
    assert [facts["cached_share_unknown"] for facts in loads(ran)] == [why] * 3
    assert ran.summary["metrics"]["asr.cached_share"]["null_reason"] == why
    plain = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1"])
    assert plain.trials[0]["problems"] == []


@pytest.mark.parametrize("fail", ["insist@run", "segv@load", "rubbish@run", "hang@run"])
def test_no_group_is_left_behind(fail: str, mechanism: str, capsys: Capture) -> None:
    """However a worker ended, its group is gone with it."""
    arguments = [*SCRIPTED, "order=[asr]", "iterations=2", "fit.limit_mib=64", f"asr.fail={fail}", "timeout_s=1"]
    ran = called(capsys, arguments)
    assert ran.status == (130 if fail.startswith("insist") else 1)
    assert f"Limit: 64 MiB by {mechanism}" in ran.out
    assert left() == []
