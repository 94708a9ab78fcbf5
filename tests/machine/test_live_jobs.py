"""Who runs on a machine beside a job, from its start to its end."""

from pathlib import Path

from harness.machine.live_jobs import LiveJob


def test_a_job_knows_who_was_there_and_who_came(tmp_path: Path) -> None:
    """Also one that came and left meanwhile; who came later did not see who had left."""
    first, second, third = (LiveJob(tmp_path, name) for name in ("first", "second", "third"))

    assert first.enter() == ()
    assert second.enter() == ("first",)
    second.leave()
    assert third.enter() == ("first",)
    assert first.neighbours() == ("second", "third")
    assert third.neighbours() == ("first",)
    first.leave()
    third.leave()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["choosing.lock"]


def test_what_a_killed_job_left_is_removed(tmp_path: Path) -> None:
    """Nobody holds the lock of its file any more."""
    (tmp_path / "1-1.job").write_text('"gone"\n')
    job = LiveJob(tmp_path, "here")

    assert job.enter() == ()
    assert not (tmp_path / "1-1.job").exists()
    job.leave()
