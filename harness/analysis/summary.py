"""From the trials of a run to its summary: one entry a metric, the verdicts, and the count of outcomes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from harness.analysis.budget import Residual, Runway, residuals, runway
from harness.analysis.fit import LimitSummary, limit_summary
from harness.analysis.handles import Leaking, leaking
from harness.analysis.lacking import lacking
from harness.analysis.ledger import StageLedger, ledger
from harness.analysis.residency import Chain, chain
from harness.analysis.series import series
from harness.analysis.slope import slope
from harness.analysis.statistics import Interval, ratio_interval, spread
from harness.analysis.verdict import StageVerdict, Verdict, judge, judge_stages
from harness.metrics import Better, Kind, Measurement, Metric
from harness.records import SCHEMA, Run, Trial

GROWTH = "growth_mib_per_iteration"
"""The trend that the memory verdict is about; the probe ``rss`` declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """What a run says of one metric.

    ``value`` is the figure to quote: the median of a sample, sum / sum of a ratio, the slope of a trend. ``n`` counts
    the trials in it; ``cold`` is the first trial's own value where that differs in kind. Exactly one of ``value``,
    ``text`` and ``null_reason`` is set.
    """

    scope: str
    metric: str
    kind: Kind
    unit: str
    better: Better
    format: str
    main: bool
    description: str
    n: int = 0
    value: float | None = None
    median: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    q1: float | None = None
    q3: float | None = None
    p90: float | None = None
    p99: float | None = None
    interval: Interval | None = None
    cold: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    text: str | None = None
    null_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole summary of a run. ``metrics`` are by name, for instance ``asr.ttft_ms``; ``ledger`` is by stage.

    ``verdicts`` has the verdict on the process (``memory``), ``stage_verdicts`` what each stage has to do with it,
    ``runway`` how long a leak leaves, ``residuals`` what unloaded models still held, by stage. ``broken`` says what
    ``strict`` fails a run for, one line each. ``chain`` is None for a chain of one stage.
    """

    run: str
    metrics: Mapping[str, MetricSummary]
    verdicts: Mapping[str, Verdict]
    outcomes: Mapping[str, int]
    guard: Mapping[str, object]
    stage_verdicts: Mapping[str, StageVerdict] = field(default_factory=dict)
    runway: Runway | None = None
    residuals: Mapping[str, Residual] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    limit: LimitSummary | None = None
    leaking_handles: tuple[Leaking, ...] = ()
    ledger: Mapping[str, StageLedger] = field(default_factory=dict)
    chain: Chain | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class _Values:
    """The measurements of one metric in one scope: the cold trial's, the steady ones, why some are absent."""

    cold: Measurement | None
    steady: Sequence[tuple[Trial, Measurement]]
    reasons: Sequence[str] = field(default_factory=tuple)


def summarise(run: Run, trials: Sequence[Trial], notes: Iterable[str] = ()) -> Summary:
    """Summarise the trials of a run. Trials that failed are counted in ``outcomes`` and in no metric."""
    done = [trial for trial in trials if trial.outcome.ok]
    metrics: dict[str, MetricSummary] = {}
    for probe in run.probes:
        for metric in probe.metrics:
            for scope in _scopes(metric, run):
                metrics[f"{scope}.{metric.name}"] = _summary(metric, scope, done)
    ledgers = ledger(run, trials)
    guard, memory, handles = _guard(run, trials), _memory(run, trials), leaking(done)
    return Summary(
        run=run.id,
        metrics=metrics,
        outcomes=dict(Counter(trial.outcome.kind for trial in trials)),
        guard=guard,
        **memory,
        broken=tuple(_broken(guard, memory, handles)),
        problems=tuple(f"trial {trial.index}: {problem}" for trial in trials for problem in trial.problems),
        notes=(*run.notes, *notes, *lacking(trials), *_undone(run, trials)),
        leaking_handles=handles,
        limit=limit_summary(run, trials),
        ledger=ledgers,
        chain=chain(run, trials, ledgers),
    )


def _undone(run: Run, trials: Sequence[Trial]) -> Iterable[str]:
    """Say how many trials a run that was killed, stopped or interrupted did not come to."""
    if len(trials) < run.trials:
        undone = run.trials - len(trials)
        yield f"{undone} of {run.trials} trials {'was' if undone == 1 else 'were'} not done"


def _memory(run: Run, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the parts of the summary that judge memory; where no probe reads it, why nothing can be."""
    if not any(metric.name == GROWTH for probe in run.probes for metric in probe.metrics):
        return {"verdicts": {}, "residuals": residuals(run, trials)}
    found = series(run, trials)
    verdict = judge(found, run.budgets.leak_kib / 1024)
    return {
        "verdicts": {"memory": verdict},
        "stage_verdicts": judge_stages(found, verdict),
        "runway": runway(found, verdict, run.budgets.memory_mib),
        "residuals": residuals(run, trials),
    }


def _broken(guard: Mapping[str, object], memory: Mapping[str, Any], handles: Iterable[Leaking]) -> Iterable[str]:
    if not guard["held"]:
        yield f"{guard['most_loaded']} models were loaded at one time, {guard['allowed']} may be"
    for name, verdict in memory["verdicts"].items():
        if verdict.verdict == "leak":
            yield f"{name} leaks"
    for one in handles:
        yield f"{one.kind} leak: {one.name}"
    for stage, residual in memory.get("residuals", {}).items():
        if residual.passed is False:
            yield f"{stage} held {residual.held_mib:.2f} MiB after an unload, {residual.budget_mib:g} may be"


def _scopes(metric: Metric, run: Run) -> list[str]:
    return [stage.key for stage in run.stages] if metric.scope == "stage" else [metric.scope]


def _guard(run: Run, trials: Sequence[Trial]) -> Mapping[str, object]:
    """Say whether no more models were ever loaded than the residency allows, by the workers' own account."""
    most = max((trial.most_loaded for trial in trials), default=0)
    allowed = len(run.stages) if run.protocol.residency == "all_resident" else 1
    return {
        "residency": run.protocol.residency,
        "most_loaded": most,
        "allowed": allowed,
        "held": most <= allowed,
    }


def _summary(metric: Metric, scope: str, trials: Sequence[Trial]) -> MetricSummary:
    values = _values(metric, scope, trials)
    cold = None if metric.kind is Kind.TREND else _number(values.cold)  # one point of a series is no slope
    if not values.steady:
        return _entry(metric, scope, cold=cold, null_reason=_why_none(values, trials))
    measurements = [measurement for _, measurement in values.steady]
    if metric.kind is Kind.SAMPLE:
        return _of_sample(metric, scope, measurements, cold)
    if metric.kind is Kind.RATIO:
        return _of_ratio(metric, scope, measurements, cold)
    if metric.kind is Kind.TREND:
        return _of_trend(metric, scope, values.steady)
    return _of_constancy(metric, scope, values.steady)


def _values(metric: Metric, scope: str, trials: Sequence[Trial]) -> _Values:
    cold, steady, reasons = None, [], []
    for trial in trials:
        for measurement in trial.measurements:
            if (measurement.scope, measurement.metric) != (scope, metric.name):
                continue
            if measurement.reason is not None:
                reasons.append(measurement.reason)
            elif metric.cold_apart and trial.cold:
                cold = measurement
            elif not (metric.cold_apart and trial.warmup):
                steady.append((trial, measurement))
    return _Values(cold, steady, reasons)


def _why_none(values: _Values, trials: Sequence[Trial]) -> str:
    if not trials:
        return "no trial was completed"
    if values.cold:
        return "only the cold first trial has a value"
    return values.reasons[-1] if values.reasons else "nothing was measured"


def _number(measurement: Measurement | None) -> float | None:
    if measurement is None:
        return None
    if measurement.numerator is not None and measurement.denominator is not None:
        return measurement.numerator / measurement.denominator
    return measurement.value


def _entry(metric: Metric, scope: str, **values: object) -> MetricSummary:
    return MetricSummary(
        scope=scope,
        metric=metric.name,
        kind=metric.kind,
        unit=metric.unit,
        better=metric.better,
        format=metric.format,
        main=metric.main,
        description=metric.description,
        **values,  # type: ignore[arg-type]
    )


def _of_sample(metric: Metric, scope: str, values: Sequence[Measurement], cold: float | None) -> MetricSummary:
    found = spread([value.value for value in values if value.value is not None])
    return _entry(
        metric,
        scope,
        cold=cold,
        value=found.median,
        **{name: getattr(found, name) for name in found.__dataclass_fields__},
    )


def _of_ratio(metric: Metric, scope: str, values: Sequence[Measurement], cold: float | None) -> MetricSummary:
    above = [value.numerator or 0.0 for value in values]
    below = [value.denominator or 0.0 for value in values]
    each = [numerator / denominator for numerator, denominator in zip(above, below, strict=True)]
    return _entry(
        metric,
        scope,
        n=len(values),
        cold=cold,
        value=sum(above) / sum(below),
        median=median(each),
        mean=fmean(each),
        min=min(each),
        max=max(each),
        interval=ratio_interval(above, below),
        numerator=sum(above),
        denominator=sum(below),
    )


def _of_trend(metric: Metric, scope: str, values: Sequence[tuple[Trial, Measurement]]) -> MetricSummary:
    points = _points(values)
    found = slope(*points)
    n = len(points[0])
    if found is None:
        return _entry(
            metric,
            scope,
            n=n,
            null_reason=f"a slope needs 3 points in one process, there {'is' if n == 1 else 'are'} {n}",
        )
    return _entry(metric, scope, n=n, value=found.per_iteration, interval=found.interval)


def _of_constancy(metric: Metric, scope: str, values: Sequence[tuple[Trial, Measurement]]) -> MetricSummary:
    """Say whether every utterance gave the same text in all its trials, and where the first difference is."""
    first: dict[str, str | None] = {}
    for trial, measurement in values:
        expected = first.setdefault(trial.utterance.id, measurement.text)
        if measurement.text != expected:
            text = f"differs first in trial {trial.index}: {measurement.text!r} instead of {expected!r}"
            return _entry(metric, scope, n=len(values), text=text)
    return _entry(metric, scope, n=len(values), text="unchanged")


def _points(values: Sequence[tuple[Trial, Measurement]]) -> tuple[list[float], list[float]]:
    """Return iterations after the first with their last values, of the longest stretch that one process served."""
    stretches: dict[frozenset[int], dict[int, float]] = {}
    for trial, measurement in values:
        workers = frozenset(phase.worker for visit in trial.visits for phase in visit.phases)
        if measurement.value is not None and trial.iteration > 0:
            stretches.setdefault(workers, {})[trial.iteration] = measurement.value
    longest = max(stretches.values(), key=len, default={})
    return [float(iteration) for iteration in longest], list(longest.values())
