"""A run's trials as one flat table, a row a trial: what spreadsheets, data frames and databases read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.metrics import Kind, Measurement, Metric
from harness.records import Run, Trial

Type = Literal["text", "whole", "number", "flag"]
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and the one type of its values, any of which may be missing (None)."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class TrialTable:
    """The columns, and the trials as rows of values in their order."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


_OWN: Mapping[str, Type] = {
    "run": "text",
    "block": "whole",
    "leg": "whole",
    "trial": "whole",
    "iteration": "whole",
    "started_at": "text",
    "utterance": "text",
    "audio_s": "number",
    "cold": "flag",
    "warmup": "flag",
    "outcome": "text",
    "message": "text",
}


def trial_table(run: Run, trials: Sequence[Trial]) -> TrialTable:
    """Return the trials as a table; every run of the same probes and stages has the same columns.

    First what names the trial, then ``swept.KEY`` for each key that the run's sweep varies, then each metric that the
    run could report (``asr.ttft_ms``), in the order of its probes. A ratio is the quotient, with
    ``asr.wer.numerator`` and ``asr.wer.denominator`` behind it, for a mean of quotients is not the run's figure. A
    value that is absent is missing; its reason stands in ``trials.jsonl``.
    """
    metrics = [(scope, metric) for probe in run.probes for metric in probe.metrics for scope in _scopes(metric, run)]
    swept = _swept(run)
    columns = [Column(name, kind) for name, kind in _OWN.items()]
    columns += [Column(f"swept.{key}", "text") for key in swept]
    for scope, metric in metrics:
        columns += _columns(f"{scope}.{metric.name}", metric.kind)
    return TrialTable(tuple(columns), tuple(tuple(_row(run, trial, swept, metrics)) for trial in trials))


def _scopes(metric: Metric, run: Run) -> list[str]:
    return [stage.key for stage in run.stages] if metric.scope == "stage" else [metric.scope]


def _swept(run: Run) -> dict[str, str]:
    """Return the keys that the sweep varies with their values here, as they were written."""
    given = dict(override.lstrip("+~").split("=", 1) for override in run.overrides if "=" in override)
    return {key: given[key] for key in run.swept if key in given}


def _columns(name: str, kind: Kind) -> Iterator[Column]:
    yield Column(name, "text" if kind is Kind.CONSTANCY else "number")
    if kind is Kind.RATIO:
        yield Column(f"{name}.numerator", "number")
        yield Column(f"{name}.denominator", "number")


def _row(run: Run, trial: Trial, swept: Mapping[str, str], metrics: Sequence[tuple[str, Metric]]) -> Iterator[Value]:
    yield from (run.id, run.block, trial.leg, trial.index, trial.iteration, trial.started_at)
    yield from (trial.utterance.id, trial.utterance.duration_s, trial.cold, trial.warmup, trial.outcome.kind)
    yield None if trial.outcome.ok else str(trial.outcome)
    yield from swept.values()
    found = {(one.scope, one.metric): one for one in trial.measurements}
    for scope, metric in metrics:
        yield from _values(found.get((scope, metric.name)), metric.kind)


def _values(measurement: Measurement | None, kind: Kind) -> Iterator[Value]:
    if measurement is None:
        measurement = Measurement("", "")
    if kind is Kind.CONSTANCY:
        yield measurement.text
    elif kind is Kind.RATIO:
        above, below = measurement.numerator, measurement.denominator
        yield above / below if above is not None and below else None
        yield above
        yield below
    else:
        yield measurement.value
