from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.comparison import pairing as under_test
from harness.analysis.comparison.pairing import Pairing
from harness.analysis.metric_summary import Measured
from harness.metrics import Kind, Measurement, Metric, absent, ratio, sample
from harness.records import Trial
from tests.analysis import made
from tests.analysis.comparison.pairs import heard, pairs

RATE = Metric(name="rate", unit="s/s", kind=Kind.RATIO, description="a ratio")
ERRORS = Metric(name="wer", unit="edits/word", kind=Kind.RATIO, cold_apart=False, description="an error rate")


def speed(value: float) -> Measurement:
    """Return a speed of the ASR."""
    return sample("asr", "speed_ms", value)


def pairing(metric: Metric, scope: str, a: Sequence[Trial], b: Sequence[Trial]) -> Pairing | None:
    """Return the pairing of completed trials."""
    return under_test.pairing(metric, scope, Measured(a), Measured(b))


def rows(found: Pairing | None) -> tuple[list[float], list[int], list[float], list[int]]:
    """Return values and groups of both runs."""
    assert found is not None
    return (found.a.each.tolist(), found.a.groups.tolist(), found.b.each.tolist(), found.b.groups.tolist())


def test_values_are_sorted_by_utterance() -> None:
    """Each run's values lie by utterance, in the order of the first run."""
    a = [heard(0, speed(1.0), utterance="x"), heard(1, speed(2.0), utterance="y"), heard(2, speed(3.0), utterance="x")]
    b = [heard(0, speed(4.0), utterance="y"), heard(1, speed(5.0), utterance="x")]
    found = pairing(made.SPEED, "asr", a, b)
    assert rows(found) == ([1.0, 3.0, 2.0], [0, 0, 1], [5.0, 4.0], [0, 1])
    assert found is not None
    assert (found.utterances, found.left_out) == (("x", "y"), ())


def test_a_ratio_keeps_its_parts() -> None:
    """Numerator and denominator stay apart; the trial's own number is their quotient."""
    found = pairing(RATE, "asr", [heard(0, ratio("asr", "rate", 3.0, 4.0))], [heard(0, ratio("asr", "rate", 1.0, 2.0))])
    assert found is not None
    assert (found.a.above.tolist(), found.a.below.tolist(), found.a.each.tolist()) == ([3.0], [4.0], [0.75])


def test_what_counts_in_no_figure_counts_in_no_comparison() -> None:
    """Cold, warm-up, absent and other scopes' values are left out."""
    trials = [
        heard(0, speed(1.0), cold=True),
        heard(1, speed(2.0), warmup=True),
        heard(3, absent("asr", "speed_ms", "none")),
        heard(4, sample("aligner", "speed_ms", 4.0)),
        heard(5, speed(5.0)),
    ]
    assert rows(pairing(made.SPEED, "asr", trials, trials)) == ([5.0], [0], [5.0], [0])


def test_what_does_not_depend_on_warmth_counts_every_trial() -> None:
    """An error rate of the cold trial is one like any other."""
    trials = [heard(0, ratio("asr", "wer", 1.0, 5.0), cold=True), heard(1, ratio("asr", "wer", 2.0, 5.0), warmup=True)]
    assert rows(pairing(ERRORS, "asr", trials, trials))[0] == [0.2, 0.4]


def test_an_utterance_of_one_run_alone_is_left_out() -> None:
    """What only one run has a value for is in neither, and is named."""
    a = [heard(0, speed(1.0), utterance="x"), heard(1, speed(9.0), utterance="only")]
    found = pairing(made.SPEED, "asr", a, a[:1])
    assert rows(found) == ([1.0], [0], [1.0], [0])
    assert found is not None
    assert found.left_out == ("only",)


def test_no_utterance_in_both_is_no_pairing() -> None:
    """Where nothing is common there is nothing to compare."""
    a = [heard(0, speed(1.0), utterance="x")]
    assert pairing(made.SPEED, "asr", a, [replace(a[0], measurements=())]) is None


def test_constant_and_positive() -> None:
    """One value in both runs is constant; a zero or less makes a ratio meaningless."""
    assert pairs([[2.0, 2.0]], [[2.0]]).constant
    assert not pairs([[2.0, 2.0]], [[3.0]]).constant
    assert pairs([[2.0]], [[0.1]]).positive
    assert not pairs([[2.0]], [[0.0]]).positive
    assert not pairs([[-2.0]], [[1.0]]).positive
