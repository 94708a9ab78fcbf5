from pathlib import Path

import pytest

from harness import store
from harness.analysis.stored_job import read_job, split_overrides, unread_job
from harness.records import PlannedJob
from tests import stored
from tests.stored_sweep import failure, job


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (("threads=1", "+asr.topn=4"), ({"threads": "1", "asr.topn": "4"}, None)),
        (("threads=1", "+sweep.block=2"), ({"threads": "1"}, 2)),
        (("sweep.block=0", "~x"), ({}, 0)),
        (("sweep.block=two",), ({}, None)),
    ],
)
def test_overrides(overrides: tuple[str, ...], expected: tuple[dict[str, str], int | None]) -> None:
    """Which block a job is says nothing about what it measured."""
    assert split_overrides(overrides) == expected


def test_done(tmp_path: Path) -> None:
    """A job that did everything is ok, and knows its block."""
    found = read_job(job(tmp_path / "3", "threads=1", "+sweep.block=1", block=1, blocks=2))
    assert (found.name, found.outcome, found.ok) == ("3", "ok", True)
    assert (found.overrides, found.block, found.blocks) == ({"threads": "1"}, 1, 2)
    assert found.found is not None


def test_failed(tmp_path: Path) -> None:
    """A job that could not run has its line; that it was one of several blocks is known from its override alone."""
    failure(tmp_path / "0", "no", "threads=1")
    failure(tmp_path / "1", "no", "threads=1", "+sweep.block=1")
    whole, block = read_job(tmp_path / "0"), read_job(tmp_path / "1")
    assert (whole.outcome, whole.ok, whole.blocks, whole.found) == ("failed: no", False, 1, None)
    assert (block.overrides, block.block, block.blocks) == ({"threads": "1"}, 1, 0)


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"message": 3}'])
def test_a_failure_that_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    """It is a row like any other, and says which file."""
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / store.FAILURE).write_bytes(content)
    found = read_job(tmp_path / "0")
    assert found.outcome.startswith(f"unreadable: run folder: found '{tmp_path}/0/failure.json' (")


def test_a_run_of_another_schema(tmp_path: Path) -> None:
    """One of a version to come cannot be read, and says so."""
    folder = job(tmp_path / "0", "threads=1")
    text = (folder / store.RUN).read_text(encoding="utf-8")
    (folder / store.RUN).write_text(text.replace('"schema": 3', '"schema": 99'), encoding="utf-8")
    found = read_job(folder)
    assert (found.ok, found.outcome.startswith("unreadable: run folder: found ")) == (False, True)
    assert "of schema 99, expected schema 1 to 3" in found.outcome


def test_a_run_that_goes_on(tmp_path: Path) -> None:
    """While its process holds the trials open it is running; when that is gone it is unfinished."""
    folder = stored.write(tmp_path / "0", stored.run(), stored.trials()[:2])
    log = store.TrialLog(folder)
    assert read_job(folder).outcome == "running: 2 of 3 trials"
    log.close()
    assert read_job(folder).outcome == "2 ok of 3 trials"


def test_not_run(tmp_path: Path) -> None:
    """Of a job that was not begun there is what the plan says."""
    planned = PlannedJob(job="4", overrides=("threads=2", "+sweep.block=1"), cell=1, block=1)
    found = unread_job(tmp_path / "4", planned)
    assert (found.name, found.outcome, found.ok) == ("4", "not run", False)
    assert (found.overrides, found.block) == ({"threads": "2"}, 1)
