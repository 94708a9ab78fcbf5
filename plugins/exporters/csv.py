"""Trials as CSV, one row a trial, for spreadsheets, pandas and R."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.analysis.trial_table import Value, trial_table
from harness.hookspecs import Exporter, hookimpl
from harness.records import Run
from harness.spreadsheet import harmless
from plugins.exporters import destination

_NAME = "trials.csv"


class Csv(Exporter):
    """Writes trials.csv: one row a trial, one column a metric."""

    name = "csv"

    @dataclass(frozen=True)
    class Options:
        """``path``: the file, null for trials.csv in the run's folder. ``bom``: begin with a mark that Excel wants."""

        path: str | None = None
        bom: bool = False

    def preflight(self) -> None:
        """Refuse a file that is there."""
        destination.refuse_taken(self.options.path)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Write the table."""
        table = trial_table(run, store.read_run(folder).trials)
        sink = io.StringIO()
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow([cell(column.name) for column in table.columns])
        writer.writerows([cell(value) for value in row] for row in table.rows)
        content = sink.getvalue().encode("utf-8-sig" if self.options.bom else "utf-8", "backslashreplace")
        destination.write(self.options.path, folder, _NAME, content)


def cell(value: Value) -> str:
    """Write a value: numbers in full, nothing for a missing one, texts so that no spreadsheet runs them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return harmless(value)
    return repr(value)


@hookimpl
def harness_exporters() -> Sequence[type[Exporter]]:
    """Say which exporters this file holds."""
    return [Csv]
