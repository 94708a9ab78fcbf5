"""A disk that takes no more, as a user meets it: a small one, which is full after some trials."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.command import ROOT, SCRIPTED, called, carrying, lines_of, settle, surroundings

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Mount a disk of 90 KiB, where that is allowed; a run's records take a third of it before the first trial."""
    small = settle(tmp_path, monkeypatch) / "small"
    small.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90k", "none", str(small)], check=False)
    if made.returncode:
        pytest.skip("no file system may be mounted here")
    yield small
    subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_full_disk_stops_a_run_and_a_sweep_with_a_line(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Status 1, what is finished is whole, one line says how to go on, and one that there are no reports.

    Then a run does not begin at all, and leaves nothing that is in the way of a second try; a sweep stops with the job
    in hand.
    """
    monkeypatch.setenv("HARNESS_TEST_MARKER", str(disk))
    run = disk / "run"
    ran = called(capsys, [*SCRIPTED, "iterations=100", "quiet=true", f"hydra.run.dir={run}"])
    kept = len(lines_of(run / "trials.jsonl"))
    assert (ran.status, 0 < kept < 100) == (1, True)
    said = [line for line in ran.err.splitlines() if not line.startswith("warning:")]
    assert said == [
        f"harness: the disk of '{run}' is full: {kept} of 100 trials are kept; make room, then: "
        f"python -m harness resume {run}",
        f"harness: its reports were not written either: '{run / 'summary.json'}' (No space left on device)",
    ]
    ran = called(capsys, [*SCRIPTED, "iterations=100", "quiet=true", f"hydra.run.dir={disk / 'second'}"])
    assert (ran.status, ran.err.count("\n"), os.path.lexists(disk / "second")) == (1, 1, False)
    assert ran.err.endswith("(No space left on device), expected a file that can be written\n")
    for path in run.iterdir():
        path.unlink()
    command = ["-m", *SCRIPTED, "iterations=100", "quiet=true", "threads=1,2", f"hydra.sweep.dir={disk / 'sweep'}"]
    ran = called(capsys, command)
    assert (ran.status, (disk / "sweep" / "1").exists()) == (1, False)
    last = f"harness: the disk of '{disk / 'sweep'}' is full: 0 of 2 finished jobs are kept; make room, then: "
    assert ran.err.splitlines()[-1] == f"{last}python -m harness resume {disk / 'sweep'}"
    assert "Traceback" not in ran.err
    assert carrying(str(disk)) == []


def test_an_output_that_takes_no_more_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command prints may go to a full disk too."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 a device
        done = subprocess.run(
            [sys.executable, "-m", "harness", "plugins"],
            cwd=ROOT,
            env=surroundings(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "harness: output file: found '/dev/stdout' (No space left on device), expected a file that can be written\n"
    )
