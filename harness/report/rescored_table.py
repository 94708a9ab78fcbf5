"""The table of a run, or of a sweep, that was scored again: old figures against new ones."""

from collections.abc import Sequence

from harness.analysis.rescored import Rescored
from harness.report.figures import MISSING, figure, signed
from harness.report.tables import Table

_MOST_ROWS = 40
"""So many rows are printed; every figure is in the reports."""


def rescored_table(rows: Sequence[Rescored], notes: Sequence[str] = ()) -> Table:
    """Return a row a metric; of a sweep, with the job's name before it, and main metrics alone."""
    jobs = any(row.job for row in rows)
    chosen = [row for row in rows if row.main or not jobs]
    headers = ("Job", "Metric", "Old", "New", "Difference") if jobs else ("Metric", "Old", "New", "Difference")
    cells = tuple(_cells(row)[0 if jobs else 1 :] for row in chosen[:_MOST_ROWS])
    more = len(chosen) - _MOST_ROWS
    said = (*notes, f"{more} more figures are in the reports") if more > 0 else tuple(notes)
    return Table("Scored again", headers, cells, said)


def _cells(row: Rescored) -> tuple[str, ...]:
    return (
        row.job,
        row.name,
        figure(row.old, row.format),
        figure(row.new, row.format),
        MISSING if row.difference is None else _difference(row.difference, row.format),
    )


def _difference(value: float, form: str) -> str:
    """Write a difference; of two percentages in points, for +10 % of a WER would be something else."""
    return f"{100 * value:+.2f} points" if form.endswith("%") else format(value, signed(form))
