import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from harness import store
from harness.records import PlannedJob, SweepPlan
from tests import stored
from tests.stored_sweep import failure, job
from tests.whole.command import SCRIPTED, Ran, called, carrying, json_of, settle, surroundings

Capture = pytest.CaptureFixture[str]
WAIT_S = 60.0
KEYS = ("iterations=3", "order=[asr]", "quiet=True")
FILES = (store.SWEEP_JSON, store.SWEEP_CSV, store.SWEEP_MD, store.SWEEP_HTML)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def sweep(folder: Path) -> Path:
    """Write a sweep of three jobs over threads, the last of which failed."""
    for number in range(2):
        job(folder / str(number), f"threads={number + 1}", "iterations=3")
    failure(folder / "2", "threads: found 0", "threads=0", "iterations=3")
    return folder


def refused(ran: Ran) -> str:
    """Return the one line of a command that could not be carried out."""
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    return ran.err.removeprefix("harness: ").rstrip("\n")


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("asked", "job"), [("threads=2", "1"), ("1", "1"), ("threads=0", "2")])
def test_another_baseline(asked: str, job: str, folder: Path, capsys: Capture) -> None:
    """The report is made again with the cell that is asked for, also with one that failed."""
    ran = called(capsys, ["report", str(sweep(folder / "sweep")), "--baseline", asked])
    assert (ran.status, ran.err) == (0, "")
    assert json_of(folder / "sweep" / "sweep.json")["baseline"] == job
    assert ("no ratios; report --baseline names another cell" in ran.out) == (job == "2")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            "threads=9",
            "--baseline: found 'threads=9', which is no cell, expected key=value[,key=value] of one cell, or a job's",
        ),
        ("iterations=3", "--baseline: found 'iterations=3', which is 3 cells, expected key=value[,key=value] of one"),
        ("9", "--baseline: found '9', which is no cell, expected "),
        ("", "--baseline: found '', which is no cell, expected "),
    ],
)
def test_a_baseline_that_is_no_cell(asked: str, line: str, folder: Path, capsys: Capture) -> None:
    """The line names the cells that there are, and nothing is overwritten."""
    place = sweep(folder / "sweep")
    called(capsys, ["report", str(place)])
    before = content(place)
    found = refused(called(capsys, ["report", str(place), "--baseline", asked]))
    assert found.startswith(line)
    assert "threads=2" in found.partition("choose from: ")[2]
    assert content(place) == before


def test_a_run_has_no_baseline(folder: Path, capsys: Capture) -> None:
    """Only a sweep's cells are compared."""
    place = job(folder / "run", "threads=1")
    before = content(place)
    found = refused(called(capsys, ["report", str(place), "--baseline", "threads=1"]))
    assert found == f"--baseline: found '{place}', expected the folder of a sweep, whose cells can be compared"
    assert content(place) == before


def no_trials(place: Path) -> None:
    """Remove a run's trials."""
    (place / store.TRIALS).unlink()


def empty_trials(place: Path) -> None:
    """Empty the file of a run's trials."""
    (place / store.TRIALS).write_bytes(b"")


def no_trials_and_a_torn_summary(place: Path) -> None:
    """Remove a run's trials, and the end of its summary."""
    (place / store.TRIALS).unlink()
    (place / store.SUMMARY).write_text('{"run": ', encoding="utf-8")


@pytest.mark.parametrize("damage", [no_trials, empty_trials, no_trials_and_a_torn_summary])
def test_a_summary_without_its_trials(damage: Callable[[Path], None], folder: Path, capsys: Capture) -> None:
    """What is missing is said, and the summary, which is all that is left, stays as it is."""
    place = job(folder / "run", "threads=1")
    called(capsys, ["report", str(place)])
    damage(place)
    before = content(place)
    found = refused(called(capsys, ["report", str(place)]))
    assert found == (
        f"run folder: found '{place}' with summary.json and without the trials that it was made from, expected "
        "trials.jsonl beside it; the summary is left as it is"
    )
    assert content(place) == before


def test_a_run_that_was_killed_early_is_reported_twice(folder: Path, capsys: Capture) -> None:
    """A summary of no trials needs none."""
    place = stored.write(folder / "run", stored.run(), ())
    (place / store.TRIALS).unlink()
    assert [called(capsys, ["report", str(place)]).status for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("text", ["", '{"jobs": [', '{"schema": 99}'])
def test_a_damaged_plan(text: str, folder: Path, capsys: Capture) -> None:
    """It is named, and nothing is overwritten."""
    place = sweep(folder / "sweep")
    called(capsys, ["report", str(place)])
    (place / store.PLAN).write_text(text, encoding="utf-8")
    before = content(place)
    assert refused(called(capsys, ["report", str(place)])).startswith(f"sweep plan: found '{place}/plan.json' (")
    assert content(place) == before


def test_an_empty_folder(folder: Path, capsys: Capture) -> None:
    """It is neither a run nor a sweep, and stays empty."""
    (folder / "none").mkdir()
    found = refused(called(capsys, ["report", str(folder / "none")]))
    assert found == f"run folder: found '{folder}/none' without run.json, expected the folder of a run"
    assert content(folder / "none") == {}


def test_every_job_failed(folder: Path, capsys: Capture) -> None:
    """There is a report all the same, with a row and the reason for each."""
    for number in range(3):
        failure(folder / "sweep" / str(number), f"threads: found -{number}", f"threads=-{number}")
    ran = called(capsys, ["report", str(folder / "sweep")])
    assert (ran.status, ran.err) == (0, "")
    assert all(f"failed: threads: found -{number}" in ran.out for number in range(3))
    assert all((folder / "sweep" / name).exists() for name in FILES)


def wait_until(there: Callable[[], bool]) -> None:
    """Wait for something that is to come; fail after a minute."""
    deadline = time.monotonic() + WAIT_S
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def planned(folder: Path, *faults: str) -> None:
    """Write the plan of a sweep over what goes wrong; the last cell is the baseline."""
    jobs = tuple(
        PlannedJob(job=str(number), overrides=(*SCRIPTED[2:], f"asr.fail={fault}", *KEYS), cell=number)
        for number, fault in enumerate(faults)
    )
    folder.mkdir()
    made = SweepPlan(
        started_at="", harness_version="", swept=("asr.fail",), jobs=jobs, baseline=f"asr.fail={faults[0]}"
    )
    store.write_json(folder / store.PLAN, made)


def test_a_sweep_that_was_killed(folder: Path, capsys: Capture) -> None:
    """After SIGKILL in its second job the report has the first, what the second did, and what was not come to."""
    marker, place = f"whole-{uuid.uuid4()}", folder / "sweep"
    planned(place, "''", "hang@run@1", "raise@run")
    arguments = ["-m", *SCRIPTED, "asr.fail='',hang@run@1,raise@run", *KEYS]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments, f"hydra.sweep.dir={place}"],
        env=surroundings({"HARNESS_TEST_MARKER": marker}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    trials = place / "1" / store.TRIALS
    try:
        wait_until(lambda: trials.exists() and trials.read_bytes().endswith(b"\n"))
        running = called(capsys, ["report", str(place)])
    finally:
        process.kill()
        process.wait()
        for worker in carrying(marker):  # it hangs, as it was told to
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
    assert running.status == 0
    assert "running: 1 of 3 trials" in running.out
    ran = called(capsys, ["report", str(place)])
    assert (ran.status, ran.err) == (0, "")
    record = json_of(place / "sweep.json")
    outcomes = [(cell["overrides"]["asr.fail"], cell["outcome"]) for cell in record["cells"]]
    assert outcomes == [("''", "ok"), ("hang@run@1", "1 ok of 3 trials"), ("raise@run", "not run")]
    assert (record["swept"], record["baseline"]) == (["asr.fail"], "0")
    assert all((place / name).exists() for name in FILES)
