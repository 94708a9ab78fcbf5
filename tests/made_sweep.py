"""Sweeps made by hand of summaries alone: cells with the figures that a test gives them, and nothing on the disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.sweep import Cell, Sweep
from harness.metrics import Better, Kind

_FORMATS = {"wer": ".2%", "rtf": ".3f"}
_UNITS = {"wer": "edits/word", "rtf": "s/s", "peak_mib": "MiB"}

Given = float | tuple[float, float, float] | None
"""A figure; one with the ends of its interval; or none."""


def entry(name: str, given: Given, *, cold: bool = False, better: Better = "lower") -> MetricSummary:
    """Return what a cell says of a main metric; ``cold`` for a value of the first trial alone."""
    scope, _, metric = name.rpartition(".")
    value, *bounds = given if isinstance(given, tuple) else (given,)
    return MetricSummary(
        scope=scope,
        metric=metric,
        kind=Kind.SAMPLE,
        unit=_UNITS.get(metric, "ms"),
        better=better,
        format=_FORMATS.get(metric, ".2f"),
        main=True,
        description="made up",
        n=0 if cold else 5,
        value=None if cold else value,
        interval=(bounds[0], bounds[1]) if bounds and not cold else None,
        cold=value if cold else None,
        null_reason="only the cold first trial has a value" if cold else None if value is not None else "made so",
    )


def cell(job: int, overrides: Mapping[str, str], figures: Mapping[str, Given], *, cold: bool = False) -> Cell:
    """Return a cell that did everything; without figures, one that failed."""
    metrics = {name: entry(name, given, cold=cold) for name, given in figures.items()}
    outcome = "ok" if figures else "failed: <b>bad</b> value"
    name, folder = str(job), Path(str(job))
    jobs = {"jobs": (name,), "folders": (folder,), "outcomes": (outcome,)}
    return Cell(name, folder, dict(overrides), outcome, bool(figures), metrics, **jobs)  # type: ignore[arg-type]


def sweep(cells: Sequence[Cell], folder: Path = Path("sweep"), baseline: int = 0) -> Sweep:
    """Return a sweep over all keys of its cells."""
    swept = tuple(dict.fromkeys(key for one in cells for key in one.overrides))
    return Sweep(folder, tuple(cells), swept, {"iterations": "6"}, cells[baseline] if len(cells) > 1 else None)


def near(value: float, share: float = 0.02) -> tuple[float, float, float]:
    """Return a figure with an interval of that share on both sides."""
    return value, value * (1 - share), value * (1 + share)
