from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.metric_summary import Measured, MetricSummary, metric_summary
from harness.analysis.statistics import ratio_interval, spread
from harness.analysis.summary import GROWTH, summarise
from harness.metrics import Kind, Metric, absent, constant, ratio, sample
from harness.records import Outcome, Trial
from tests import stored
from tests.analysis.made import SPEED, TREND, run, speeds, trial

SHARE = Metric(name="share", unit="1", kind=Kind.RATIO, format=".1%", description="a ratio")
ERRORS = Metric(name="errors", unit="1", kind=Kind.RATIO, cold_apart=False, description="a ratio of every trial")
TEXT = Metric(name="text", unit="text", kind=Kind.CONSTANCY, cold_apart=False, description="a constancy")


def entry(metric: Metric, trials: Sequence[Trial], scope: str = "asr", **changes: Any) -> MetricSummary:
    """Return what the summary of a run says of its only metric."""
    return summarise(run(metric, **changes), trials).metrics[f"{scope}.{metric.name}"]


def test_cold_apart() -> None:
    """The cold trial's value stands by itself, and the steady ones have median and spread of their own."""
    found = entry(SPEED, speeds(900.0, 10.0, 40.0, 20.0))
    expected = spread([10.0, 40.0, 20.0])
    assert (found.n, found.value, found.median, found.mean) == (3, 20.0, 20.0, expected.mean)
    assert (found.min, found.q1, found.q3, found.max) == (10.0, 15.0, 30.0, 40.0)
    assert (found.interval, found.p90, found.p99) == (expected.interval, None, None)
    assert (found.cold, found.null_reason) == (900.0, None)


def test_warmup_is_left_out() -> None:
    """Warm-up trials are in no steady-state figure, and are not the cold one."""
    trials = speeds(900.0, 500.0, 400.0, 10.0, 30.0)
    trials = [replace(one, warmup=one.index in (1, 2)) for one in trials]
    found = entry(SPEED, trials)
    assert (found.n, found.value, found.cold) == (2, 20.0, 900.0)


def test_what_does_not_depend_on_warmth_counts_every_trial() -> None:
    """A word error rate is that of every trial, the cold one and the warm-up included."""
    counts = ((1, 10), (0, 10), (2, 20))
    trials = [trial(index, ratio("asr", "errors", *count), warmup=index == 1) for index, count in enumerate(counts)]
    found = entry(ERRORS, trials)
    assert (found.n, found.numerator, found.denominator, found.value, found.cold) == (3, 3, 40, 0.075, None)


def test_ratio_is_sum_over_sum() -> None:
    """The figure is sum / sum; mean and median of the ratios stand beside it under their own names."""
    pairs = ((5.0, 5.0), (1.0, 2.0), (1.0, 8.0), (3.0, 30.0))
    found = entry(SHARE, [trial(index, ratio("asr", "share", *pair)) for index, pair in enumerate(pairs)])
    assert (found.numerator, found.denominator, found.value) == (5.0, 40.0, 0.125)
    assert found.mean == pytest.approx((0.5 + 0.125 + 0.1) / 3)
    assert (found.median, found.min, found.max) == (0.125, 0.1, 0.5)
    assert found.interval == ratio_interval([1.0, 1.0, 3.0], [2.0, 8.0, 30.0])
    assert (found.n, found.cold) == (3, 1.0)


def test_interval_of_a_ratio_over_a_corpus_draws_utterances() -> None:
    """Trials of one utterance are alike: from three utterances on these are drawn, as in the table of real time."""
    pairs = {"a": (1.0, 2.0), "b": (1.0, 8.0), "c": (3.0, 30.0)}
    heard = [("a", (5.0, 5.0)), *pairs.items(), *pairs.items()]
    trials = [trial(index, ratio("asr", "share", *pair)) for index, (_, pair) in enumerate(heard)]
    named = [replace(one, utterance=stored.utterance(id=name)) for one, (name, _) in zip(trials, heard, strict=True)]
    found, one_sentence = entry(SHARE, named), entry(SHARE, trials)
    assert found.value == one_sentence.value == 10 / 80
    assert (found.interval_over, found.units, found.n) == ("utterances", 3, 6)
    assert found.interval == ratio_interval([2.0, 2.0, 6.0], [4.0, 16.0, 60.0])
    assert (one_sentence.interval_over, one_sentence.units) == ("trials", 6)


def test_ratio_of_two_trials_has_no_interval() -> None:
    """Two steady trials have a figure and no interval."""
    found = entry(SHARE, [trial(index, ratio("asr", "share", 1, 2)) for index in range(3)])
    assert (found.n, found.value, found.interval) == (2, 0.5, None)


def test_declaration_is_carried_along() -> None:
    """An entry says what its metric is, so that it can be read without the plugin."""
    found = entry(SHARE, [])
    assert (found.scope, found.metric, found.kind, found.unit) == ("asr", "share", Kind.RATIO, "1")
    assert (found.better, found.format, found.main, found.description) == ("lower", ".1%", False, "a ratio")


@pytest.mark.parametrize(
    ("trials", "reason", "cold"),
    [
        ([], "no trial was completed", None),
        ([stored.failed(0)], "no trial was completed", None),
        (speeds(7.0), "only the cold first trial has a value", 7.0),
        (speeds(7.0, None), "only the cold first trial has a value", 7.0),
        (speeds(None, None), "none in 1", None),
        ([stored.trial(0), stored.trial(1)], "nothing was measured", None),
    ],
    ids=["no trial", "all failed", "one trial", "cold alone", "absent", "never measured"],
)
def test_null_reason(trials: list[Trial], reason: str, cold: float | None) -> None:
    """Where there is no figure there is a reason; the cold trial's own value stays."""
    found = entry(SPEED, trials)
    assert (found.value, found.n, found.null_reason, found.cold) == (None, 0, reason, cold)


def test_absent_in_some_trials() -> None:
    """A trial without a value is not in n, and no reason is given where there is a figure."""
    found = entry(SPEED, speeds(9.0, 1.0, None, 3.0))
    assert (found.n, found.value, found.null_reason) == (2, 2.0, None)


def test_failed_cold_trial() -> None:
    """Where the cold trial failed, there is no cold value; the next trial is not made one."""
    trials = speeds(900.0, 1.0, 3.0)
    trials[0] = replace(trials[0], outcome=Outcome("error"))
    found = entry(SPEED, trials)
    assert (found.n, found.value, found.cold) == (2, 2.0, None)


def points(values: Sequence[float], workers: Sequence[int]) -> list[Trial]:
    """Return a trial for each value of the trend, each served by one process."""
    return [
        trial(index, sample("memory", GROWTH, value), worker=worker)
        for index, (value, worker) in enumerate(zip(values, workers, strict=True))
    ]


def test_trend() -> None:
    """The figure is the slope, the cold trial left out."""
    found = entry(TREND, points([50.0, 10.0, 10.5, 11.0, 11.5], [0] * 5), "memory")
    assert (found.n, found.value, found.interval, found.null_reason) == (4, 0.5, None, None)


def test_trend_with_an_interval() -> None:
    """From five points on there is one; that of a line has no width."""
    found = entry(TREND, points([50.0, 10.0, 10.5, 11.0, 11.5, 12.0], [0] * 6), "memory")
    assert (found.n, found.value) == (5, 0.5)
    assert found.interval == pytest.approx((0.5, 0.5))


def test_trend_over_the_longest_stretch_in_one_process() -> None:
    """A worker that was replaced begins anew: the slope is of the longest stretch, never across two processes."""
    trials = points([0.0, 100.0, 101.0, 102.0, 40.0, 42.0, 44.0, 46.0, 9.0], [0, 0, 0, 0, 1, 1, 1, 1, 2])
    found = entry(TREND, trials, "memory")
    assert (found.n, found.value) == (4, 2.0)


def test_trend_over_a_gap() -> None:
    """A trial without a point leaves a gap, and the trials after it keep their numbers."""
    trials = points([0.0, 1.0, 2.0, 3.0, 5.0, 6.0], [0] * 6)
    trials[4] = trial(4, absent("memory", GROWTH, "nothing was read"))
    found = entry(TREND, [*trials[:5], replace(trials[5], measurements=(sample("memory", GROWTH, 5.0),))], "memory")
    assert (found.n, found.value) == (4, 1.0)


@pytest.mark.parametrize(
    ("workers", "n"), [([0, 0, 0], 2), ([0, 1, 2], 1), ([0, 1, 1, 2, 2], 2)], ids=["short", "a worker each", "two each"]
)
def test_trend_of_too_few_points(workers: list[int], n: int) -> None:
    """Two points in one process make no slope."""
    found = entry(TREND, points([1.0] * len(workers), workers), "memory")
    assert (found.n, found.value) == (n, None)
    are = "is" if n == 1 else "are"
    assert found.null_reason == f"a slope needs 3 points in one process, there {are} {n}"


@pytest.mark.parametrize("count", [1, 3, 6])
def test_trend_has_no_cold_value(count: int) -> None:
    """The first trial's memory is no slope, and does not stand where one is looked for."""
    found = entry(TREND, points([100.0 + index for index in range(count)], [0] * count), "memory")
    assert found.cold is None


def texts(*values: str, utterances: Sequence[str] = ()) -> list[Trial]:
    """Return a trial for each transcript, of one utterance or of those that are named."""
    names = utterances or ["jfk"] * len(values)
    return [
        trial(index, constant("asr", "text", text), utterance=stored.utterance(id=name))
        for index, (text, name) in enumerate(zip(values, names, strict=True))
    ]


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        (texts("a b"), "unchanged"),
        (texts("a b", "a b", "a b"), "unchanged"),
        (texts("a", "a", "b", "c"), "differs first in trial 2 (iteration 2, jfk): word 1 'a' -> 'b'"),
        (texts("a", "b", "a", "b", utterances=["one", "two", "one", "two"]), "unchanged"),
        (
            texts("a", "b", "a", "c", utterances=["one", "two", "one", "two"]),
            "differs first in trial 3 (iteration 3, two): word 1 'b' -> 'c'",
        ),
        (texts("", ""), "unchanged"),
        (texts("", "a"), "differs first in trial 1 (iteration 1, jfk): word 1 'a' was not there"),
    ],
)
def test_constancy(trials: list[Trial], expected: str) -> None:
    """Each utterance's text is that of its first trial, the cold one too; the first difference is said."""
    found = entry(TEXT, trials)
    assert (found.text, found.value, found.null_reason, found.n) == (expected, None, None, len(trials))


def test_each_leg_has_a_cold_trial_and_a_series_of_its_own() -> None:
    """The cold figure is their median, none of them is in the median; a trend is of one leg, without its first."""
    values = [replace(one, leg=int(one.index > 2), cold=one.index in (0, 3)) for one in speeds(9, 1, 2, 5, 3)]
    found = metric_summary(SPEED, "asr", Measured(values))
    assert (found.cold, found.n, found.value) == (7.0, 3, 2.0)
    points = [10.0, 11.0, 12.0, 50.0, 70.0, 72.0, 74.0, 76.0]
    growing = [trial(index, sample("memory", GROWTH, value), leg=int(index > 2)) for index, value in enumerate(points)]
    trend = metric_summary(TREND, "memory", Measured(growing))
    assert (trend.n, trend.value) == (4, 2.0)
