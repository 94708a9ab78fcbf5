from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.comparison.change import Change, Figure, change_of, verdict_on
from harness.analysis.comparison.comparability import Side
from harness.metrics import Kind, Measurement, Metric, constant, ratio
from harness.records import ProbeRecord
from tests import stored
from tests.analysis import made
from tests.analysis.comparison.pairs import heard, sampled, side

FAST = [100.0, 101.0, 102.0, 103.0, 104.0]
SLOW = [110.0, 111.0, 112.0, 113.0, 114.0]
OVERHEAD = Metric(name="net_overhead_mib", unit="MiB", description="a difference of readings")
ERRORS = Metric(name="wer", unit="edits/word", kind=Kind.RATIO, format=".2%", cold_apart=False, description="WER")
TEXT = Metric(
    name="transcript", unit="text", kind=Kind.CONSTANCY, better="neither", cold_apart=False, description="text"
)
RATE = Metric(name="rtf", unit="s/s", kind=Kind.RATIO, description="a ratio")


def compared(metric: Metric, a: Sequence[float], b: Sequence[float]) -> Change:
    """Return the change of one metric of one utterance, and nothing else that was tested."""
    ours, theirs = (sampled(name, metric, {"jfk": values}) for name, values in (("a", a), ("b", b)))
    change = change_of(f"asr.{metric.name}", ours, theirs, metric, metric)
    return change if change.p is None else verdict_on(change, change.p, 1)


def rated(name: str, metric: Metric, rows: Sequence[tuple[float, float]], repeats: int = 1) -> Side:
    """Return a run of several utterances, each with numerator and denominator, each so many times."""
    trials = [
        heard(repeat * len(rows) + number, ratio("asr", metric.name, *row), utterance=f"u{number}")
        for repeat in range(repeats)
        for number, row in enumerate(rows)
    ]
    return side(name, [metric], trials)


def test_slower() -> None:
    """Separated trials of one utterance: the ratio of medians, Mann and Whitney's exact p, the word."""
    change = compared(made.SPEED, FAST, SLOW)
    assert (change.a.value, change.b.value, change.scale, change.change) == (102.0, 112.0, "ratio", 112 / 102)
    assert (change.test, change.word, change.worse, change.shown) == ("Mann-Whitney", "slower", True, True)
    assert change.p == change.smallest_p == pytest.approx(2 / 252)
    assert change.interval is not None
    assert 1.0 < change.interval[0] < 112 / 102 < change.interval[1] < 1.15
    assert change.relative == pytest.approx(10 / 102)
    assert (change.needed, change.note) == (None, None)


def test_faster_is_not_worse() -> None:
    """The other way round it is the other word, and nobody is hurt."""
    change = compared(made.SPEED, SLOW, FAST)
    assert (change.word, change.worse) == ("faster", False)


def test_no_difference_shown() -> None:
    """Trials that lie among each other show nothing, which is not to say that they are equal."""
    change = compared(made.SPEED, FAST, [99.0, 101.5, 102.5, 103.5, 103.0])
    assert (change.word, change.worse, change.shown) == ("no difference shown", False, False)


def test_the_correction_decides() -> None:
    """The same p is too large beside ten other tests; too few trials are then said, with how many would do."""
    a, b = sampled("a", made.SPEED, {"jfk": FAST[:4]}), sampled("b", made.SPEED, {"jfk": SLOW[:4]})
    change = change_of("asr.speed_ms", a, b, made.SPEED, made.SPEED)
    assert verdict_on(change, 2 / 70, 1).word == "slower"
    judged = verdict_on(change, 20 / 70, 10)
    assert (judged.word, judged.needed) == ("no difference shown", "6 steady trials each")


def test_both_p_and_interval_have_to_say_so() -> None:
    """An interval that holds 1 shows nothing whatever the p, and so does no interval."""
    change = compared(made.SPEED, FAST, SLOW)
    assert verdict_on(replace(change, interval=(1.0, 1.2)), 0.001, 1).word == "no difference shown"
    assert verdict_on(replace(change, interval=None), 0.001, 1).word == "no difference shown"
    assert verdict_on(change, 0.0501, 1).word == "no difference shown"


def test_figures_are_those_of_the_report() -> None:
    """Value and interval are the summary's, so that two reports and their comparison print the same."""
    a = sampled("a", made.SPEED, {"jfk": FAST})
    change = change_of("asr.speed_ms", a, a, made.SPEED, made.SPEED)
    entry = a.metrics["asr.speed_ms"]
    assert change.a == Figure(entry.value, entry.interval, 5)


def test_values_that_are_all_the_same_are_not_tested() -> None:
    """One value in every trial of both runs needs no test and costs the others nothing."""
    change = compared(made.SPEED, [5.0] * 4, [5.0] * 6)
    assert (change.word, change.p, change.change) == ("no difference shown", None, 1.0)
    assert change.note == "every trial of both runs has the same value"


def test_zeros_everywhere() -> None:
    """All zero is a difference of nothing."""
    change = compared(OVERHEAD, [0.0] * 3, [0.0] * 3)
    assert (change.scale, change.change, change.relative, change.word) == (
        "difference",
        0.0,
        0.0,
        "no difference shown",
    )


def test_deterministic_memory_that_differs_is_shown() -> None:
    """Equal values in each run and others in the other: no width, smallest p."""
    change = compared(OVERHEAD, [2.0] * 5, [3.0] * 5)
    assert (change.interval, change.word, change.worse) == ((1.5, 1.5), "more", True)


def test_negative_values_are_compared_by_difference() -> None:
    """A net overhead below zero has no ratio: the difference counts, against A's size."""
    change = compared(OVERHEAD, [-4.0, -4.1, -3.9, -4.2, -3.8], [1.0, 1.1, 0.9, 1.2, 0.8])
    assert (change.scale, change.change, change.word) == ("difference", 5.0, "more")
    assert change.relative == 1.25
    assert change.interval is not None
    assert change.interval[0] > 4.5


def test_against_zero_any_change_is_infinite() -> None:
    """What was nothing and is something cannot be told as a share."""
    change = compared(OVERHEAD, [0.0] * 5, [1.0] * 5)
    assert (change.relative, change.word) == (float("inf"), "more")


def test_two_trials_show_nothing_and_say_so() -> None:
    """No interval, a p of a third at best, and how many would do."""
    change = compared(made.SPEED, FAST[:2], SLOW[:2])
    assert (change.interval, change.word, change.needed) == (None, "no difference shown", "4 steady trials each")
    assert change.smallest_p == pytest.approx(1 / 3)


def test_a_ratio_metric_is_sum_by_sum() -> None:
    """An RTF's change is that of sum / sum; its trials are tested by their own."""
    a, b = (rated(name, RATE, [(value, 10.0)], 5) for name, value in (("a", 2.5), ("b", 5.0)))
    change = change_of("asr.rtf", a, b, RATE, RATE)
    assert (change.a.value, change.b.value, change.change, change.test) == (0.25, 0.5, 2.0, "Mann-Whitney")


def test_several_utterances_are_tested_within_each() -> None:
    """Utterances of very different length: what each gains is not lost in what lies between them."""
    rows = {f"u{number}": [100.0 * 3**number + step for step in range(4)] for number in range(4)}
    slower = {name: [value * 1.06 for value in row] for name, row in rows.items()}
    change = change_of(
        "asr.speed_ms", sampled("a", made.SPEED, rows), sampled("b", made.SPEED, slower), made.SPEED, made.SPEED
    )
    assert (change.test, change.scale) == ("aligned ranks", "ratio")
    assert change.p is not None
    assert change.p < 0.001
    assert verdict_on(change, change.p, 1).word == "slower"


@pytest.mark.parametrize(("count", "needed"), [(4, "6 utterances"), (6, None)])
def test_one_trial_of_each_utterance_is_a_paired_test(count: int, needed: str | None) -> None:
    """Below six pairs nothing can be shown, and the line asks for utterances, not for trials."""
    rows = {f"u{number}": [100.0 * 2**number] for number in range(count)}
    slower = {name: [value * 1.5 for value in row] for name, row in rows.items()}
    change = change_of(
        "asr.speed_ms", sampled("a", made.SPEED, rows), sampled("b", made.SPEED, slower), made.SPEED, made.SPEED
    )
    assert change.test == "paired ranks"
    assert change.p is not None
    judged = verdict_on(change, change.p, 1)
    assert (judged.word, judged.needed) == ("no difference shown" if needed else "slower", needed)


def test_an_error_rate_is_tested_over_utterances() -> None:
    """From six utterances on trials of the same audio count as one: repeats make no p smaller."""
    a = [(float(1 + number % 3), 20.0) for number in range(12)]
    b = [(errors + 1 + number % 2, words) for number, (errors, words) in enumerate(a)]
    once = change_of("asr.wer", rated("a", ERRORS, a), rated("b", ERRORS, b), ERRORS, ERRORS)
    often = change_of("asr.wer", rated("a", ERRORS, a, 50), rated("b", ERRORS, b, 50), ERRORS, ERRORS)
    assert once.test == "paired bootstrap"
    assert once.change == pytest.approx(42 / 24)
    assert often.p == once.p
    assert often.interval == pytest.approx(once.interval)
    assert once.p is not None
    assert verdict_on(once, once.p, 1).word == "worse"
    assert once.note is None
    assert once.paired is not None
    assert once.paired.difference == pytest.approx(18 / 240)
    assert (once.paired.b_better, once.paired.units) == (0.0, 12)


def test_an_error_rate_of_few_utterances_says_so() -> None:
    """The same audio again and again shows that the answer changed, and nothing about other audio."""
    a, b = (rated(name, ERRORS, [(errors, 20.0)], 5) for name, errors in (("a", 2.0), ("b", 3.0)))
    change = change_of("asr.wer", a, b, ERRORS, ERRORS)
    assert change.note == "of 1 utterance: it says nothing about other audio"
    assert change.p is not None
    assert verdict_on(change, change.p, 1).word == "worse"


def test_utterances_of_one_run_alone_are_in_neither_figure() -> None:
    """The figures are of the utterances that both have, with their own count."""
    a = sampled("a", made.SPEED, {"x": FAST, "only": [9000.0] * 5})
    b = sampled("b", made.SPEED, {"x": SLOW})
    change = change_of("asr.speed_ms", a, b, made.SPEED, made.SPEED)
    assert (change.a.value, change.a.n, change.b.value, change.b.n) == (102.0, 5, 112.0, 5)


def test_a_metric_without_a_value_says_why() -> None:
    """No value on one side is no comparison, and the side has the reason."""
    a, b = sampled("a", made.SPEED, {"jfk": FAST}), side("b", [made.SPEED], made.speeds(1.0, None))
    change = change_of("asr.speed_ms", a, b, made.SPEED, made.SPEED)
    assert (change.word, change.a.reason, change.b.reason) == (
        "not compared",
        None,
        "only the cold first trial has a value",
    )
    assert (change.shown, change.relative) == (False, None)


def test_a_metric_of_one_run_alone() -> None:
    """A probe that only one run had leaves nothing to compare with."""
    a = sampled("a", made.SPEED, {"jfk": FAST})
    change = change_of("asr.speed_ms", a, side("b", [], [heard(0)]), made.SPEED, None)
    assert (change.word, change.b.reason) == ("not compared", "no probe of this run reports it")


def test_a_metric_that_became_another() -> None:
    """A figure in another unit, or of a probe with other options, is another figure."""
    a, b = sampled("a", made.SPEED, {"jfk": FAST}), sampled("b", made.SPEED, {"jfk": SLOW})
    other = replace(made.SPEED, unit="s")
    change = change_of("asr.speed_ms", a, b, made.SPEED, other)
    assert (change.word, change.note) == ("not compared", "its unit is ms in A and s in B")
    probe = ProbeRecord(name="made", origin="here", options={"normalizer": "none"}, metrics=(made.SPEED,))
    b = replace(b, run=replace(b.run, probes=(probe,)))
    change = change_of("asr.speed_ms", a, b, made.SPEED, made.SPEED)
    assert change.note == "its probe had normalizer=None in A and normalizer=none in B"


def test_another_normaliser_is_no_comparison() -> None:
    """The line has the command that scores A as B was; of another version of it, the older run."""
    older, newer = "2026-01-01T00:00:00.000+00:00", "2026-02-01T00:00:00.000+00:00"

    def scored(name: str, at: str, **options: str) -> Side:
        one = rated(name, ERRORS, [(1.0, 20.0)])
        probe = ProbeRecord(name="made", origin="here", options=options, metrics=(ERRORS,))
        return replace(one, run=replace(one.run, probes=(probe,), started_at=at))

    a, b = scored("runs/a b", newer, normalizer="basic"), scored("runs/b", older, normalizer="whisper")
    change = change_of("asr.wer", a, b, ERRORS, ERRORS)
    assert (change.word, change.paired) == ("not compared", None)
    assert change.note == (
        "its probe had normalizer=basic in A and normalizer=whisper in B; python -m harness rescore 'runs/a b' "
        "normalizer=whisper makes runs/a b/rescored/whisper, which can be compared"
    )
    b = scored("runs/b", older, normalizer="basic", normalizer_version="0")
    change = change_of("asr.wer", a, b, ERRORS, ERRORS)
    assert change.note == (
        "its probe had normalizer_version=None in A and normalizer_version=0 in B; python -m harness rescore runs/b "
        "normalizer=basic makes runs/b/rescored/basic, which can be compared"
    )


def grown(name: str, values: Sequence[float]) -> Side:
    """Return a run in which memory is so much after each iteration."""
    trials = [
        made.trial(index, Measurement("memory", made.TREND.name, value=value)) for index, value in enumerate(values)
    ]
    return side(name, [made.TREND], trials)


def test_trends_are_compared_by_difference() -> None:
    """Two slopes without noise: their difference is exact."""
    a, b = grown("a", [float(index) for index in range(12)]), grown("b", [3.0 * index for index in range(12)])
    change = change_of(f"memory.{made.TREND.name}", a, b, made.TREND, made.TREND)
    assert (change.a.value, change.b.value, change.scale, change.change) == (1.0, 3.0, "difference", 2.0)
    assert change.interval == pytest.approx((2.0, 2.0))
    assert change.p == pytest.approx(0.0, abs=1e-9)
    assert verdict_on(change, 0.0, 1).word == "more"


def test_trends_of_noise_show_nothing() -> None:
    """The interval of the difference is made of both, at the ends that face each other."""
    a, b = (
        grown(name, [0.1 * (index * 7 % 5) for index in range(start, start + 15)])
        for name, start in (("a", 0), ("b", 2))
    )
    change = change_of(f"memory.{made.TREND.name}", a, b, made.TREND, made.TREND)
    assert a.metrics.keys() == b.metrics.keys()
    ours, theirs = change.a, change.b
    assert ours.value is not None
    assert theirs.value is not None
    assert ours.interval is not None
    assert theirs.interval is not None
    low = (theirs.value - ours.value) - (
        (theirs.value - theirs.interval[0]) ** 2 + (ours.interval[1] - ours.value) ** 2
    ) ** 0.5
    assert change.interval is not None
    assert change.interval[0] == pytest.approx(low)
    assert change.p is not None
    assert change.p > 0.05


def test_a_short_trend_has_no_interval() -> None:
    """Fewer than five iterations have a slope and nothing to test it by."""
    a = grown("a", [1.0, 2.0, 3.0, 4.0])
    change = change_of(f"memory.{made.TREND.name}", a, a, made.TREND, made.TREND)
    assert (change.word, change.p, change.change) == ("not compared", None, 0.0)
    assert change.note == "a slope of fewer than 5 iterations has no interval"


def test_blocks_have_no_trend() -> None:
    """Each block is a process of its own, so that there is no series over all of them."""
    a = replace(grown("a", [float(index) for index in range(12)]), blocks=2, metrics={})
    change = change_of(f"memory.{made.TREND.name}", a, a, made.TREND, made.TREND)
    assert (change.word, change.a.reason) == ("not compared", "measured in 2 blocks, which are processes of their own")


def test_texts() -> None:
    """The same text is said to be the same; another one names the first utterance, and is no test."""
    a = side("a", [TEXT], [heard(0, constant("asr", "transcript", "and so")), heard(1, utterance="silent")])
    b = side("b", [TEXT], [heard(0, constant("asr", "transcript", "and no"))])
    same = change_of("asr.transcript", a, a, TEXT, TEXT)
    other = change_of("asr.transcript", a, b, TEXT, TEXT)
    nothing = change_of("asr.transcript", a, side("b", [TEXT], [heard(0)]), TEXT, TEXT)
    assert (same.word, same.shown, same.p) == ("same text", False, None)
    assert (other.word, other.shown, other.worse) == ("other text", True, False)
    assert other.note == "in 1 of 1 utterances, first in jfk: word 2 'so' -> 'no'"
    assert (nothing.word, nothing.b.reason) == ("not compared", "nothing was measured")


def test_a_failed_calculation_is_an_error() -> None:
    """What cannot be computed is raised and gets no word."""
    with pytest.raises(ArithmeticError):
        compared(made.SPEED, FAST, [1.0, 2.0, float("nan")])


def test_made_by_hand_as_by_the_probes() -> None:
    """The hand-made run of the reports, with itself: every main metric has a word."""
    run, trials = stored.run(), stored.trials()
    whole = Side("a", run, None, trials, {})
    latency = next(one for probe in run.probes for one in probe.metrics if one.name == "latency_ms")
    change = change_of("asr.latency_ms", whole, whole, latency, latency)
    assert (change.a.value, change.a.n, change.word) == (2000.0, 2, "no difference shown")
