"""A sweep that was stopped goes on, from the command line to the folders that are left."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.whole.command import SCRIPTED, called, json_of, lines_of, settle, surroundings

Capture = pytest.CaptureFixture[str]
NULL = ("asr=null", "aligner=null", "order=[asr]", "quiet=true")
WAIT_S = 120.0
SWEEP = "hydra.sweep.dir=sweep"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def files_of(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Return what lies in a folder: bytes, and when each file was last changed."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def killed(folder: Path, arguments: list[str], job: str) -> Path:
    """Run a sweep until a job has its first trial, kill it with -9 there, and return its folder."""
    sweep = folder / "sweep"
    log = (folder.parent / "killed.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments, SWEEP],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        deadline = time.monotonic() + WAIT_S
        trials = sweep / job / "trials.jsonl"
        while not (trials.exists() and b"\n" in trials.read_bytes()):
            assert process.poll() is None, (folder.parent / "killed.log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
        log.close()
    return sweep


def test_a_killed_sweep_goes_on(folder: Path, capsys: Capture) -> None:
    """What was done stays as it is, the job in hand goes on at its next trial, the last begins, none runs twice."""
    slow = ["-m", *SCRIPTED, "order=[asr]", "seed=1,2,3", "iterations=4", "asr.chunk_ms=80", "quiet=true"]
    sweep = killed(folder, slow, "1")
    first = files_of(sweep / "0")
    done = lines_of(sweep / "1" / "trials.jsonl")
    ran = called(capsys, ["resume", str(sweep)])
    assert (ran.status, ran.out.splitlines()[0]) == (0, "1 of 3 jobs are done; goes on: 1; begins: 2")
    assert files_of(sweep / "0") == first
    for job in ("0", "1", "2"):
        assert [trial["index"] for trial in lines_of(sweep / job / "trials.jsonl")] == [0, 1, 2, 3]
        assert json_of(sweep / job / "summary.json")["outcomes"] == {"ok": 4}
    assert lines_of(sweep / "1" / "trials.jsonl")[: len(done)] == done
    assert [len(json_of(sweep / job / "run.json")["seams"]) for job in ("0", "1", "2")] == [0, 1, 0]
    assert [cell["ok"] for cell in json_of(sweep / "sweep.json")["cells"]] == [True, True, True]
    (time_of_it,) = json_of(sweep / "resumed.json")["times"]
    assert time_of_it["left"] == ["1", "2"]


def stopped(capsys: Capture, *arguments: str) -> Any:
    """Return the folder of a sweep of three jobs from which the last two are taken away."""
    ran = called(capsys, ["-m", *NULL, "threads=1,2,3", "iterations=1", SWEEP, *arguments])
    for job in ("1", "2"):
        for path in (ran.folder / job).iterdir():
            path.unlink()
    return ran.folder


def test_what_is_left_has_to_be_as_it_was_planned(folder: Path, capsys: Capture, monkeypatch: Any) -> None:
    """A line for each job, with the key where a folder tells it; --force takes it, and the record says so."""
    sweep = stopped(capsys)
    other = (sweep / "0" / "config.yaml").read_text(encoding="utf-8").replace("threads: 1", "threads: 2")
    (sweep / "1" / "config.yaml").write_text(other, encoding="utf-8")
    monkeypatch.setenv("CONTEXT_LENGTH", "17")
    ran = called(capsys, ["resume", str(sweep)])
    assert (ran.status, ran.err.splitlines()) == (
        2,
        [
            "harness: configuration: found 2 of the 2 jobs that are left with another one than was planned, "
            "expected the same; --force takes what is composed now",
            "  job 1: context_length was 4096, is 17",
            "  job 2: its configuration is not what was planned",
        ],
    )
    assert sorted(path.name for path in (sweep / "1").iterdir()) == ["config.yaml"]
    ran = called(capsys, ["resume", str(sweep), "--force"])
    assert ran.status == 0
    assert len(json_of(sweep / "resumed.json")["times"][0]["forced"]) == 2
    ran = called(capsys, ["resume", str(sweep)])
    assert (ran.status, ran.out) == (0, "nothing is left to do: 3 of 3 jobs\n")
    multirun = sweep / "multirun.yaml"
    text = multirun.read_text(encoding="utf-8")
    multirun.write_text(text.replace(f"cwd: {folder}", f"cwd: {folder}-gone"), encoding="utf-8")
    ran = called(capsys, ["resume", str(sweep)])
    assert (ran.status, ran.err) == (
        2,
        f"harness: working directory: found none at '{folder}-gone', expected the one in which the sweep was begun, "
        "for relative paths count from it\n",
    )
    multirun.unlink()
    ran = called(capsys, ["resume", str(sweep)])
    assert (ran.status, ran.err) == (
        2,
        f"harness: sweep folder: found '{sweep}' without multirun.yaml, "
        "expected the folder of a sweep that this harness began\n",
    )


def test_equal_cells_of_an_earlier_sweep_are_reused(folder: Path, capsys: Capture) -> None:
    """Under their new names, with where they come from; what is not equal runs, and what has failed is run again."""
    many = ["-m", *NULL, "iterations=1", "sweep.skip_done=true"]
    first = called(capsys, [*many, "threads=1,2"])
    with (first.folder / "1" / "trials.jsonl").open("r+", encoding="utf-8") as trials:
        text = trials.read()
        trials.seek(0)
        trials.write(text.replace('"kind":"ok"', '"kind":"no"'))
    second = called(capsys, [*many, "threads=1,2,3", "quiet=false"])
    assert second.status == 0
    began = json_of(first.folder / "0" / "run.json")["started_at"]
    line = f"job 0 is reused from {first.folder / '0'}, measured at {began}; the machine may have drifted"
    assert second.out.splitlines().count(line) == 2
    assert [path.parent.name for path in second.folder.glob("*/reused.json")] == ["0"]
    assert (second.folder / "0" / "trials.jsonl").read_bytes() == (first.folder / "0" / "trials.jsonl").read_bytes()
    run = json_of(second.folder / "0" / "run.json")
    planned = json_of(second.folder / "plan.json")["jobs"][0]["overrides"]
    assert (run["started_at"], run["overrides"]) == (began, planned)
    assert [cell["ok"] for cell in json_of(second.folder / "sweep.json")["cells"]] == [True, True, True]


def test_two_that_resume_the_same_sweep(folder: Path, capsys: Capture) -> None:
    """A job that one of them has in hand is left alone by the other; none runs twice."""
    slow = ["-m", *SCRIPTED, "order=[asr]", "seed=1,2", "iterations=3", "asr.chunk_ms=150", "quiet=true"]
    sweep = killed(folder, slow, "0")
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "harness", "resume", str(sweep)],
            cwd=folder,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=WAIT_S) for process in both]
    assert "Traceback" not in "".join(err for _, err in said)
    assert any("left alone" in out or "nothing is left" in out for out, _ in said)
    for job in ("0", "1"):
        assert [trial["index"] for trial in lines_of(sweep / job / "trials.jsonl")] == [0, 1, 2]
    assert json_of(sweep / "0" / "run.json")["seams"][0]["leg"] == 1
    assert not list(sweep.glob("*/failure.json"))
