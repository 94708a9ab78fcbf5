import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from tests.whole.command import SCRIPTED, Ran, carrying, harness, json_of, surroundings

WAIT_S = 60.0
ONCE = ": the trial in hand is finished first; once more (Ctrl-C) stops at once"
"""What is said when the first signal has been heard."""


@pytest.fixture
def marker() -> str:
    """Return a text that every process of a command carries."""
    return f"whole-{uuid.uuid4()}"


def interrupted(folder: Path, marker: str, *arguments: str) -> Ran:
    """Run a command line in which a stage sends Ctrl-C's signal to the supervisor and then hangs."""
    return harness(*arguments, cwd=folder, env={"HARNESS_TEST_MARKER": marker})


@contextmanager
def started(folder: Path, arguments: Sequence[str], **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command line, and end it whatever happens, with its worker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=folder,
        env=surroundings(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(WAIT_S)
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def read_until(process: subprocess.Popen[bytes], line: bytes, stream: str = "stdout") -> bytes:
    """Return what a command prints up to a line; fail where it prints nothing more for a minute."""
    source: IO[bytes] = getattr(process, stream)
    out = b""
    while line not in out.splitlines():
        assert select.select([source], [], [], WAIT_S)[0], f"no line {line!r} after {out!r}"
        piece = os.read(source.fileno(), 1 << 16)
        assert piece, f"no line {line!r} in {out!r}"
        out += piece
    return out


def wait_for_the_end_of(marker: str) -> None:
    """Wait until no process carries a text any more."""
    deadline = time.monotonic() + WAIT_S
    while carrying(marker):
        assert time.monotonic() < deadline, f"left behind: {carrying(marker)}"
        time.sleep(0.05)


@pytest.mark.parametrize("phase", ["load", "run"])
def test_an_interrupted_run_keeps_what_was_done(tmp_path: Path, marker: str, phase: str) -> None:
    """Status 130, the trial in hand is ``interrupted``, and summary and reports are over what was done."""
    ran = interrupted(tmp_path, marker, *SCRIPTED, "iterations=3", f"asr.fail=insist@{phase}@1")
    assert (ran.status, ran.outcomes) == (130, ["ok", "interrupted"])
    assert "Traceback" not in ran.err
    assert ran.summary["outcomes"] == {"ok": 1, "interrupted": 1}
    assert ran.summary["metrics"]["asr.wer"]["n"] == 1
    assert {"report.md", "report.html", "asr_align_results.json"} <= {path.name for path in ran.folder.iterdir()}
    assert (tmp_path / "outputs" / "latest").resolve() == ran.folder.resolve()
    assert carrying(marker) == []


def test_an_interrupt_before_the_first_trial_is_done_leaves_a_run_that_can_be_read(tmp_path: Path, marker: str) -> None:
    """Nothing was completed, and the summary says so."""
    ran = interrupted(tmp_path, marker, *SCRIPTED, "iterations=3", "asr.fail=insist@prepare")
    assert (ran.status, ran.outcomes) == (130, ["interrupted"])
    assert {metric["null_reason"] for metric in ran.summary["metrics"].values()} == {"no trial was completed"}
    assert carrying(marker) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_from_outside_ends_a_hanging_engine(number: signal.Signals, tmp_path: Path, marker: str) -> None:
    """Ctrl-C, and what a container is stopped with, end a run whose engine does not answer, when they come twice."""
    arguments = [*SCRIPTED, "iterations=2", "verbose=true", "asr.fail=hang@run@1"]
    with started(tmp_path, arguments, HARNESS_TEST_MARKER=marker, PYTHONUNBUFFERED="1") as process:
        before = read_until(process, b"[ASR] run (trial 1)")
        process.send_signal(number)
        read_until(process, f"{number.name}{ONCE}".encode(), "stderr")
        process.send_signal(number)
        out, err = process.communicate(timeout=WAIT_S)
    ran = Ran(process.returncode, (before + out).decode(), err.decode())
    assert (ran.status, ran.outcomes) == (130, ["ok", "interrupted"])
    assert "Traceback" not in ran.err
    assert carrying(marker) == []


def test_lines_come_while_the_run_goes_on_when_piped(tmp_path: Path) -> None:
    """Whoever pipes the output into ``tee`` sees each line when it is printed, not when the run is over."""
    with started(tmp_path, [*SCRIPTED, "iterations=2", "verbose=true", "asr.fail=hang@run@1"]) as process:
        shown = read_until(process, b"[ASR] run (trial 1)")
    assert b"Iteration 1/2" in shown


def test_a_reader_that_leaves_costs_no_trial(tmp_path: Path, marker: str) -> None:
    """With the output piped into ``head`` every trial is done and summarised; the status says that nobody read on."""
    arguments = [*SCRIPTED, "iterations=4", "asr.chunk_ms=20"]
    with started(tmp_path, arguments, HARNESS_TEST_MARKER=marker, PYTHONUNBUFFERED="1") as process:
        read_until(process, b"Iteration 2/4")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        status = process.wait(WAIT_S)
        err = process.stderr.read()
    assert status == 141
    assert b"Traceback" not in err
    (summary,) = (tmp_path / "outputs" / "runs").glob("*/*/summary.json")
    assert json_of(summary)["outcomes"] == {"ok": 4}
    assert carrying(marker) == []


def test_the_trial_is_on_disk_when_the_supervisor_is_killed(tmp_path: Path, marker: str) -> None:
    """A supervisor that dies at once leaves every finished trial, whole, and a worker that ends by itself."""
    arguments = [*SCRIPTED, "iterations=1000000", "asr.chunk_ms=20"]
    with started(tmp_path, arguments, HARNESS_TEST_MARKER=marker, PYTHONUNBUFFERED="1") as process:
        read_until(process, b"Iteration 3/1000000")
        process.kill()
        process.wait()
    (trials,) = (tmp_path / "outputs" / "runs").glob("*/*/trials.jsonl")
    done = [
        json.loads(line) for line in trials.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"
    ]
    assert len(done) >= 3
    assert {trial["outcome"]["kind"] for trial in done} == {"ok"}
    wait_for_the_end_of(marker)
    ran = harness("report", str(trials.parent), cwd=tmp_path)
    assert ran.status == 0
    assert "Trials: " in ran.out


def test_an_interrupted_sweep_keeps_its_jobs_and_begins_no_other(tmp_path: Path, marker: str) -> None:
    """Status 130, the job in hand has its summary, the next is not begun, and the table is over what was done."""
    faults = "asr.fail='',insist@run@1,raise@run"
    ran = interrupted(tmp_path, marker, "-m", *SCRIPTED, "iterations=2", faults)
    assert ran.status == 130
    assert "Traceback" not in ran.err
    (sweep,) = (tmp_path / "outputs" / "sweeps").glob("*/*")
    summaries = [json_of(sweep / job / "summary.json")["outcomes"] for job in ("0", "1")]
    assert summaries == [{"ok": 2}, {"ok": 1, "interrupted": 1}]
    assert not (sweep / "2" / "run.json").exists()
    assert [job["ok"] for job in json_of(sweep / "sweep.json")["cells"]] == [True, False, False]
    assert ran.folder == sweep
    assert carrying(marker) == []
