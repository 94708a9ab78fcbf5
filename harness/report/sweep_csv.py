"""A sweep as CSV: a line a cell, plain numbers, and no text that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio
from harness.analysis.sweep import Cell, Sweep
from harness.report.machine_lines import SEVERAL, places
from harness.spreadsheet import harmless

_MACHINE = ".ratio.machine"
"""Where the figure was measured that a ratio is a multiple of; only in a sweep over several machines."""
_PARTS = ("", ".low", ".high", ".cold", ".n", ".ratio", ".ratio.low", ".ratio.high")


def sweep_csv(sweep: Sweep, ratios: Mapping[str, Mapping[str, Ratio]]) -> str:
    """Return the table: figures with interval, cold value, count, and the ratio by job and metric; empty for none."""
    names = sweep.main_metrics
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    there = places(sweep)
    columns = [f"{name}{part}" for name in names for part in (*_PARTS, *((_MACHINE,) if there else ()))]
    writer.writerow(
        map(
            _cell,
            [
                "job",
                "baseline",
                *(("machine",) if there else ()),
                *sweep.swept,
                *columns,
                "verdict",
                "trials",
                "started_at",
                "host",
                "outcome",
            ],
        )
    )
    for cell in sweep.cells:
        writer.writerow(map(_cell, _row(sweep, cell, names, ratios.get(cell.job, {}), there)))
    return sink.getvalue()


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value


def _row(
    sweep: Sweep, cell: Cell, names: Sequence[str], compared: Mapping[str, Ratio], there: Mapping[str, str]
) -> Iterator[object]:
    yield from (" ".join(cell.jobs or (cell.job,)), "yes" if cell is sweep.baseline else "no")
    yield from (there[cell.job],) if there else ()
    yield from (cell.overrides.get(key, "") for key in sweep.swept)
    for name in names:
        yield from _numbers(cell.metrics.get(name))
        yield from _ratio(compared.get(name))
        yield from (_of(compared.get(name), cell, there),) if there else ()
    yield from (cell.verdict, cell.trials, cell.started_at or "", cell.hostname or "", cell.outcome)


def _numbers(entry: MetricSummary | None) -> tuple[object, ...]:
    """Return figure, interval, cold figure and count; empty cells where there is none."""
    if entry is None:
        return ("",) * 5
    low, high = entry.interval or (None, None)
    values = (entry.value, low, high, entry.cold)
    return (*("" if value is None or value != value else value for value in values), entry.n)


def _of(ratio: Ratio | None, cell: Cell, there: Mapping[str, str]) -> str:
    """Return the machine of the figure that a ratio is a multiple of; a baseline of several has its part here."""
    if ratio is None:
        return ""
    of = there.get(ratio.of, "")
    return there[cell.job] if of == SEVERAL and not ratio.other_machine else of


def _ratio(ratio: Ratio | None) -> tuple[object, ...]:
    if ratio is None:
        return ("",) * 3
    return (ratio.value, *(ratio.interval or ("", "")))
