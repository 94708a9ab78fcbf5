"""The report of a sweep: on the screen, and as Markdown, CSV and JSON beside its jobs."""

from typing import Any

from harness import store
from harness.analysis.standing import ratios
from harness.analysis.sweep import Cell, Sweep
from harness.records import SCHEMA
from harness.report.grid_tables import grid_tables
from harness.report.isolation_table import is_about_isolation, isolation_rows, isolation_table
from harness.report.narrow import narrowed, side_by_side
from harness.report.sweep_csv import sweep_csv
from harness.report.sweep_table import constant_line, stub_of, sweep_figures, sweep_table
from harness.report.tables import Table


def publish_sweep(sweep: Sweep) -> None:
    """Write ``sweep.json``, ``sweep.csv`` and ``sweep.md`` into the sweep's folder; the page takes longer to draw."""
    tables = sweep_tables(sweep)
    store.write_json(sweep.folder / store.SWEEP_JSON, sweep_record(sweep))
    store.write_text(sweep.folder / store.SWEEP_CSV, sweep_csv(sweep))
    store.write_text(sweep.folder / store.SWEEP_MD, _markdown(sweep, tables))


def sweep_text(sweep: Sweep) -> str:
    """Return the sweep's tables as they are shown on the screen; those after the first with their titles."""
    above = constant_line(sweep)
    parts = [above] if above else []
    parts += [part.text() for part in narrowed(sweep_table(sweep), stub_of(sweep))]
    grids = [part for grid in grid_tables(sweep) for part in narrowed(grid, 1)]
    if grids:
        parts.append(side_by_side([_titled(grid) for grid in grids]))
    return "\n\n".join([*parts, *(_titled(table) for table in _answers(sweep))])


def sweep_tables(sweep: Sweep) -> list[Table]:
    """Return the table of all cells, the grids of two swept keys, and those that answer the question of one key."""
    return [sweep_table(sweep), *grid_tables(sweep), *_answers(sweep)]


def _answers(sweep: Sweep) -> list[Table]:
    """Return the tables that answer the question of one swept key."""
    questions = (isolation_table(sweep),)
    return [table for table in questions if table is not None]


def _titled(table: Table) -> str:
    return f"{table.title}\n\n{table.text()}"


def sweep_record(sweep: Sweep) -> dict[str, Any]:
    """Return what ``sweep.json`` holds: swept keys, baseline, and each cell with its jobs and all its metrics."""
    names = sweep.main_metrics
    compared = ratios(sweep, names)
    best = sweep_figures(sweep).best
    return {
        "schema": SCHEMA,
        "swept": sweep.swept,
        "constant": sweep.constant,
        "baseline": sweep.baseline.job if sweep.baseline else None,
        "cells": [
            {
                **_cell_record(cell),
                "best": [name for name, job in best.items() if job == cell.job],
                "ratios": compared.get(cell.job, {}),
            }
            for cell in sweep.cells
        ],
        **({"isolation": isolation_rows(sweep)} if is_about_isolation(sweep) else {}),
    }


def _cell_record(cell: Cell) -> dict[str, Any]:
    jobs = zip(cell.jobs, cell.folders, cell.outcomes, strict=True)
    return {
        "job": cell.job,
        "jobs": [{"job": name, "folder": folder.name, "outcome": outcome} for name, folder, outcome in jobs],
        "overrides": cell.overrides,
        "outcome": cell.outcome,
        "ok": cell.ok,
        "verdict": cell.verdict,
        "trials": cell.trials,
        "started_at": cell.started_at,
        "hostname": cell.hostname,
        "notes": cell.notes,
        "metrics": cell.metrics,
    }


def sweep_title(sweep: Sweep) -> str:
    """Say what was swept, and over how many cells."""
    cells, jobs = len(sweep.cells), sum(len(cell.jobs) for cell in sweep.cells)
    count = f"{cells} cell{'' if cells == 1 else 's'}"
    return f"Sweep of {', '.join(sweep.swept) or 'nothing'}: {count}{'' if jobs == cells else f' in {jobs} jobs'}"


def _markdown(sweep: Sweep, tables: list[Table]) -> str:
    above = constant_line(sweep)
    parts = [f"# {sweep_title(sweep)}", *([above] if above else []), *(table.markdown() for table in tables)]
    return "\n\n".join(parts) + "\n"
