"""The report of a sweep: on the screen, and as Markdown, CSV and JSON beside its jobs."""

from harness import store
from harness.analysis.sweep import Sweep
from harness.printable import plain_markdown, printable
from harness.report.grid_tables import grid_tables
from harness.report.isolation_table import isolation_table
from harness.report.narrow import narrowed, screen_width, side_by_side
from harness.report.scaling_tables import scaling_tables
from harness.report.sweep_csv import sweep_csv
from harness.report.sweep_record import sweep_record
from harness.report.sweep_table import SweepFigures, lines_above, shortened, stub_of, sweep_figures, sweep_table
from harness.report.tables import Table

_STUB = 2
"""Columns that say what a row of an answering table is of: a stage and a value."""


def publish_sweep(sweep: Sweep, shown: SweepFigures | None = None) -> list[Table]:
    """Write ``sweep.json``, ``sweep.csv`` and ``sweep.md`` into the sweep's folder; return the tables for the page.

    Here and below ``shown`` is what :func:`sweep_figures` makes of the sweep, where that has been done already.
    """
    shown = shown or sweep_figures(sweep)
    folder, tables = sweep.folder, sweep_tables(sweep, shown)
    store.write_json(folder / store.SWEEP_JSON, sweep_record(sweep, shown))
    store.write_text(folder / store.SWEEP_CSV, sweep_csv(sweep, shown.ratios))
    store.write_text(folder / store.SWEEP_MD, _markdown(sweep, tables))
    return tables


def sweep_text(sweep: Sweep, shown: SweepFigures | None = None, *, width: int | None = None) -> str:
    """Return the sweep's tables as they are shown on the screen; those after the first with their titles.

    ``width`` is in columns; None for the terminal's, as far as tables stay readable in it.
    """
    width = width or screen_width()
    shown = shown or sweep_figures(sweep)
    few = shortened(sweep, shown)
    parts = lines_above(sweep)
    parts += [part.text() for part in narrowed(sweep_table(few, shown), stub_of(sweep), width)]
    if few is not sweep:
        parts.append(f"{len(few.cells)} of {len(sweep.cells)} cells are shown; all are in {store.SWEEP_MD}")
    grids = [part for grid in grid_tables(sweep, shown) for part in narrowed(grid, 1, width)] if few is sweep else []
    if grids:
        parts.append(side_by_side([_titled(grid) for grid in grids], width))
    return "\n\n".join([*parts, *(_narrow(table, width) for table in _answers(sweep))])


def sweep_tables(sweep: Sweep, shown: SweepFigures) -> list[Table]:
    """Return the table of all cells, the grids of two swept keys, and those that answer the question of one key."""
    return [sweep_table(sweep, shown), *grid_tables(sweep, shown), *_answers(sweep)]


def _answers(sweep: Sweep) -> list[Table]:
    """Return the tables that answer the question of one swept key."""
    questions = (isolation_table(sweep), *scaling_tables(sweep))
    return [table for table in questions if table is not None]


def _narrow(table: Table, width: int) -> str:
    parts = narrowed(table, _STUB, width)
    return "\n\n".join([_titled(parts[0]), *(part.text() for part in parts[1:])])


def _titled(table: Table) -> str:
    return f"{table.title}\n\n{table.text()}"


def sweep_title(sweep: Sweep) -> str:
    """Say what was swept, and over how many cells."""
    cells, jobs = len(sweep.cells), sum(len(cell.jobs) for cell in sweep.cells)
    count = f"{cells} cell{'' if cells == 1 else 's'}"
    return f"Sweep of {', '.join(sweep.swept) or 'nothing'}: {count}{'' if jobs == cells else f' in {jobs} jobs'}"


def _markdown(sweep: Sweep, tables: list[Table]) -> str:
    above = (plain_markdown(line) for line in (f"# {sweep_title(sweep)}", *lines_above(sweep)))
    parts = [*above, *(table.markdown() for table in tables)]
    return printable("\n\n".join(parts) + "\n")
