"""Many runs as the cells of one sweep, read from disk: whatever launcher ran them, and whichever of them failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import store
from harness.analysis.cell_facts import CellFacts, cell_facts
from harness.analysis.isolation import BASE_KEY, IsolationCost, isolation_cost
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.stored_summary import read_summary
from harness.analysis.summary import Summary
from harness.errors import StoreError
from harness.records import Run
from harness.store import Failure

_MARK = "multirun.yaml"
"""What Hydra leaves in the folder of a sweep."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One job: its number, the overrides that made it, how it ended, and what it measured (nothing where it failed).

    ``verdict`` is the word on the process's memory, with the stages that leak; empty where nothing was judged.
    """

    job: str
    folder: Path
    overrides: Mapping[str, str]
    outcome: str
    ok: bool
    metrics: Mapping[str, MetricSummary]
    notes: tuple[str, ...] = ()
    isolation: IsolationCost | None = None
    verdict: str = ""
    facts: CellFacts = field(default_factory=CellFacts)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The cells of a sweep in the order of their jobs. ``swept`` are the keys that differ, ``constant`` the others."""

    folder: Path
    cells: tuple[Cell, ...]
    swept: tuple[str, ...]
    constant: Mapping[str, str]

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


def read_sweep(folder: Path) -> Sweep:
    """Read every job below a sweep's folder. Raises :class:`StoreError` where there is none."""
    jobs = _jobs(folder)
    if not jobs:
        raise StoreError("sweep folder", f"'{folder}' without a job in it", "the folder of a sweep")
    cells = tuple(_cell(job) for job in jobs)
    values = {key: {cell.overrides.get(key) for cell in cells} for cell in cells for key in cell.overrides}
    swept = tuple(key for key, found in values.items() if len(found) > 1)
    constant = {key: str(next(iter(found))) for key, found in values.items() if len(found) == 1}
    if BASE_KEY in swept:
        cells = tuple(_with_isolation(cell) for cell in cells)
    return Sweep(folder, cells, swept, constant)


def is_sweep(folder: Path) -> bool:
    """Tell whether a folder holds jobs rather than a run."""
    return not (folder / store.RUN).exists() and bool(_jobs(folder))


def _jobs(folder: Path) -> list[Path]:
    """Return the jobs' folders; runs that merely lie side by side, neither numbered nor marked by Hydra, are none."""
    if not folder.is_dir():
        return []
    marked = (folder / _MARK).exists()
    return sorted((path for path in folder.iterdir() if _is_job(path, marked)), key=_by_number)


def _is_job(path: Path, marked: bool) -> bool:
    there = path.is_dir() and ((path / store.RUN).exists() or (path / store.FAILURE).exists())
    return there and (marked or path.name.isdigit())


def _by_number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else 1 << 30, path.name)


def _cell(folder: Path) -> Cell:
    if (folder / store.FAILURE).exists():
        failure = store.read_json(folder / store.FAILURE, Failure)
        return Cell(folder.name, folder, _mapping(failure.overrides), f"failed: {failure.message}", False, {})
    try:
        found = read_summary(folder)
    except StoreError as error:
        return Cell(folder.name, folder, {}, f"unreadable: {error}", False, {})
    run, summary = found.run, found.summary
    ok, outcome = _outcome(run, summary)
    return Cell(
        folder.name,
        folder,
        _mapping(run.overrides),
        outcome,
        ok,
        summary.metrics,
        summary.notes,
        verdict=_verdict(summary),
        facts=cell_facts(run, found.environment, summary.first_failure),
    )


def _with_isolation(cell: Cell) -> Cell:
    """Add what no summary holds, for it answers one question of one kind of sweep: the cost of each iteration."""
    if not cell.metrics:
        return cell
    stored = store.read_run(cell.folder)
    return replace(cell, isolation=isolation_cost(stored.run, stored.trials, cell.metrics))


def _verdict(summary: Summary) -> str:
    word = summary.verdicts["memory"].verdict if "memory" in summary.verdicts else ""
    leaking = [stage for stage, verdict in summary.stage_verdicts.items() if verdict.verdict == "leak"]
    return f"{word} ({', '.join(leaking)})" if leaking else word


def _outcome(run: Run, summary: Summary) -> tuple[bool, str]:
    if set(summary.outcomes) == {"ok"} and summary.trials == run.trials:
        broken = summary.broken if run.budgets.strict else ()
        return not broken, "; ".join(("ok", *broken))
    counts = ", ".join(f"{count} {kind}" for kind, count in summary.outcomes.items()) or "none done"
    return False, f"{counts} of {run.trials} trials"


def _mapping(overrides: Sequence[str]) -> dict[str, str]:
    return dict(override.lstrip("+~").split("=", 1) for override in overrides if "=" in override)
