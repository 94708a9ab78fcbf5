"""From two folders to what is compared with what: two runs, or the cells of two sweeps by their swept values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import store
from harness.analysis.comparison.comparability import read_side
from harness.analysis.comparison.runs import Comparison, Section, compare_runs, judged
from harness.analysis.fit import is_search
from harness.analysis.sweep import is_sweep
from harness.errors import StoreError
from harness.store import Failure

_Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Job:
    """A job of a sweep: its folder, its overrides, and the line that says why it could not run."""

    folder: Path
    overrides: dict[str, str]
    failure: str | None


def compare(a: Path, b: Path, patterns: Sequence[str] = (), more: Sequence[str] = ()) -> Comparison:
    """Compare two stored runs, or two sweeps cell by cell.

    ``patterns`` and ``more`` choose metrics, as in :func:`harness.analysis.comparison.runs.compare_runs`. Raises
    :class:`harness.errors.UserError` with the first reason where they are not comparable: of sweeps, where no cell is.
    """
    for one, other in ((a, b), (b, a)):
        if is_search(one):
            attempts = [str(path.parent) for path in sorted((one / store.ATTEMPTS).glob(f"*/{store.RUN}"))]
            raise StoreError("comparison", f"'{one}', a search for a memory limit", "the folder of a run", attempts)
        if is_sweep(one) and not is_sweep(other):
            cells = [str(job.folder) for job in _jobs(one) if job.failure is None]
            raise StoreError("comparison", f"the sweep '{one}' and the run '{other}'", "two runs or two sweeps", cells)
    notes = [f"A and B are the same folder: '{a}'"] if a.resolve() == b.resolve() else []
    if is_sweep(a):
        return _compare_sweeps(a, b, patterns, more, notes)
    section = compare_runs("", read_side(str(a), a), read_side(str(b), b), patterns, more)
    return judged(str(a), str(b), [section], notes)


def _compare_sweeps(a: Path, b: Path, patterns: Sequence[str], more: Sequence[str], notes: list[str]) -> Comparison:
    jobs = (_jobs(a), _jobs(b))
    swept = tuple(dict.fromkeys(key for side in jobs for key in _swept(side)))
    ours, theirs = (_by_values(side, swept) for side in jobs)
    shared = [values for values in ours if values in theirs]
    if not shared:
        cells = [_title(values) for values in ours]
        raise StoreError("comparison", f"no cell of '{a}' in '{b}'", "sweeps with cells of the same values", cells)
    for one, mine, others in ((a, ours, theirs), (b, theirs, ours)):
        alone = [_title(values) for values in mine if values not in others]
        if alone:
            notes.append(f"only in '{one}': {'; '.join(alone)}")
    sections = [_section(_title(values), ours[values], theirs[values], patterns, more) for values in shared]
    if all(section.refused is not None for section in sections):
        raise StoreError("comparison", f"no cell that can be compared ({sections[0].refused})", "two comparable cells")
    missing = tuple(_title(values) for values in ours if values not in theirs)
    return replace(judged(str(a), str(b), sections, notes), missing=missing)


def _section(title: str, a: list[_Job], b: list[_Job], patterns: Sequence[str], more: Sequence[str]) -> Section:
    """Compare two cells; where that cannot be, the section says why, and the other cells are still compared."""
    names = str(a[0].folder), str(b[0].folder)
    failed = next((job for job in (*a, *b) if job.failure is not None), None)
    if failed is not None:
        return Section(title, *names, refused=f"'{failed.folder}' failed: {failed.failure}")
    try:
        sides = [read_side(name, *(job.folder for job in jobs)) for name, jobs in zip(names, (a, b), strict=True)]
        return compare_runs(title, sides[0], sides[1], patterns, more)
    except StoreError as error:
        return Section(title, *names, refused=str(error))


def _jobs(sweep: Path) -> list[_Job]:
    found = []
    for folder in sorted(sweep.iterdir(), key=lambda path: (len(path.name), path.name)):
        if (folder / store.FAILURE).exists():
            failure = store.read_json(folder / store.FAILURE, Failure)
            found.append(_Job(folder, _mapping(failure.overrides), failure.message))
        elif (folder / store.RUN).exists():
            found.append(_Job(folder, _mapping(store.read_description(folder)[0].overrides), None))
    return found


def _swept(jobs: Sequence[_Job]) -> tuple[str, ...]:
    """Return the keys that a sweep's runs say they vary; a block's number is none of them."""
    runs = [store.read_description(job.folder)[0] for job in jobs if job.failure is None]
    return tuple(dict.fromkeys(key for run in runs for key in run.swept))


def _by_values(jobs: Sequence[_Job], swept: Sequence[str]) -> dict[_Values, list[_Job]]:
    """Return the jobs by their swept values; several of the same values are the blocks of one cell."""
    cells: dict[_Values, list[_Job]] = {}
    for job in jobs:
        values = tuple((key, job.overrides[key]) for key in swept if key in job.overrides)
        cells.setdefault(values, []).append(job)
    return cells


def _mapping(overrides: Sequence[str]) -> dict[str, str]:
    return dict(override.lstrip("+~").split("=", 1) for override in overrides if "=" in override)


def _title(values: _Values) -> str:
    return ", ".join(f"{key}={value}" for key, value in values) or "the only cell"
