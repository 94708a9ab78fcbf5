import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.clusters.slurm_queue import FORGOTTEN, UNKNOWN, Place, cancel, places, read


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, scripts: Mapping[str, str]) -> None:
    """Put programs of SLURM's on a PATH that has no others of them."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: real([str(folder / command[0]), *command[1:]], **how))


def test_lines_of_squeue_and_sacct_are_read() -> None:
    """A job, an element of an array; steps and headers are none, and who cancelled is left out."""
    printed = "12|RUNNING|n1\n13_4|CANCELLED by 0|None assigned\n13_4.batch|CANCELLED|n1\n"
    printed += "JobID|State|NodeList\n14|OUT_OF_ME+|n2\n"
    assert read(printed) == {
        "12": Place("RUNNING", "n1"),
        "13_4": Place("CANCELLED"),
        "14": Place("OUT_OF_ME", "n2"),
    }


@pytest.mark.parametrize(
    ("state", "over"),
    [
        ("PENDING", False),
        ("COMPLETING", False),
        ("NODE_FAIL", True),
        ("OUT_OF_MEMORY", True),
        ("TIMEOUT", True),
        (UNKNOWN, False),
        (FORGOTTEN, True),
    ],
)
def test_a_state_says_whether_a_job_is_over(state: str, over: bool) -> None:
    """Of a controller that does not answer nothing is concluded."""
    assert Place(state).over is over


def test_the_accounting_is_asked_for_what_the_queue_forgot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's word counts; what neither knows is forgotten."""
    programs(
        tmp_path,
        monkeypatch,
        {"squeue": "echo '1_0|RUNNING|n1'", "sacct": "echo '1_0|PENDING|'; echo '1_1|TIMEOUT|n2'"},
    )
    monkeypatch.setattr("shutil.which", lambda name: name)
    assert places(["1_0", "1_1", "2"]) == {
        "1_0": Place("RUNNING", "n1"),
        "1_1": Place("TIMEOUT", "n2"),
        "2": Place(FORGOTTEN),
    }


def test_a_controller_that_does_not_answer_ends_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart of SLURM's is no end of the jobs; a refused scancel is told."""
    down = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"
    programs(tmp_path, monkeypatch, {"squeue": down, "scancel": "echo 'scancel: error: Access denied' >&2; exit 1"})
    assert places(["7"]) == {"7": Place(UNKNOWN)}
    assert cancel(["7"]) == "scancel: error: Access denied"
