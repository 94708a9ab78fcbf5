import os
from datetime import UTC, datetime
from pathlib import Path

from harness import store
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.place import Place, read_place
from harness.sweeping.state import Resumption, add_resumption

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 1, 1, 12, 1, tzinfo=UTC)


def planned(folder: Path, blocks: int = 1) -> Path:
    """Write the plan of a sweep over three values, and return its folder."""
    jobs = tuple(
        PlannedJob(job=str(block * 3 + cell), overrides=(f"threads={cell + 1}", "seed=1"), cell=cell, block=block)
        for block in range(blocks)
        for cell in range(3)
    )
    plan = SweepPlan(
        started_at=START.isoformat(), harness_version="0.1.0", swept=("threads",), jobs=jobs, blocks=blocks
    )
    store.write_json(folder / store.PLAN, plan)
    for job in jobs:
        (folder / job.job).mkdir()
    return folder


def test_first_job(tmp_path: Path) -> None:
    """Its cell, of how many, and what is swept; nothing is said of the time before a job has ended."""
    place = read_place(planned(tmp_path) / "0", NOW)
    assert place == Place(cell=1, cells=3, name="threads=1", mean_s=None, waiting=2)
    assert str(place) == "1/3 threads=1"
    assert place.left_s(10.0) is None


def test_time_left(tmp_path: Path) -> None:
    """A minute for two jobs, one of them failed, is half a minute for one; the rest of this one comes on top."""
    planned(tmp_path, blocks=2)
    (tmp_path / "0" / store.SUMMARY).touch()
    (tmp_path / "1" / store.FAILURE).touch()
    place = read_place(tmp_path / "2", NOW)
    assert place == Place(cell=3, cells=3, name="threads=3", block=1, blocks=2, mean_s=30.0, waiting=3)
    assert place.left_s(10.0) == 100.0
    assert str(place) == "3/3 threads=3 block 1/2"


def test_a_pause_is_no_work(tmp_path: Path) -> None:
    """Of a resumed sweep the time counts from then on, over the jobs that have ended since."""
    planned(tmp_path)
    (tmp_path / "0" / store.SUMMARY).touch()
    os.utime(tmp_path / "0" / store.SUMMARY, (START.timestamp(), START.timestamp()))
    at = datetime(2026, 1, 1, 12, 0, 40, tzinfo=UTC)
    left = Resumption(at=at.isoformat(), hostname="here", harness_version="0.1.0", left=("1", "2"))
    add_resumption(tmp_path, left)
    place = read_place(tmp_path / "2", NOW)
    assert place is not None
    assert (place.mean_s, place.waiting) == (None, 1)
    (tmp_path / "1" / store.SUMMARY).touch()
    os.utime(tmp_path / "1" / store.SUMMARY, (NOW.timestamp(), NOW.timestamp()))
    place = read_place(tmp_path / "2", NOW)
    assert place is not None
    assert (place.mean_s, place.waiting) == (20.0, 0)


def test_no_place(tmp_path: Path) -> None:
    """Without a plan, with one that is torn, or without the job in it there is no place, and no error."""
    assert read_place(tmp_path / "0", NOW) is None
    planned(tmp_path)
    assert read_place(tmp_path / "17", NOW) is None
    (tmp_path / store.PLAN).write_text('{"jobs": [')
    assert read_place(tmp_path / "0", NOW) is None
