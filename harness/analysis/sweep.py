"""Many runs as the cells of one sweep, read from disk: whatever launcher ran them, and whichever of them failed.

What the sweep was to run stands in its plan (:mod:`harness.analysis.sweep_plan`). Where there is none, in an older
folder or in one that was put together by hand, the jobs' folders are all that is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from harness import store
from harness.analysis.cell import Cell as Cell
from harness.analysis.cell import cell_of
from harness.analysis.drift import BlockFigures, Drift, sweep_drift
from harness.analysis.isolation import BASE_KEY, isolation_cost, joined
from harness.analysis.machines import Machine, labels
from harness.analysis.outputs import OutputCheck, check_outputs
from harness.analysis.presence import Overlap, overlaps
from harness.analysis.stored_job import StoredJob, read_job, unread_job
from harness.analysis.sweep_plan import read_plan
from harness.errors import StoreError
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.baseline import find_baseline, plain


@dataclass(frozen=True, slots=True)
class Sweep:
    """The cells of a sweep in their order. ``swept`` are the keys that differ, ``constant`` the others.

    ``baseline`` is the cell that the others are compared with: the one that was asked for, else the first; None where
    there is only one. ``outputs`` say whether the cells that have to agree put out the same, ``overlaps`` which jobs
    were at work on one machine at the same time. Where the cells ran on several machines, those of one stand together.
    """

    folder: Path
    cells: tuple[Cell, ...]
    swept: tuple[str, ...]
    constant: Mapping[str, str]
    baseline: Cell | None = None
    drift: tuple[Drift, ...] = ()
    outputs: tuple[OutputCheck, ...] = ()
    overlaps: tuple[Overlap, ...] = ()

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Every machine that a cell was measured on, in the order of the cells."""
        return tuple(dict.fromkeys(machine for cell in self.cells for machine in cell.machines))

    @property
    def ok(self) -> bool:
        """Whether every job did everything."""
        return all(cell.ok for cell in self.cells)

    @property
    def main_metrics(self) -> Sequence[str]:
        """Names of the main metrics that any cell has, in their order."""
        names: dict[str, None] = {}
        for cell in self.cells:
            names.update((name, None) for name, entry in cell.metrics.items() if entry.main)
        return list(names)


class _Swept(msgspec.Struct):
    """The one field of a run's description that says whether it belongs to a sweep."""

    swept: tuple[str, ...] = ()


def read_sweep(folder: Path, baseline: str | None = None) -> Sweep:
    """Read every job of a sweep's folder; ``baseline`` names a cell, in the place of the plan's.

    Raises :class:`StoreError` where there is no job or the plan is damaged, and :class:`harness.errors.ConfigError` for
    a baseline that is not one cell.
    """
    plan = read_plan(folder)
    jobs = _read_jobs(folder, plan)
    if not jobs:
        raise StoreError("sweep folder", f"'{folder}' without a job in it", "the folder of a sweep")
    cells = tuple(cell_of(group) for group in _grouped(jobs, plan))
    swept, constant = _keys(cells, plan)
    if BASE_KEY in swept:
        cells = tuple(_with_isolation(cell) for cell in cells)
    base = _baseline(baseline, plan, cells, swept)
    checked = check_outputs(cells, swept, base.job)
    together = overlaps(stay for cell in cells for stay in cell.stays)
    ordered = _by_machine(cells)
    return Sweep(
        folder, ordered, swept, constant, base if len(cells) > 1 else None, _drift(cells, jobs), checked, together
    )


def _by_machine(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Put the cells of one machine together, machines as they first come, cells of several or of none at the end."""
    alone = list(dict.fromkeys(cell.machines for cell in cells if len(cell.machines) == 1))
    if len({machine for cell in cells for machine in cell.machines}) < 2:
        return tuple(cells)
    place: dict[tuple[Machine, ...], int] = {machines: number for number, machines in enumerate(alone)}
    return tuple(sorted(cells, key=lambda cell: place.get(cell.machines, len(alone) + (not cell.machines))))


def _baseline(asked: str | None, plan: SweepPlan | None, cells: Sequence[Cell], swept: Sequence[str]) -> Cell:
    if asked is not None:
        return find_baseline("--baseline", asked, cells, swept)
    if plan is not None and plan.baseline is not None:
        return find_baseline("sweep.baseline", plan.baseline, cells, swept)
    return cells[0]


def _drift(cells: Sequence[Cell], jobs: Sequence[StoredJob]) -> tuple[Drift, ...]:
    """Return the metrics in which all cells drift together; none where no cell was measured in several blocks.

    Blocks on different machines differ by more than the time at which they ran: each machine is looked at by itself.
    """
    places = {job: set[Machine]() for cell in cells for job in cell.jobs}
    for stay in (stay for cell in cells for stay in cell.stays):
        places[stay.job].add(stay.machine)
    names = labels(tuple(dict.fromkeys(machine for cell in cells for machine in cell.machines)))
    read = [(job, job.found) for job in jobs if job.found is not None and job.blocks > 1 and len(places[job.name]) < 2]
    numbers = {identity: number for number, identity in enumerate(dict.fromkeys(_identity(job) for job, _ in read))}
    return sweep_drift(
        [
            BlockFigures(
                numbers[_identity(job)],
                job.block,
                datetime.fromisoformat(found.run.started_at).timestamp(),
                found.summary.metrics,
                next((names[machine] for machine in places[job.name]), "") if len(names) > 1 else "",
            )
            for job, found in read
        ]
    )


def _identity(job: StoredJob) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(job.overrides.items()))


def is_sweep(folder: Path) -> bool:
    """Tell whether a folder holds jobs, or the plan of them, rather than a run."""
    return not (folder / store.RUN).exists() and ((folder / store.PLAN).exists() or bool(_folders(folder)))


def _read_jobs(folder: Path, plan: SweepPlan | None) -> list[StoredJob]:
    """Return the planned jobs in the order of the plan, and behind them those of which it does not know."""
    there = {path.name: path for path in _folders(folder)}
    planned = [_planned(folder / job.job, job, job.job in there) for job in plan.jobs] if plan else []
    known = {job.name for job in planned}
    return [*planned, *(read_job(path) for name, path in there.items() if name not in known)]


def _planned(folder: Path, planned: PlannedJob, there: bool) -> StoredJob:
    if not there:
        return unread_job(folder, planned)
    found = read_job(folder)
    return found if found.overrides else unread_job(folder, planned, found.outcome)


def _folders(folder: Path) -> list[Path]:
    """Return the jobs' folders, whatever they are called in a folder that is marked as a sweep's.

    Elsewhere a job is numbered, or its run says what its sweep varies: as where jobs of several machines were copied
    into one folder. Runs that merely lie side by side are none.
    """
    if not folder.is_dir():
        return []
    marked = (folder / store.MULTIRUN).exists() or (folder / store.PLAN).exists()
    return sorted((path for path in folder.iterdir() if _is_job(path, marked)), key=_by_number)


def _is_job(path: Path, marked: bool) -> bool:
    there = path.is_dir() and ((path / store.RUN).exists() or (path / store.FAILURE).exists())
    return there and (marked or path.name.isdigit() or _is_swept(path))


def _is_swept(path: Path) -> bool:
    try:
        return bool(msgspec.json.decode((path / store.RUN).read_bytes(), type=_Swept).swept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False


def _by_number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else 1 << 30, path.name)


def _grouped(jobs: Iterable[StoredJob], plan: SweepPlan | None) -> list[list[StoredJob]]:
    """Put the jobs of one cell together: as the plan says; else blocks with the same overrides are one cell's."""
    cells = {job.job: job.cell for job in plan.jobs} if plan else {}
    groups: dict[object, list[StoredJob]] = {}
    for job in jobs:
        if job.name in cells:
            identity: object = cells[job.name]
        else:
            identity = _identity(job) if job.blocks != 1 else (job.name,)
        groups.setdefault(identity, []).append(job)
    planned = sorted(key for key in groups if isinstance(key, int))
    ordered = [*(groups[key] for key in planned), *(jobs for key, jobs in groups.items() if not isinstance(key, int))]
    return [sorted(group, key=lambda job: job.block) for group in ordered]


def _keys(cells: Sequence[Cell], plan: SweepPlan | None) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the swept keys, which differ between cells or were planned to, and the others with their value.

    A cell of which nothing can be read does not count: it may have had any value. One value may be written in several
    ways, by a plan and by a launcher.
    """
    values: dict[str, dict[str, str]] = {}
    known = [cell.overrides for cell in cells if cell.overrides]
    having: dict[str, int] = {}
    for overrides in known:
        for key, value in overrides.items():
            values.setdefault(key, {}).setdefault(plain(value), value)
            having[key] = having.get(key, 0) + 1
    planned = set(plan.swept) if plan else set()
    swept = tuple(key for key, found in values.items() if len(found) > 1 or having[key] < len(known) or key in planned)
    return swept, {key: next(iter(found.values())) for key, found in values.items() if key not in swept}


def _with_isolation(cell: Cell) -> Cell:
    """Add what no summary holds, for it answers one question of one kind of sweep: the cost of each iteration."""
    if not cell.metrics:
        return cell
    costs = []
    for folder in cell.folders:
        with suppress(StoreError):  # a block that failed: the cell's outcome says so
            stored = store.read_run(folder)
            costs.append(isolation_cost(stored.run, stored.trials, cell.metrics))
    return replace(cell, isolation=joined(costs))
