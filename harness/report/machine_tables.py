"""Where a run happened: the files that its figures depend on, and what was measured of the machine's noise."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from harness.records import Environment
from harness.report.figures import MISSING
from harness.report.sharing_lines import neighbours
from harness.report.tables import Table

_MIB = 2**20


def machine_tables(environment: Environment | None) -> Iterator[Table]:
    """Yield the table of files with their hashes, and that of the noise check, where there are any."""
    if environment is None:
        return
    if environment.files:
        yield Table(
            "Models and libraries",
            ("File", "MiB", "SHA-256"),
            tuple(_file(path, facts) for path, facts in environment.files.items()),
            section="machine",
        )
    noise = msgspec.to_builtins(getattr(environment, "noise", None)) or {}
    others = len(neighbours(environment))
    blur = {"other_jobs": others} if others else {}
    if noise or blur:
        yield Table("Noise of the machine", ("Item", "Value"), tuple(_flat({**noise, **blur})), section="machine")
    if environment.allocation is not None:
        rows = tuple(_flat(msgspec.to_builtins(environment.allocation)))
        yield Table("What the job was given", ("Item", "Value"), rows, section="machine")


def _file(path: str, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    if "error" in facts:
        return path, MISSING, str(facts["error"])
    return path, f"{facts.get('size_bytes', 0) / _MIB:.2f}", str(facts.get("sha256", MISSING))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield every value with its dotted name."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            yield f"{before}{name}", ", ".join(map(_text, value)) or MISSING
        else:
            yield f"{before}{name}", _text(value)


def _text(value: object) -> str:
    if value is None:
        return MISSING
    return f"{value:.6g}" if isinstance(value, float) else str(value)
