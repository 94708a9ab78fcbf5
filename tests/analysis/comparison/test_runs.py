from dataclasses import replace

import pytest

from harness.analysis.comparison.comparability import Side
from harness.analysis.comparison.runs import chosen, compare_runs, judged
from harness.errors import ConfigError, StoreError
from harness.metrics import Measurement, Metric, sample
from harness.records import Outcome
from tests import stored
from tests.analysis import corpora
from tests.analysis.comparison.pairs import heard, side
from tests.over_machines import ON_ALPHA, ON_BETA, ON_GAMMA

MAIN = Metric(name="main_ms", unit="ms", main=True, description="a main one")
OTHER = Metric(name="other_ms", unit="ms", description="another")
KNOWN = {"asr.main_ms": MAIN, "asr.other_ms": OTHER, "aligner.main_ms": MAIN}
FAST, SLOW = [100.0, 101.0, 102.0, 103.0, 104.0], [110.0, 111.0, 112.0, 113.0, 114.0]


def both(name: str, values: list[float], others: list[float]) -> Side:
    """Return a run with values of two metrics."""
    trials = [
        heard(index, sample("asr", "main_ms", value), Measurement("asr", "other_ms", value=other))
        for index, (value, other) in enumerate(zip(values, others, strict=True))
    ]
    return side(name, [MAIN, OTHER], trials)


def test_the_main_metrics_are_compared() -> None:
    """Without a pattern the main ones, in their order; with patterns those, and what was asked for besides."""
    assert chosen(KNOWN, ()) == ["asr.main_ms", "aligner.main_ms"]
    assert chosen(KNOWN, (), ["asr.other_ms"]) == ["asr.main_ms", "asr.other_ms", "aligner.main_ms"]
    assert chosen(KNOWN, ["asr.*"]) == ["asr.main_ms", "asr.other_ms"]
    assert chosen(KNOWN, ["*.other_ms"], ["aligner.*"]) == ["asr.other_ms", "aligner.main_ms"]


@pytest.mark.parametrize("wrong", ["asr.mian_ms", "main_ms", "ASR.main_ms", "", "x.*"])
def test_a_metric_that_does_not_exist(wrong: str) -> None:
    """The line lists what there is, the nearest first."""
    with pytest.raises(
        ConfigError, match=rf"^metric: found '{wrong.replace('*', '[*]')}', expected .*; choose from: "
    ) as refused:
        chosen(KNOWN, [wrong])
    assert set(refused.value.choices) == set(KNOWN)
    with pytest.raises(ConfigError):
        chosen(KNOWN, (), [wrong])


def test_one_correction_for_all_that_is_tested() -> None:
    """Two tests in two sections are four: the smallest p counts four times."""
    a, b = both("a", FAST, FAST), both("b", SLOW, FAST[::-1])
    section = compare_runs("x", a, b, ["asr.*"])
    found = judged("a", "b", [section, section], ["a note"])
    first = found.sections[0].changes
    assert (found.tests, found.notes, [change.word for change in first]) == (
        4,
        ("a note",),
        ["slower", "no difference shown"],
    )
    assert first[0].p_corrected == pytest.approx(4 * 2 / 252)
    assert first[1].p_corrected == 1.0


def test_what_was_not_tested_costs_nothing() -> None:
    """A metric with one value everywhere is not counted."""
    a, b = both("a", FAST, [1.0] * 5), both("b", SLOW, [1.0] * 5)
    found = judged("a", "b", [compare_runs("", a, b, ["asr.*"])])
    assert found.tests == 1
    assert found.sections[0].changes[0].p_corrected == pytest.approx(2 / 252)


def test_a_metric_of_a_stage_without_values() -> None:
    """The aligner has no value in either run: it is named and not compared."""
    a = both("a", FAST, FAST)
    change = compare_runs("", a, a).changes[1]
    assert (change.name, change.word, change.a.reason) == ("aligner.main_ms", "not compared", "nothing was measured")


def test_notes_of_the_runs_and_what_was_left_out() -> None:
    """What was dropped while reading is said, and which utterance one of the runs never completed."""
    a, b = both("a", FAST, FAST), both("b", SLOW, SLOW)
    failed = heard(9, utterance="more", outcome=Outcome("crashed"))
    a = replace(a, trials=(*a.trials, replace(failed, outcome=Outcome())), notes=("torn",))
    b = replace(b, trials=(*b.trials, failed))
    assert compare_runs("", a, b).notes == ("'a': torn", "left out, for 'b' completed no trial of it: more")


def test_runs_that_cannot_be_compared() -> None:
    """The refusal comes before anything is computed."""
    a = both("a", FAST, FAST)
    other = replace(a, name="b", trials=tuple(replace(one, utterance=stored.utterance(id="x")) for one in a.trials))
    with pytest.raises(StoreError, match="the same utterances"):
        compare_runs("", a, other)


def test_the_main_error_rate_of_text_without_spaces() -> None:
    """CER is compared, as it is what the report of either run quotes."""
    for language, main in (("zh", "asr.cer"), ("en", "asr.wer")):
        trials = tuple(corpora.heard(index, "\u4f60\u597d", "\u4f60", language=language) for index in range(2))
        one = Side("a", corpora.run(trials), None, trials, {})
        names = [change.name for change in compare_runs("", one, replace(one, name="b")).changes]
        assert [name for name in names if name.startswith("asr.")] == [main]


def test_two_machines_are_named_and_their_figures_marked() -> None:
    """Beside each figure that they change, in the word and in a note; memory is as ever."""
    a, b = both("a", FAST, FAST), both("b", SLOW, SLOW)
    here, there = replace(a, machines=(ON_ALPHA,)), replace(b, machines=(ON_BETA,))
    section = compare_runs("", here, there, ["asr.*"])
    assert section.notes[-1] == (
        "A ran on alpha, B on beta, which are of one kind: "
        "a difference in asr.main_ms, asr.other_ms may be the machines' own"
    )
    assert [change.said for change in judged("a", "b", [section]).sections[0].changes] == [
        "slower (other machine)",
        "slower (other machine)",
    ]
    pooled = compare_runs("", here, replace(b, machines=(ON_ALPHA, ON_GAMMA)), ["asr.main_ms"])
    assert pooled.notes[-1].startswith("A ran on alpha, B on alpha and gamma: ")
    same = compare_runs("", here, replace(b, machines=(ON_ALPHA,)), ["asr.main_ms"])
    assert (same.notes, same.changes[0].other_machine) == ((), False)
