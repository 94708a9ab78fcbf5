"""Trials as Parquet, one row a trial, typed, with what made them in the file's metadata."""

import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness import store
from harness.analysis.trial_table import trial_table
from harness.hookspecs import Exporter, hookimpl
from harness.records import Run
from harness.stage import Unusable
from harness.store import StoredRun
from plugins.exporters import destination

_NAME = "trials.parquet"


class Parquet(Exporter):
    """Writes trials.parquet: the columns of trials.csv with their types; needs the extra parquet."""

    name = "parquet"

    @dataclass(frozen=True)
    class Options:
        """``path``: the file, null for trials.parquet in the run's folder."""

        path: str | None = None

    def preflight(self) -> None:
        """Look for pyarrow, and refuse a file that is there."""
        if importlib.util.find_spec("pyarrow") is None:
            raise Unusable("no package pyarrow", "pip install 'asr-align-harness[parquet]'")
        destination.refuse_taken(self.options.path)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Write the table."""
        import pyarrow
        from pyarrow import parquet

        types = {
            "text": pyarrow.string(),
            "whole": pyarrow.int64(),
            "number": pyarrow.float64(),
            "flag": pyarrow.bool_(),
        }
        stored = store.read_run(folder)
        table = trial_table(run, stored.trials)
        fields = [(column.name, types[column.type]) for column in table.columns]
        schema = pyarrow.schema(fields, metadata=_metadata(run, stored))
        columns = [[row[number] for row in table.rows] for number in range(len(table.columns))]
        sink = io.BytesIO()
        parquet.write_table(pyarrow.table(columns, schema=schema), sink)
        destination.write(self.options.path, folder, _NAME, sink.getvalue())


def _metadata(run: Run, stored: StoredRun) -> dict[str, bytes]:
    """Return what the file says of its origin: plain texts, and the whole records as JSON."""
    whole: dict[str, Any] = {"harness.run": run, "harness.environment": stored.environment}
    return {
        "harness.run_id": run.id.encode(),
        "harness.version": run.harness_version.encode(),
        **{name: msgspec.json.encode(record) for name, record in whole.items()},
    }


@hookimpl
def harness_exporters() -> Sequence[type[Exporter]]:
    """Say which exporters this file holds."""
    return [Parquet]
