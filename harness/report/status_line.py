"""What one line can say of a run that goes on: the last figures, memory now, and the time left."""

from harness.metrics import Kind, Metric
from harness.records import Run, Trial

_FIRST = ("rtf", "latency_ms", "ttft_ms", "peak_mib")
"""What is watched before other main metrics, where a run has it."""
_MOST = 2


def main_metrics(run: Run) -> list[tuple[str, Metric]]:
    """Return the main metrics of a run that one trial has a number for, as (scope, metric), the telling ones first."""
    found = [
        (stage.key if metric.scope == "stage" else metric.scope, metric)
        for probe in run.probes
        for metric in probe.metrics
        for stage in (run.stages if metric.scope == "stage" else run.stages[:1])
        if metric.main and metric.kind in (Kind.SAMPLE, Kind.RATIO)
    ]
    order = {name: place for place, name in enumerate(_FIRST)}
    keys = [stage.key for stage in run.stages]

    def rank(one: tuple[str, Metric]) -> tuple[int, int]:
        scope, metric = one
        return keys.index(scope) if scope in keys else len(keys), order.get(metric.name, len(order))

    return sorted(found, key=rank)


def last_figures(run: Run, trial: Trial, most: int = _MOST) -> str:
    """Return the first main metrics that a trial has: ``asr.rtf 0.35 asr.latency_ms 3855``."""
    values = {(one.scope, one.metric): value for one in trial.measurements if (value := number(one)) is not None}
    texts = [
        f"{scope}.{metric.name} {short(values[scope, metric.name], metric)}"
        for scope, metric in main_metrics(run)
        if (scope, metric.name) in values
    ]
    return " ".join(texts[:most])


def number(measurement: object) -> float | None:
    """Return the value of a measurement; of a ratio, the quotient."""
    above, below = getattr(measurement, "numerator", None), getattr(measurement, "denominator", None)
    if above is not None and below:
        return float(above / below)
    value = getattr(measurement, "value", None)
    return None if value is None else float(value)


def short(value: float, metric: Metric) -> str:
    """Write a number in few characters: whole where it is large, a percentage where the metric says so."""
    if metric.format.endswith("%"):
        return format(value, ".1%")
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def rss_mib(trial: Trial) -> float | None:
    """Return RSS at the trial's last reading that has one, in MiB: memory now, for who reads between two trials."""
    seen = [
        (observation.at_ns, rss_kib)
        for visit in trial.visits
        for observation in visit.observations
        if (rss_kib := observation.values.get("rss_kib")) is not None
    ]
    return max(seen)[1] / 1024 if seen else None


def status_line(
    run: Run,
    trial: Trial,
    done: int,
    *,
    failed: int = 0,
    place: str = "",
    left_s: float | None = None,
    sweep_left_s: float | None = None,
) -> str:
    """Return one line on a run after a trial: ``[3/6 threads=2] trial 4/30 asr.rtf 0.35 rss 130.2 MiB left 2 min``."""
    rss = rss_mib(trial)
    parts = [
        f"[{place}]" if place else "",
        f"trial {done}/{run.trials}",
        "" if trial.outcome.ok else str(trial.outcome),
        f"({failed} failed)" if failed else "",
        last_figures(run, trial),
        "" if rss is None else f"rss {rss:.1f} MiB",
        "" if left_s is None else f"left {duration(left_s)}",
        "" if sweep_left_s is None else f"sweep left {duration(sweep_left_s)}",
    ]
    return " ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Write a duration as a person says it: ``40 s``, ``2 min``, ``3 h 20 min``, ``2 d 4 h``."""
    if seconds < 90:
        return f"{max(0.0, seconds):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"
