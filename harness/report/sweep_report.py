"""The table of a sweep: on the screen, and as Markdown, CSV, JSON and HTML beside its jobs."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from harness import store
from harness.analysis.summary import MetricSummary
from harness.analysis.sweep import Cell, Sweep
from harness.records import SCHEMA
from harness.report.tables import MISSING, Table, figure, interval


def publish_sweep(sweep: Sweep) -> None:
    """Write ``sweep.json``, ``sweep.csv``, ``sweep.md`` and ``sweep.html`` into the sweep's folder."""
    store.write_json(sweep.folder / store.SWEEP_JSON, sweep_record(sweep))
    store.write_text(sweep.folder / store.SWEEP_CSV, _csv(sweep))
    store.write_text(sweep.folder / store.SWEEP_MD, f"# {_title(sweep)}\n\n{sweep_table(sweep).markdown()}\n")
    store.write_text(sweep.folder / store.SWEEP_HTML, _html(sweep))


def sweep_table(sweep: Sweep) -> Table:
    """Return a row for each job: what was swept, the main metrics with their intervals, the outcome."""
    names = sweep.main_metrics
    constant = ", ".join(f"{key}={value}" for key, value in sweep.constant.items())
    notes = dict.fromkeys(note for cell in sweep.cells for note in cell.notes)
    return Table(
        "Sweep",
        ("Job", *sweep.swept, *(_column(sweep, name) for name in names), "Outcome"),
        tuple(_row(sweep, cell, names) for cell in sweep.cells),
        (*((f"The same in all jobs: {constant}",) if constant else ()), *notes, *_reasons(sweep, names)),
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
                "metrics": cell.metrics,
            }
            for cell in sweep.cells
        ],
    }


def _title(sweep: Sweep) -> str:
    return f"Sweep of {', '.join(sweep.swept) or 'nothing'}: {len(sweep.cells)} jobs"


def _column(sweep: Sweep, name: str) -> str:
    entry = next(cell.metrics[name] for cell in sweep.cells if name in cell.metrics)
    return name if not entry.format.endswith("%") else f"{name} (%)"


def _row(sweep: Sweep, cell: Cell, names: Sequence[str]) -> tuple[str, ...]:
    keys = (cell.overrides.get(key, MISSING) for key in sweep.swept)
    return (cell.job, *keys, *(_figure(cell.metrics.get(name)) for name in names), cell.outcome)


def _figure(entry: MetricSummary | None) -> str:
    if entry is None:
        return MISSING
    if entry.text is not None:
        return entry.text
    form = entry.format.removesuffix("%") + "%" if entry.format.endswith("%") else entry.format
    value = figure(entry.value, form)
    return value if entry.interval is None else f"{value} [{interval(entry.interval, form)}]"


def _reasons(sweep: Sweep, names: Sequence[str]) -> list[str]:
    """Say once why figures are missing, whichever jobs they are missing in."""
    found: dict[str, dict[str, None]] = {}
    for cell in sweep.cells:
        for name in names:
            entry = cell.metrics.get(name)
            if entry is not None and entry.null_reason is not None:
                found.setdefault(entry.null_reason, {})[name] = None
    return [f"{MISSING} {', '.join(metrics)}: {reason}" for reason, metrics in found.items()]


def _csv(sweep: Sweep) -> str:
    names = sweep.main_metrics
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    bounds = [column for name in names for column in (name, f"{name}.low", f"{name}.high", f"{name}.n")]
    writer.writerow(["job", *sweep.swept, *bounds, "outcome"])
    for cell in sweep.cells:
        row: list[object] = [cell.job, *(cell.overrides.get(key, "") for key in sweep.swept)]
        for name in names:
            row.extend(_numbers(cell.metrics.get(name)))
        writer.writerow([*row, cell.outcome])
    return sink.getvalue()


def _numbers(entry: MetricSummary | None) -> tuple[object, object, object, object]:
    if entry is None:
        return "", "", "", ""
    low, high = entry.interval or ("", "")
    return ("" if entry.value is None else entry.value, low, high, entry.n)


def _html(sweep: Sweep) -> str:
    templates = Templates(loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined)
    report = {"title": _title(sweep), "tables": [sweep_table(sweep)]}
    return templates.get_template("sweep.html").render(report=report)
