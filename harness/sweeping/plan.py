"""The plan of a sweep: its cells, their blocks, and the jobs in the order in which they start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import store
from harness.errors import ConfigError, StoreError
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.baseline import CellName, find_baseline
from harness.sweeping.rounds import SweepSettings, check_blocks, order_of_round

OWN_KEYS = ("sweep.interleave", "sweep.baseline", "sweep.block", "sweep.skip_done")


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One cell before it runs: its overrides, and what its composed configuration says of the sweep.

    ``iterations`` is None where that is no number, which its own job will say; ``part`` is its whole configuration
    without Hydra's, None where that cannot be resolved.
    """

    overrides: tuple[str, ...]
    settings: SweepSettings
    iterations: int | None = None
    part: Mapping[str, Any] | None = None

    def block(self, number: int) -> tuple[str, ...]:
        """Return the overrides of one of its blocks; those of the cell where there is only one."""
        if self.settings.interleave == 1:
            return self.overrides
        return (*self.overrides, f"sweep.block={number}")


def jobs_of(cells: Sequence[PlannedCell], swept: Sequence[str]) -> list[PlannedJob]:
    """Return the jobs of a sweep, round by round; a job's number stands for its folder. Raises :class:`ConfigError`."""
    blocks = _blocks(cells, swept)
    return [
        PlannedJob(job=str(number), overrides=cells[cell].block(block), cell=cell, block=block)
        for number, (block, cell) in enumerate(
            (block, cell) for block in range(blocks) for cell in order_of_round(block, len(cells))
        )
    ]


def sweep_plan(
    cells: Sequence[PlannedCell], jobs: Sequence[PlannedJob], swept: Sequence[str], started_at: str, version: str
) -> SweepPlan:
    """Return the record of a sweep. Raises :class:`ConfigError` where the baseline is not one of its cells."""
    settings = cells[0].settings
    if settings.baseline is not None:
        find_baseline("sweep.baseline", settings.baseline, _named(cells, jobs), swept)
    return SweepPlan(
        started_at=started_at,
        harness_version=version,
        swept=tuple(swept),
        jobs=tuple(jobs),
        blocks=settings.interleave,
        baseline=settings.baseline,
    )


def check_folders(folder: Path, jobs: Sequence[PlannedJob]) -> None:
    """Refuse a folder in which jobs have run, and two jobs in one folder: what is there stays as it is."""
    if any(path for name in (store.RUN, store.FAILURE) for path in folder.glob(f"*/{name}")):
        expected = "a folder without one; python -m harness resume goes on with a sweep that was stopped"
        raise StoreError("output folder", f"'{folder}' with a sweep in it", expected)
    seen: dict[str, int] = {}
    for number, job in enumerate(jobs):
        if job.job in seen:
            raise ConfigError(
                "hydra.sweep.subdir",
                f"'{job.job}' for the jobs {seen[job.job]} and {number}",
                "a folder for each job, for instance ${hydra.job.num}",
            )
        seen[job.job] = number


def overrides_of(overrides: Sequence[str]) -> Mapping[str, str]:
    """Return a job's overrides by key."""
    return dict(override.lstrip("+").split("=", 1) for override in overrides if "=" in override)


def _named(cells: Sequence[PlannedCell], jobs: Sequence[PlannedJob]) -> list[CellName]:
    named: list[list[str]] = [[] for _ in cells]
    for job in jobs:
        named[job.cell].append(job.job)
    return [CellName(overrides_of(cell.overrides), tuple(its)) for cell, its in zip(cells, named, strict=True)]


def _blocks(cells: Sequence[PlannedCell], swept: Sequence[str]) -> int:
    """Return in how many blocks each cell runs, which has to be the same for all."""
    for key in OWN_KEYS:
        if key in swept:
            raise ConfigError(key, "several values", "one for the whole sweep")
    first = cells[0].settings
    for cell in cells:
        if cell.settings != first:
            raise ConfigError("sweep", "keys that differ from cell to cell", "the same for the whole sweep", OWN_KEYS)
        if cell.iterations is not None and cell.iterations > 0:
            check_blocks(first.interleave, cell.iterations)
    if first.block is not None:
        raise ConfigError("sweep.block", str(first.block), "none in a sweep, which counts the blocks itself")
    return first.interleave
