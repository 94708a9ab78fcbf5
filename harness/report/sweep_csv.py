"""A sweep as CSV: a line a cell, plain numbers, and no text that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio, ratios
from harness.analysis.sweep import Cell, Sweep

_PARTS = ("", ".low", ".high", ".cold", ".n", ".ratio", ".ratio.low", ".ratio.high")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text may not begin with: spreadsheets would run it."""


def sweep_csv(sweep: Sweep) -> str:
    """Return the table: figures with interval, cold value, count, and the ratio to the baseline; empty for none."""
    names = sweep.main_metrics
    compared = ratios(sweep, names)
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    columns = [f"{name}{part}" for name in names for part in _PARTS]
    writer.writerow(
        map(harmless, ["job", "baseline", *sweep.swept, *columns, "verdict", "trials", "started_at", "host", "outcome"])
    )
    for cell in sweep.cells:
        writer.writerow(map(harmless, _row(sweep, cell, names, compared.get(cell.job, {}))))
    return sink.getvalue()


def harmless(value: object) -> object:
    """Return a value for a spreadsheet; a text that would be a formula is put behind an apostrophe."""
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
