"""The charts of time to first token and of latency: which trials' values stand in them, and what they say in words."""

from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.summary import Summary
from harness.records import Run, Trial
from harness.report.chart_style import HUES
from harness.report.drawn import Sketch
from harness.report.figures import figure, interval
from harness.report.latency_charts import Times, times_chart

_CHARTS = {"ttft": ("ttft_ms", "Time to first token"), "latency": ("latency_ms", "Latency")}
"""Names of charts, with the metric that each is of."""


def latency_sketches(run: Run, trials: Sequence[Trial], summary: Summary, names: Mapping[str, str]) -> Iterator[Sketch]:
    """Yield both charts; ``names`` are the stages' in a legend."""
    for name, (metric, heading) in _CHARTS.items():
        strips = times(run, trials, summary, metric, names)
        said = "; ".join(_said(strip) for strip in strips if strip.steady_ms)
        text = f"{heading} of each trial. {said or 'No steady trial has one'}."
        yield Sketch(name, heading, text, lambda strips=strips, heading=heading: times_chart(strips, heading))  # type: ignore[misc]


def times(run: Run, trials: Sequence[Trial], summary: Summary, metric: str, names: Mapping[str, str]) -> list[Times]:
    """Return the times of each stage that has the metric, of the trials that the summary's figure is of."""
    found = []
    for index, stage in enumerate(run.stages):
        entry = summary.metrics.get(f"{stage.key}.{metric}")
        if entry is not None:
            steady = [
                measurement.value
                for trial in trials
                if trial.outcome.ok and not trial.cold and not trial.warmup
                for measurement in trial.measurements
                if measurement.metric == metric and measurement.scope == stage.key and measurement.value is not None
            ]
            hue = HUES[index % len(HUES)]
            found.append(Times(names[stage.key], hue, steady, entry.cold, entry.value, entry.interval))
    return found


def _said(strip: Times) -> str:
    return f"{strip.name}: median {figure(strip.median_ms)} ms, 95 % interval {interval(strip.interval_ms)}"
