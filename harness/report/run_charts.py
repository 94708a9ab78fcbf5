"""Which charts a run has, what each says in words, and why one cannot be drawn."""

from collections.abc import Collection, Mapping, Sequence

from harness.analysis.leg_verdict import Judged, judge_legs, telling
from harness.analysis.legs import by_leg
from harness.analysis.original import number
from harness.analysis.summary import GROWTH, Summary
from harness.analysis.timeline import Curve, sampled_curves, seams, spans, stepped_curves, windows
from harness.records import Run, Trial
from harness.report import charts
from harness.report.alignment_sketches import alignment_sketches
from harness.report.drawn import Drawn, Sketch, draw
from harness.report.figures import figure, heading, interval
from harness.report.latency_sketches import latency_sketches
from harness.report.length_chart import length_sketches
from harness.report.waveform_sketches import waveform_sketches
from harness.sampling.curve import Curve as Samples

_LEAST_SAMPLED = 20
"""Fewer samples a stretch of time are stumps of lines: then the readings between commands tell more."""
_LEGS = (
    "The run was stopped and taken up again at each dashed rule. Its legs stand one after another; the time between "
    "them is left out."
)
_NOT_ACROSS = (
    "At each dashed rule the run was taken up again in new processes: the slope is of one leg, and is not told across."
)
_WHOLE_UP_TO = 6
"""Iterations that are shown as one stretch of time; of more the first, the middle and the last."""


def run_charts(
    run: Run,
    trials: Sequence[Trial],
    summary: Summary,
    formats: Collection[str] = (),
    samples: Sequence[Samples] = (),
) -> list[Drawn]:
    """Draw every chart of a run; what cannot be drawn is said instead.

    ``samples`` are the memory curves of its legs; without one, or with few samples in what is shown, the readings
    between commands are drawn.
    """
    names = {stage.key: f"{heading(stage.key)} ({stage.label})" for stage in run.stages}
    shown = windows(trials, _WHOLE_UP_TO)
    curves = sampled_curves(samples, trials, shown) if samples else []
    if sum(len(curve.at_s) for curve in curves) < _LEAST_SAMPLED * len(shown):
        curves = stepped_curves(trials)
    sketches = [
        Sketch(
            "memory",
            "Memory over time",
            _memory_text(curves, names),
            lambda: charts.memory_chart(curves, spans(trials), shown, names, seams(trials)),
            wide=True,
            caption=_LEGS if run.seams else "",
        ),
        Sketch(
            "growth",
            "Memory after unload",
            _growth_text(summary),
            lambda: _growth(run, trials, summary),
            caption=_NOT_ACROSS if run.seams else "",
        ),
        Sketch(
            "ledger",
            "Memory of each phase",
            "Anonymous, file and shared memory at the end of each phase of each stage, with the exact peaks; the "
            "figures stand in the tables of phases.",
            lambda: charts.ledger_chart(list(summary.ledger.values()), names),
        ),
        *latency_sketches(run, trials, summary, names),
        *alignment_sketches(summary, names),
        *length_sketches(run, trials, summary, names),
        *waveform_sketches(run, trials),
    ]
    return [draw(sketch, formats) for sketch in sketches]


def _growth(run: Run, trials: Sequence[Trial], summary: Summary) -> charts.Chart:
    """Draw the points that the verdict's slope is of; where no process has any, the last value of each iteration.

    The cold value is the first iteration's; it is no value after a trim.
    """
    verdict = summary.verdicts.get("memory")
    if verdict is None:
        raise ValueError("no probe of this run reports it")
    values = _after_iterations(trials)
    cold_mib = None if verdict.after_trim else values.pop(0, None)
    each = judge_legs(run, trials)
    judged = telling(each)
    others: list[tuple[float, float]] = []
    if judged.series.iterations:
        values = dict(_points_of(judged))
        others = sorted(point for one in each if one is not judged for point in _points_of(one))
    slope, bounds = verdict.slope_mib_per_iteration, verdict.interval
    begun = [(min(trial.iteration for trial in some), leg) for leg, some in by_leg(trials).items() if leg]
    return charts.growth_chart(
        list(values), list(values.values()), slope, bounds, verdict.verdict, cold_mib, others, begun
    )


def _points_of(judged: Judged) -> list[tuple[int, float]]:
    """Return the iterations that a verdict is of, with the memory that it judges."""
    found = judged.series
    points = found.trimmed_mib if judged.verdict.after_trim and found.trimmed_mib else found.anon_mib
    return list(zip(found.iterations, points, strict=True))


def _after_iterations(trials: Sequence[Trial]) -> dict[int, float]:
    """Return what each iteration's last trial that was done ended with."""
    values: dict[int, float] = {}
    for trial in trials:
        value = number(trial, "memory", GROWTH)
        if value is not None and trial.outcome.ok and not trial.warmup:
            values[trial.iteration] = value
    return values


def _memory_text(curves: Sequence[Curve], names: Mapping[str, str]) -> str:
    highest = max((level for curve in curves for level in curve.rss_mib), default=None)
    return (
        f"RSS and anonymous memory over time while {' and '.join(names.values())} are loaded, run and unloaded; "
        f"the highest RSS read is {figure(highest, '.0f')} MiB."
    )


def _growth_text(summary: Summary) -> str:
    verdict = summary.verdicts.get("memory")
    if verdict is None:
        return "Anonymous memory after unload."
    slope = figure(verdict.slope_mib_per_iteration, "+.3f")
    return (
        f"Anonymous memory after unload, iteration by iteration: {verdict.verdict}, {slope} MiB an iteration, "
        f"95 % interval {interval(verdict.interval, '+.3f')}."
    )
