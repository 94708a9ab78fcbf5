"""The table of a sweep: on the screen, and as Markdown, CSV and JSON beside its jobs."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from harness import store
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.sweep import Cell, Sweep
from harness.records import SCHEMA
from harness.report.figures import MISSING, figure, interval
from harness.report.isolation_table import is_about_isolation, isolation_rows, isolation_table
from harness.report.tables import Table


def publish_sweep(sweep: Sweep) -> None:
    """Write ``sweep.json``, ``sweep.csv`` and ``sweep.md`` into the sweep's folder; the page takes longer to draw."""
    store.write_json(sweep.folder / store.SWEEP_JSON, sweep_record(sweep))
    store.write_text(sweep.folder / store.SWEEP_CSV, _csv(sweep))
    tables = "\n\n".join(table.markdown() for table in sweep_tables(sweep))
    store.write_text(sweep.folder / store.SWEEP_MD, f"# {sweep_title(sweep)}\n\n{tables}\n")


def sweep_text(sweep: Sweep) -> str:
    """Return the sweep's tables as they are shown on the screen; those after the first with their titles."""
    first, *others = sweep_tables(sweep)
    return "\n\n".join([first.text(), *(f"{table.title}\n\n{table.text()}" for table in others)])


def sweep_tables(sweep: Sweep) -> list[Table]:
    """Return the table of all jobs, and those that answer the question of one swept key."""
    questions = (isolation_table(sweep),)
    return [sweep_table(sweep), *(table for table in questions if table is not None)]


def sweep_table(sweep: Sweep) -> Table:
    """Return a row for each job: what was swept, the main metrics with their intervals, the outcome."""
    names = [name for name in sweep.main_metrics if _anywhere(sweep, name)]
    constant = ", ".join(f"{key}={value}" for key, value in sweep.constant.items())
    notes = dict.fromkeys(note for cell in sweep.cells for note in cell.notes)
    return Table(
        "Sweep",
        (
            "Job",
            *sweep.swept,
            *(_column(name) for name in names),
            *(("Memory",) if _is_judged(sweep) else ()),
            "Outcome",
        ),
        tuple(_row(sweep, cell, names) for cell in sweep.cells),
        (*((f"The same in all jobs: {constant}",) if constant else ()), *notes, *_reasons(sweep)),
    )


def sweep_record(sweep: Sweep) -> dict[str, Any]:
    """Return what ``sweep.json`` holds: the swept keys, and each job with all its metrics."""
    return {
        "schema": SCHEMA,
        "swept": sweep.swept,
        "constant": sweep.constant,
        "jobs": [
            {
                "job": cell.job,
                "folder": cell.folder.name,
                "overrides": cell.overrides,
                "outcome": cell.outcome,
                "ok": cell.ok,
                "verdict": cell.verdict,
                "metrics": cell.metrics,
            }
            for cell in sweep.cells
        ],
        **({"isolation": isolation_rows(sweep)} if is_about_isolation(sweep) else {}),
    }


def sweep_title(sweep: Sweep) -> str:
    """Say what was swept, and over how many jobs."""
    return f"Sweep of {', '.join(sweep.swept) or 'nothing'}: {len(sweep.cells)} jobs"


def _column(name: str) -> str:
    """Write a metric's name over two lines, for tables are wide enough without it."""
    return name.replace(".", "\n", 1)


def _row(sweep: Sweep, cell: Cell, names: Sequence[str]) -> tuple[str, ...]:
    keys = (cell.overrides.get(key, MISSING) for key in sweep.swept)
    verdict = (cell.verdict or MISSING,) if _is_judged(sweep) else ()
    return (cell.job, *keys, *(_figure(cell.metrics.get(name)) for name in names), *verdict, cell.outcome)


def _is_judged(sweep: Sweep) -> bool:
    """Tell whether the memory of any job could be judged; short runs are all undecided."""
    return any(cell.verdict not in ("", "undecided") for cell in sweep.cells)


def _figure(entry: MetricSummary | None) -> str:
    if entry is None:
        return MISSING
    if entry.text is not None:
        return entry.text
    if entry.value is None and entry.cold is not None:
        return f"{figure(entry.cold, entry.format)} (cold)"
    value = figure(entry.value, entry.format)
    return value if entry.interval is None else f"{value} [{interval(entry.interval, entry.format)}]"


def _anywhere(sweep: Sweep, name: str) -> bool:
    """Tell whether any job has a figure for a metric; a column of dashes would only be wide."""
    entries = (cell.metrics[name] for cell in sweep.cells if name in cell.metrics)
    return any(entry.value is not None or entry.cold is not None or entry.text is not None for entry in entries)


def _reasons(sweep: Sweep) -> list[str]:
    """Say once why figures are missing, whichever jobs they are missing in."""
    found: dict[str, dict[str, None]] = {}
    for cell in sweep.cells:
        for name in sweep.main_metrics:
            entry = cell.metrics.get(name)
            if entry is not None and entry.null_reason is not None and entry.cold is None:
                found.setdefault(entry.null_reason, {})[name] = None
    return [f"no value for {', '.join(metrics)}: {reason}" for reason, metrics in found.items()]


def _csv(sweep: Sweep) -> str:
    names = sweep.main_metrics
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    bounds = [f"{name}{part}" for name in names for part in ("", ".low", ".high", ".cold", ".n")]
    writer.writerow(["job", *sweep.swept, *bounds, "verdict", "outcome"])
    for cell in sweep.cells:
        row: list[object] = [cell.job, *(cell.overrides.get(key, "") for key in sweep.swept)]
        for name in names:
            row.extend(_numbers(cell.metrics.get(name)))
        writer.writerow([*row, cell.verdict, cell.outcome])
    return sink.getvalue()


def _numbers(entry: MetricSummary | None) -> tuple[object, ...]:
    """Return figure, interval, cold figure and count; empty cells where there is none."""
    if entry is None:
        return ("",) * 5
    low, high = entry.interval or (None, None)
    values = (entry.value, low, high, entry.cold)
    return (*("" if value is None or value != value else value for value in values), entry.n)
