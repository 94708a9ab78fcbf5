"""The configuration as a report shows it: what differed from the defaults first, then the whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness import store
from harness.report.figures import MISSING
from harness.report.tables import Table

_DIFFERS = "differs.json"


@dataclass(frozen=True, slots=True)
class Configuration:
    """``differs`` is None where it was not written down what differs; ``whole`` is the YAML, empty where it is gone."""

    differs: Table | None = None
    whole: str = ""


def read_configuration(folder: Path) -> Configuration:
    """Read what a run's folder has of it; a part that is missing or torn costs that part and no report."""
    try:
        whole = (folder / store.CONFIG).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        whole = ""
    try:
        differs = msgspec.json.decode((folder / _DIFFERS).read_bytes(), type=dict[str, dict[str, Any]])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Configuration(None, whole)
    return Configuration(_table(differs), whole)


def _table(differs: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = tuple((key, _written(values, "default"), _written(values, "used")) for key, values in differs.items())
    notes = () if rows else ("Every key had its default.",)
    return Table("What differed from the defaults", ("Key", "Default", "Used"), rows, notes)


def _written(values: Mapping[str, Any], which: str) -> str:
    """Write a value as on the command line; a dash for a key that is not there on one side."""
    if which not in values:
        return MISSING
    value = values[which]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
