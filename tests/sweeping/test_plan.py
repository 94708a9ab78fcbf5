from pathlib import Path

import pytest

from harness import store
from harness.errors import ConfigError, StoreError
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.plan import PlannedCell, check_folders, jobs_of, sweep_plan
from harness.sweeping.rounds import SweepSettings


def cells(interleave: int = 1, baseline: str | None = None, iterations: int | None = 6) -> list[PlannedCell]:
    """Return three cells of a sweep of threads."""
    settings = SweepSettings(interleave, baseline)
    return [PlannedCell((f"threads={number}", "seed=0"), settings, iterations) for number in (1, 2, 3)]


def refused(made: list[PlannedCell], swept: tuple[str, ...] = ("threads",)) -> str:
    """Return the line with which cells are refused."""
    with pytest.raises(ConfigError) as caught:
        jobs_of(made, swept)
    return str(caught.value)


def test_without_blocks_a_cell_is_a_job() -> None:
    """In the order of the cells, with their own overrides."""
    assert jobs_of(cells(), ("threads",)) == [
        PlannedJob(job="0", overrides=("threads=1", "seed=0"), cell=0),
        PlannedJob(job="1", overrides=("threads=2", "seed=0"), cell=1),
        PlannedJob(job="2", overrides=("threads=3", "seed=0"), cell=2),
    ]


def test_with_blocks_the_cells_take_turns() -> None:
    """Round by round, and each job is told which block it is."""
    made = jobs_of(cells(3), ("threads",))
    assert [(job.job, job.block, job.cell) for job in made] == [
        *(("0", 0, 0), ("1", 0, 1), ("2", 0, 2)),
        *(("3", 1, 2), ("4", 1, 1), ("5", 1, 0)),
        *(("6", 2, 1), ("7", 2, 2), ("8", 2, 0)),
    ]
    assert made[8].overrides == ("threads=1", "seed=0", "sweep.block=2")


def test_the_plan_is_the_record_of_it() -> None:
    """With the swept keys, the number of blocks, and the baseline as the user named it."""
    made = cells(2, "threads=2")
    jobs = jobs_of(made, ("threads",))
    assert sweep_plan(made, jobs, ["threads"], "2026-01-02T03:04:05", "0.1.0") == SweepPlan(
        started_at="2026-01-02T03:04:05",
        harness_version="0.1.0",
        swept=("threads",),
        jobs=tuple(jobs),
        blocks=2,
        baseline="threads=2",
    )


@pytest.mark.parametrize(
    ("baseline", "found"),
    [
        ("threads=9", "'threads=9', which is no cell"),
        ("seed=0", "'seed=0', which is 3 cells"),
        ("7", "'7', which is no cell"),
    ],
)
def test_a_baseline_that_is_not_one_cell_is_refused(baseline: str, found: str) -> None:
    """Before anything runs."""
    made = cells(2, baseline)
    with pytest.raises(ConfigError, match=r"sweep\.baseline: found ") as caught:
        sweep_plan(made, jobs_of(made, ("threads",)), ["threads"], "", "")
    assert caught.value.found == found


def test_what_holds_for_the_whole_sweep_cannot_be_swept() -> None:
    """Nor may cells differ in it by another way."""
    for key in ("interleave", "baseline", "block"):
        expected = f"sweep.{key}: found several values, expected one for the whole sweep"
        assert refused(cells(), ("threads", f"sweep.{key}")) == expected
    assert refused([*cells(1), *cells(2)]).startswith(
        "sweep: found keys that differ from cell to cell, expected the same"
    )


def test_blocks_are_counted_by_the_sweep() -> None:
    """A block that the user names has no turn."""
    made = [PlannedCell(("threads=1",), SweepSettings(2, None, 0), 6)]
    assert refused(made) == "sweep.block: found 0, expected none in a sweep, which counts the blocks itself"


def test_no_cell_has_more_blocks_than_iterations() -> None:
    """A cell whose iterations are no number is left to its job, which says so."""
    assert refused([*cells(3), *cells(3, iterations=2)]) == (
        "sweep.interleave: found 3, expected at most iterations=2: a block has at least one iteration"
    )
    assert len(jobs_of(cells(3, iterations=None), ("threads",))) == 9


def test_a_folder_with_jobs_in_it_stays_as_it_is(tmp_path: Path) -> None:
    """Whether one ran or could not; a plan alone is what a sweep leaves that began no job."""
    jobs = jobs_of(cells(), ("threads",))
    (tmp_path / store.PLAN).touch()
    check_folders(tmp_path, jobs)
    (tmp_path / "7").mkdir()
    for name in (store.RUN, store.FAILURE):
        (tmp_path / "7" / name).touch()
        with pytest.raises(StoreError, match=r"output folder: found .* with a sweep in it, expected a folder without"):
            check_folders(tmp_path, jobs)
        (tmp_path / "7" / name).unlink()


def test_every_job_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """A template without the job's number may give two the same."""
    jobs = [PlannedJob(job="a", overrides=(), cell=0), PlannedJob(job="a", overrides=(), cell=1)]
    with pytest.raises(ConfigError) as caught:
        check_folders(tmp_path, jobs)
    assert str(caught.value) == (
        "hydra.sweep.subdir: found 'a' for the jobs 0 and 1, expected a folder for each job, "
        "for instance ${hydra.job.num}"
    )
