"""Cells of a sweep made by hand: two stages, one of which uses threads and has a context length."""

from collections.abc import Mapping
from pathlib import Path

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.setting import Setting, StageSetting
from harness.analysis.sweep import Cell, Sweep
from harness.metrics import Kind

Spread = tuple[float, float, float]
"""Low end, figure, high end."""


def entry(
    name: str, found: Spread | float | None, *, cold: float | None = None, most: float | None = None
) -> MetricSummary:
    """Return what a run says of a metric: a figure with an interval, one without, or none."""
    scope, _, metric = name.partition(".")
    low, value, high = found if isinstance(found, tuple) else (None, found, None)
    return MetricSummary(
        scope=scope,
        metric=metric,
        kind=Kind.SAMPLE,
        unit="",
        better="lower",
        format=".2f",
        main=False,
        description="",
        n=0 if value is None else 3,
        value=value,
        interval=None if low is None or high is None else (low, high),
        cold=cold,
        max=most,
        null_reason="only the cold first trial has a value" if value is None else None,
    )


def setting(threads: int = 6, context_length: int = 4096, usable_cores: float | None = 2) -> Setting:
    """Return the setting of both stages."""
    asr = StageSetting("asr", "madeup", True, threads, context_length)
    return Setting((asr, StageSetting("aligner", "simple", False, threads)), usable_cores)


def cell(job: int, overrides: Mapping[str, str], found: Setting | None, *entries: MetricSummary) -> Cell:
    """Return a cell; without a setting it is one that could not run."""
    ok = found is not None
    metrics = {f"{one.scope}.{one.metric}": one for one in entries}
    return Cell(str(job), Path(str(job)), overrides, "ok" if ok else "failed: no", ok, metrics, setting=found)


def threaded(
    job: int,
    threads: int,
    rtf: Spread | float,
    peak_mib: Spread = (100.0, 100.0, 100.0),
    usable_cores: float | None = 2,
    more: Mapping[str, str] | None = None,
) -> Cell:
    """Return a cell of a sweep over threads: half a CPU second for a second of audio, a pool beside the main thread."""
    middle = rtf[1] if isinstance(rtf, tuple) else rtf
    return cell(
        job,
        {"threads": str(threads), **(more or {})},
        setting(threads=threads, usable_cores=usable_cores),
        entry("asr.rtf", rtf),
        entry("asr.cpu_rtf", 0.5),
        entry("asr.cores_used", 0.5 / middle),
        entry("asr.run_threads", float(threads), most=threads + 1.0),
        entry("asr.load_peak_mib", (40.0, 50.0, 60.0)),
        entry("asr.run_peak_mib", peak_mib),
        entry("aligner.rtf", rtf),
    )


def of_context(job: int, tokens: int, load_mib: Spread | float | None, peak_mib: Spread | float) -> Cell:
    """Return a cell of a sweep over the context length."""
    return cell(
        job,
        {"context_length": str(tokens)},
        setting(context_length=tokens),
        entry("asr.load_overhead_mib", load_mib),
        entry("asr.load_peak_mib", 10.0),
        entry("asr.run_peak_mib", peak_mib),
    )


def sweep(swept: tuple[str, ...], *cells: Cell) -> Sweep:
    """Return a sweep of these cells."""
    return Sweep(Path("sweep"), cells, swept, {})
