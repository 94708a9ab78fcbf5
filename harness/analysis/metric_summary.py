"""From the trials of a run to what it says of one metric: a figure of its kind, with its spread, or a reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from harness.analysis.constancy import add_changes, constancy
from harness.analysis.legs import first_iterations, workers_of
from harness.analysis.sampling_unit import Unit, Units, by_utterance, units
from harness.analysis.slope import slope
from harness.analysis.statistics import MIN_FOR_INTERVAL, Interval, spread
from harness.metrics import OF_MACHINE, Better, Kind, Measurement, Metric, Quantity, quantity_of
from harness.records import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """What a run says of one metric.

    ``value`` is the figure to quote: the median of a sample, sum / sum of a ratio, the slope of a trend. ``n`` counts
    the trials in it; ``cold`` is the first trial's own value where that differs in kind, of a resumed run the median of
    its legs' first ones. Exactly one of ``value``,
    ``text`` and ``null_reason`` is set. The interval of a ratio is over ``units`` of what ``interval_over`` says:
    utterances, or trials where there are fewer than three; of what no iteration changes (``Metric.cold_apart`` is
    false) never trials, and speakers where they are known. ``quantity`` is the metric's own.
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
    interval_over: Unit = ""
    units: int = 0
    cold: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    text: str | None = None
    null_reason: str | None = None
    quantity: Quantity = ""

    def __post_init__(self) -> None:
        """Take the quantity from the unit where nothing says it."""
        if not self.quantity:
            object.__setattr__(self, "quantity", quantity_of(self.unit))

    @property
    def of_machine(self) -> bool:
        """Whether another machine changes the figure, and another job on the same one: times, the page cache."""
        return self.quantity in OF_MACHINE


@dataclass(frozen=True, slots=True)
class _Values:
    """The measurements of one metric in one scope: the cold trials', the steady ones, why some are absent."""

    cold: Sequence[Measurement]
    steady: Sequence[tuple[Trial, Measurement]]
    reasons: Sequence[str] = field(default_factory=tuple)


class Measured:
    """The measurements of trials by scope and metric: sorted once, for a run has a hundred of each trial."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = trials
        self._found: defaultdict[tuple[str, str], list[tuple[Trial, Measurement]]] = defaultdict(list)
        for trial in trials:
            for measurement in trial.measurements:
                self._found[measurement.scope, measurement.metric].append((trial, measurement))
        add_changes(self._found)

    def of(self, metric: Metric, scope: str) -> Sequence[tuple[Trial, Measurement]]:
        """Return what the trials measured of a metric in a scope, in their order."""
        return self.named(scope, metric.name)

    def named(self, scope: str, name: str) -> Sequence[tuple[Trial, Measurement]]:
        """Return what the trials measured under a metric's name in a scope, in their order."""
        return self._found.get((scope, name), ())


def metric_summary(metric: Metric, scope: str, measured: Measured) -> MetricSummary:
    """Return what completed trials say of a metric of one scope: a figure or a text, or the reason for neither."""
    values = _values(metric, measured.of(metric, scope))
    cold = None if metric.kind is Kind.TREND else _cold(values.cold)  # one point of a series is no slope
    if not values.steady:
        return _entry(metric, scope, cold=cold, null_reason=_why_none(values, measured.trials))
    measurements = [measurement for _, measurement in values.steady]
    if metric.kind is Kind.SAMPLE:
        return _of_sample(metric, scope, measurements, cold)
    if metric.kind is Kind.RATIO:
        return _of_ratio(metric, scope, values.steady, cold)
    if metric.kind is Kind.TREND:
        return _of_trend(metric, scope, values.steady, first_iterations(measured.trials))
    return _entry(metric, scope, n=len(values.steady), text=constancy(values.steady, metric.unit))


def _values(metric: Metric, measured: Sequence[tuple[Trial, Measurement]]) -> _Values:
    cold, steady, reasons = [], [], []
    for trial, measurement in measured:
        if measurement.reason is not None:
            reasons.append(measurement.reason)
        elif metric.cold_apart and trial.cold:
            cold.append(measurement)
        elif not (metric.cold_apart and trial.warmup):
            steady.append((trial, measurement))
    return _Values(cold, steady, reasons)


def _why_none(values: _Values, trials: Sequence[Trial]) -> str:
    if not trials:
        return "no trial was completed"
    if values.cold:
        return (
            "only the cold first trial has a value" if len(values.cold) == 1 else "only cold first trials have a value"
        )
    return values.reasons[-1] if values.reasons else "nothing was measured"


def _cold(measurements: Sequence[Measurement]) -> float | None:
    found = [value for measurement in measurements if (value := _number(measurement)) is not None]
    return median(found) if found else None


def _number(measurement: Measurement) -> float | None:
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
        quantity=metric.quantity,
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


def _of_ratio(
    metric: Metric, scope: str, values: Sequence[tuple[Trial, Measurement]], cold: float | None
) -> MetricSummary:
    above = [value.numerator or 0.0 for _, value in values]
    below = [value.denominator or 0.0 for _, value in values]
    drawn = _drawn(metric, [trial for trial, _ in values])
    interval = drawn.interval(above, below)
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
        interval=interval,
        interval_over=drawn.unit if interval else "",
        units=drawn.count,
        numerator=sum(above),
        denominator=sum(below),
    )


def _drawn(metric: Metric, trials: Sequence[Trial]) -> Units:
    """Return what varies by chance: of a text, and over a corpus, the utterances; of one recording's speed the trials.

    The same text again is no second observation, nor is a long utterance's time again one of another's.
    """
    utterances = [trial.utterance for trial in trials]
    if not metric.cold_apart:
        return units(utterances)
    drawn = by_utterance(utterances)
    if drawn.count >= MIN_FOR_INTERVAL:
        return drawn
    return Units("trials", len(trials), tuple(range(len(trials))))


def _of_trend(
    metric: Metric, scope: str, values: Sequence[tuple[Trial, Measurement]], first: Mapping[int, int]
) -> MetricSummary:
    points = _points(values, first)
    found = slope(*points)
    n = len(points[0])
    if found is None:
        are = "is" if n == 1 else "are"
        return _entry(metric, scope, n=n, null_reason=f"a slope needs 3 points in one process, there {are} {n}")
    return _entry(metric, scope, n=n, value=found.per_iteration, interval=found.interval)


def _points(values: Sequence[tuple[Trial, Measurement]], first: Mapping[int, int]) -> tuple[list[float], list[float]]:
    """Return iterations after the first with their last values, of the longest stretch that one process served.

    A stretch is of one leg, and the ``first`` iteration of each leg is left out.
    """
    stretches: dict[tuple[int, frozenset[int]], dict[int, float]] = {}
    for trial, measurement in values:
        if measurement.value is not None and trial.iteration > first[trial.leg]:
            stretches.setdefault(workers_of(trial), {})[trial.iteration] = measurement.value
    longest = max(stretches.values(), key=len, default={})
    return [float(iteration) for iteration in longest], list(longest.values())
