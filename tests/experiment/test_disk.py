"""A run whose disk takes no more."""

import os

import psutil
import pytest

from harness import store
from tests.conftest import MakeSettings, RunPlan


def full_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk take so many trials, and no more."""
    append, taken = store._write_whole, []

    def write(file: object, content: bytes) -> None:
        taken.append(content)
        if len(taken) > count:
            raise OSError(28, os.strerror(28))
        append(file, content)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "_write_whole", write)


def test_a_full_disk_ends_the_run_and_keeps_what_is_finished(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No trial is begun that could not be kept; the worker is ended; the one that was not kept is not counted."""
    full_after(2, monkeypatch)
    ran = run_plan(settings(iterations=1000))
    assert [trial.index for trial in ran.trials] == [0, 1]
    assert ran.ending.disk is not None
    assert (ran.ending.disk.number, ran.ending.kept, ran.ending.outcomes) == (28, 2, {"ok": 2})
    assert (ran.ending.ok, ran.ending.interrupted) == (False, False)
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_a_full_disk_after_a_signal_is_no_traceback(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial that was cut short cannot be written, and those before it are kept."""
    full_after(1, monkeypatch)
    ran = run_plan(settings({"fail": "insist@run@1"}, iterations=3))
    assert [str(trial.outcome) for trial in ran.trials] == ["ok"]
    assert (ran.ending.disk is not None, ran.ending.kept) == (True, 1)
