"""What the probes make of a trial that is over: their values, checked; the reason where a probe fails."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from harness.hookspecs import Probe
from harness.metrics import Measurement, Metric, absent
from harness.plugins import Listeners
from harness.records import Trial
from harness.trial import OpenTrial


def measured(trial: OpenTrial, probes: Iterable[Probe], listeners: Listeners) -> Iterator[Measurement]:
    """Ask each probe for its values of a trial, and yield them.

    One that fails, here or while it observed, names itself among the trial's problems and has no values.
    """
    yield from measured_again(trial.closed(), probes, listeners, trial.problems, trial.broken)


def measured_again(
    record: Trial, probes: Iterable[Probe], listeners: Listeners, problems: list[str], broken: Collection[str] = ()
) -> Iterator[Measurement]:
    """Ask each probe for its values of a trial's record, which may have been stored years ago, and yield them.

    ``broken`` names those that failed while they observed. A line for each that fails now is added to ``problems``.
    """
    metrics = {probe.name: probe.metrics for probe in probes}
    for name, values, error in listeners.each("measure", trial=record):
        try:
            if error is not None:
                raise error
            measurements = _declared(values, metrics.get(name, ()))
        except Exception as fault:  # a probe may do anything; its name and message go into the record
            problems.append(f"{name} failed in measure: {type(fault).__name__}: {fault}")
            broken = {*broken, name}
        if name in broken:
            yield from _no_values(metrics.get(name, ()), record, f"the probe {name} failed")
        else:
            yield from measurements


def _declared(values: Any, metrics: Sequence[Metric]) -> list[Measurement]:
    """Check a probe's answer: measurements, of metrics that it declares. Raises TypeError or ValueError."""
    measurements = list(values or ())
    kinds = {metric.name: metric.kind for metric in metrics}
    for value in measurements:
        if not isinstance(value, Measurement):
            raise TypeError(f"found {value!r}, expected a Measurement")
        if value.metric not in kinds:
            raise ValueError(f"found the metric '{value.metric}', expected one that it declares: {sorted(kinds)}")
        if not value.fits(kinds[value.metric]):
            raise ValueError(f"found {value!r}, expected a value of the kind {kinds[value.metric]}")
    return measurements


def _no_values(metrics: Sequence[Metric], trial: Trial, reason: str) -> Iterator[Measurement]:
    for metric in metrics:
        scopes = [visit.stage for visit in trial.visits] if metric.scope == "stage" else [metric.scope]
        yield from (absent(scope, metric.name, reason) for scope in scopes)
