from pathlib import Path

import pytest

from harness import store
from harness.analysis.cell import cell_of
from harness.analysis.stored_job import StoredJob, read_job
from harness.analysis.stored_summary import read_summary
from tests import stored
from tests.stored_sweep import job


def ended(*outcomes: str) -> list[StoredJob]:
    """Return a job for each block, of which only the outcome is known."""
    return [
        StoredJob(str(number), Path(str(number)), outcome, outcome == "ok", block=number)
        for number, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize(
    ("outcomes", "expected", "ok"),
    [
        (("ok",), "ok", True),
        (("ok", "ok"), "ok", True),
        (("not run", "not run"), "not run", False),
        (("ok", "not run", "not run"), "1 of 3 blocks", False),
        (("failed: no", "failed: no"), "failed: no", False),
        (("ok", "failed: no", "not run"), "block 1: failed: no; block 2: not run", False),
        (("ok", "running: 2 of 5 trials"), "block 1: running: 2 of 5 trials", False),
        (("ok", "ok; memory leaks"), "block 1: ok; memory leaks", False),
    ],
)
def test_outcome(outcomes: tuple[str, ...], expected: str, ok: bool) -> None:
    """Once where all blocks ended alike; else by block, or by how many there are."""
    found = cell_of(ended(*outcomes))
    assert (found.outcome, found.ok, found.outcomes) == (expected, ok, outcomes)


def test_the_first_job_names_the_cell(tmp_path: Path) -> None:
    """All of them are there too."""
    jobs = [
        read_job(job(tmp_path / name, "threads=1", f"sweep.block={block}", block=block, blocks=2))
        for block, name in enumerate(("4", "9"))
    ]
    found = cell_of(jobs)
    assert (found.job, found.folder) == ("4", tmp_path / "4")
    assert (found.jobs, found.folders) == (("4", "9"), (tmp_path / "4", tmp_path / "9"))
    assert (found.overrides, found.trials) == ({"threads": "1"}, 6)


def test_figures_of_the_blocks_that_can_be_read(tmp_path: Path) -> None:
    """A block that failed takes nothing from the others."""
    done = read_job(job(tmp_path / "0", "threads=1", block=0, blocks=2))
    found = cell_of([done, *ended("ok", "failed: no")[1:]])
    assert (found.trials, found.metrics) == (3, read_summary(tmp_path / "0").summary.metrics)


def test_trials_that_turn_out_to_be_damaged(tmp_path: Path) -> None:
    """The cell is one that cannot be read, with the figures of the block that can."""
    jobs = [read_job(job(tmp_path / str(block), block=block, blocks=2)) for block in range(2)]
    (tmp_path / "1" / store.TRIALS).write_text("{\n{\n", encoding="utf-8")
    found = cell_of(jobs)
    assert (found.ok, found.trials) == (False, 3)
    assert found.outcome.startswith("unreadable: run folder: found ")


def test_where_it_was_run(tmp_path: Path) -> None:
    """The environment of a block that has one; of a cell that was not run, none."""
    found = cell_of([read_job(stored.write(tmp_path / "0", stored.run(), (), stored.environment(hostname="here")))])
    assert found.hostname == "here"
    assert (cell_of(ended("not run")).hostname, cell_of(ended("not run")).started_at) == (None, None)
