from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.errors import StoreError
from harness.records import Outcome, SweepPlan
from harness.sweeping.state import REUSED, state_of
from tests import stored

PLAN = SweepPlan(started_at="2026-01-02T03:04:00.000+00:00", harness_version="0.1.0", swept=(), jobs=())


def test_how_far_a_job_is(tmp_path: Path) -> None:
    """By its run, however many legs it has had; a trial that was cut short is still to be done."""
    assert state_of(tmp_path, PLAN) == "new"
    store.write_json(tmp_path / store.FAILURE, store.Failure((), "no"))
    assert state_of(tmp_path, PLAN) == "failed"
    trials = [stored.trial(index) for index in range(3)]
    cut = replace(trials[2], outcome=Outcome("interrupted"))
    stored.write(tmp_path / "0", stored.run(), [*trials[:2], cut])
    stored.write(tmp_path / "1", stored.run(), trials)
    assert (state_of(tmp_path / "0", PLAN), state_of(tmp_path / "1", PLAN)) == ("begun", "finished")


def test_a_run_from_before_the_sweep_is_not_its_own(tmp_path: Path) -> None:
    """Clocks of hosts may differ by a minute, and a cell that was reused is from before."""
    stored.write(tmp_path / "0", stored.run(started_at="2026-01-02T03:03:01.000+00:00"), [])
    assert state_of(tmp_path / "0", PLAN) == "begun"
    stored.write(tmp_path / "1", stored.run(started_at="2026-01-02T03:02:59.000+00:00"), [])
    with pytest.raises(StoreError, match="with a run that began before the sweep"):
        state_of(tmp_path / "1", PLAN)
    (tmp_path / "1" / REUSED).touch()
    assert state_of(tmp_path / "1", PLAN) == "begun"
