"""A sweep as CSV: a line a cell, plain numbers, and no text that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio
from harness.analysis.sweep import Cell, Sweep
from harness.spreadsheet import harmless

_PARTS = ("", ".low", ".high", ".cold", ".n", ".ratio", ".ratio.low", ".ratio.high")


def sweep_csv(sweep: Sweep, ratios: Mapping[str, Mapping[str, Ratio]]) -> str:
    """Return the table: figures with interval, cold value, count, and the ratio by job and metric; empty for none."""
    names = sweep.main_metrics
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    columns = [f"{name}{part}" for name in names for part in _PARTS]
    writer.writerow(
        map(_cell, ["job", "baseline", *sweep.swept, *columns, "verdict", "trials", "started_at", "host", "outcome"])
    )
    for cell in sweep.cells:
        writer.writerow(map(_cell, _row(sweep, cell, names, ratios.get(cell.job, {}))))
    return sink.getvalue()


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value


def _row(sweep: Sweep, cell: Cell, names: Sequence[str], compared: Mapping[str, Ratio]) -> Iterator[object]:
    yield from (" ".join(cell.jobs or (cell.job,)), "yes" if cell is sweep.baseline else "no")
    yield from (cell.overrides.get(key, "") for key in sweep.swept)
    for name in names:
        yield from _numbers(cell.metrics.get(name))
        yield from _ratio(compared.get(name))
    yield from (cell.verdict, cell.trials, cell.started_at or "", cell.hostname or "", cell.outcome)


def _numbers(entry: MetricSummary | None) -> tuple[object, ...]:
    """Return figure, interval, cold figure and count; empty cells where there is none."""
    if entry is None:
        return ("",) * 5
    low, high = entry.interval or (None, None)
    values = (entry.value, low, high, entry.cold)
    return (*("" if value is None or value != value else value for value in values), entry.n)


def _ratio(ratio: Ratio | None) -> tuple[object, ...]:
    if ratio is None:
        return ("",) * 3
    return (ratio.value, *(ratio.interval or ("", "")))
