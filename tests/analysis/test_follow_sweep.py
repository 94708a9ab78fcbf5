import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from harness import store
from harness.analysis.follow_sweep import FollowedSweep, holds_sweep
from harness.errors import StoreError
from harness.records import PlannedJob, SweepPlan
from harness.store import Failure, TrialLog
from harness.sweeping.state import RESUMED, Resumption, add_resumption
from tests import stored


def sweep(folder: Path, jobs: int = 4, *, plan: bool = True) -> Path:
    """Write a sweep: the first job done, the second refused, the third running, the others waiting."""
    if plan:
        planned = tuple(
            PlannedJob(job=str(one), overrides=(f"threads={one}", "seed=1"), cell=one) for one in range(jobs)
        )
        record = SweepPlan(
            started_at="2026-01-02T03:04:00+00:00", harness_version="0.1.0", swept=("threads",), jobs=planned
        )
        store.write_json(folder / store.PLAN, record)
    done = stored.write(folder / "0", stored.run(overrides=("threads=0",), swept=("threads",)), stored.trials())
    (done / store.SUMMARY).write_text(json.dumps({"outcomes": {"ok": 3}}))
    (folder / "1").mkdir()
    store.write_json(folder / "1" / store.FAILURE, Failure(("threads=1",), "threads: found 1"))
    stored.write(folder / "2", stored.run(overrides=("threads=2",), swept=("threads",)), stored.trials()[:1])
    return folder


def test_states(tmp_path: Path) -> None:
    """Each job with what is its own, and how it stands; the newest running one is read on."""
    followed = FollowedSweep(sweep(tmp_path))
    followed.poll()
    assert [(one.job, one.name, one.state, one.detail) for one in followed.jobs] == [
        ("0", "threads=0", "done", "3 ok"),
        ("1", "threads=1", "failed", "threads: found 1"),
        ("2", "threads=2", "running", ""),
        ("3", "threads=3", "waiting", ""),
    ]
    assert (followed.finished, followed.current and followed.current.done) == (False, 1)


def test_without_a_plan(tmp_path: Path) -> None:
    """What has begun is known, and no more; it is finished when its table has been made."""
    followed = FollowedSweep(sweep(tmp_path, plan=False))
    followed.poll()
    assert [(one.name, one.state) for one in followed.jobs] == [
        ("threads=0", "done"),
        ("", "failed"),
        ("threads=2", "running"),
    ]
    assert (followed.finished, followed.left_s(0.0)) == (False, None)
    (tmp_path / store.SWEEP_JSON).touch()
    assert followed.finished


def test_a_job_that_comes_to_its_end(tmp_path: Path) -> None:
    """A job that did not do all its trials has failed; with all jobs ended the sweep is finished."""
    followed = FollowedSweep(sweep(tmp_path, jobs=3))
    followed.poll()
    (tmp_path / "2" / store.SUMMARY).write_text(json.dumps({"outcomes": {"ok": 1, "crashed": 1}}))
    followed.poll()
    assert (followed.jobs[2].state, followed.jobs[2].detail) == ("failed", "1 ok, 1 crashed of 3 trials")
    assert followed.finished


def test_what_is_a_sweep(tmp_path: Path) -> None:
    """Its plan, its jobs, or Hydra's mark; a run is none, and an empty folder neither."""
    assert not holds_sweep(tmp_path)
    assert not holds_sweep(stored.write(tmp_path / "run", stored.run(), []))
    (tmp_path / "a").mkdir()
    assert holds_sweep(sweep(tmp_path / "a"))
    (tmp_path / "multirun.yaml").touch()
    assert holds_sweep(tmp_path)


def test_a_sweep_that_was_killed(tmp_path: Path) -> None:
    """With its table made afterwards it is over, and nothing in it runs or waits any more."""
    followed = FollowedSweep(sweep(tmp_path))
    followed.poll()
    assert not followed.finished
    (tmp_path / store.SWEEP_JSON).touch()
    followed.poll()
    assert [one.state for one in followed.jobs] == ["done", "failed", "stopped", "not run"]
    assert followed.finished


def test_a_table_of_a_sweep_that_goes_on(tmp_path: Path) -> None:
    """Somebody else's report does not end it: a process still writes a job's trials."""
    followed = FollowedSweep(sweep(tmp_path))
    log = TrialLog(tmp_path / "2")
    (tmp_path / store.SWEEP_JSON).touch()
    followed.poll()
    assert (followed.finished, followed.jobs[2].state) == (False, "running")
    log.close()
    followed.poll()
    assert (followed.finished, followed.jobs[2].state) == (True, "stopped")


def test_a_damaged_plan(tmp_path: Path) -> None:
    """It is refused in the words of the report; a job that lies elsewhere is no job of this sweep."""
    (tmp_path / store.PLAN).write_text('{"jobs": 3')
    with pytest.raises(StoreError, match=r"^sweep plan: found "):
        FollowedSweep(tmp_path).poll()
    job = PlannedJob(job="../0", overrides=(), cell=0)
    store.write_json(tmp_path / store.PLAN, SweepPlan(started_at="", harness_version="0.1.0", swept=(), jobs=(job,)))
    with pytest.raises(StoreError, match=r"no name of a folder"):
        FollowedSweep(tmp_path).poll()


def test_a_pause_is_no_pace(tmp_path: Path) -> None:
    """Of a sweep that was taken up again the pace is that since then, and nothing before a job has ended."""
    followed = FollowedSweep(sweep(tmp_path))
    began_s = datetime.fromisoformat("2026-01-02T03:04:00+00:00").timestamp()
    os.utime(tmp_path / "0" / store.SUMMARY, (began_s + 10, began_s + 10))
    os.utime(tmp_path / "1" / store.FAILURE, (began_s + 20, began_s + 20))
    followed.poll()
    followed.current = None
    assert followed.left_s(began_s + 20) == 20
    again = Resumption(at="2026-01-02T04:04:00+00:00", hostname="a", harness_version="0.1.0", left=("1", "2", "3"))
    add_resumption(tmp_path, again)
    assert followed.left_s(began_s + 3600) is None
    os.utime(tmp_path / "1" / store.FAILURE, (began_s + 3630, began_s + 3630))
    assert followed.left_s(began_s + 3635) == 55
    (tmp_path / RESUMED).write_text("torn")
    assert followed.left_s(began_s + 3630) == 3630
