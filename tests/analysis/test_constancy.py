from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.constancy import (
    TIMED,
    UNCHANGED,
    add_changes,
    constancy,
    differing,
    first_difference,
    first_texts,
    timed_text,
)
from harness.metrics import Measurement, absent, constant
from harness.records import Trial, Word
from tests import stored

ASK = (Word("ask", 80.0, 790.0), Word("not", 790.0, 1062.5))


def said(metric: str, *texts: str | None, utterances: Sequence[str] = ()) -> list[tuple[Trial, Measurement]]:
    """Return what trials gave a metric of the ASR; None is a trial without a text."""
    names = utterances or ["jfk"] * len(texts)
    return [
        (
            stored.trial(index, utterance=stored.utterance(id=name)),
            absent("asr", metric, "nothing") if text is None else constant("asr", metric, text),
        )
        for index, (text, name) in enumerate(zip(texts, names, strict=True))
    ]


def test_timed_text() -> None:
    """A word a line, start and end in milliseconds before it; what separates lines or words is one space."""
    assert timed_text(ASK) == "80 790 ask\n790 1062.5 not"
    assert timed_text([Word(" of\ncourse ", 0.0, 5.0)]) == "0 5 of course"
    assert timed_text([]) == ""


def test_times_late_in_a_recording() -> None:
    """After two hours a word that begins 0.1 ms later has moved, as one at the beginning has."""
    before, after = (timed_text([Word("ask", start, 7_200_320.0)]) for start in (7_200_080.0, 7_200_080.1))
    assert before == "7200080 7200320 ask"
    assert first_difference(before, after, TIMED) == "word 1 'ask' starts 0.1 ms later"


@pytest.mark.parametrize(
    ("expected", "found", "difference"),
    [
        ("and so my", "and so your", "word 3 'my' -> 'your'"),
        ("and so", "and so my", "word 3 'my' was not there"),
        ("and so my", "and", "word 2 'so' is missing"),
        ("", "and", "word 1 'and' was not there"),
        ("and so", "And so", "word 1 'and' -> 'And'"),
        ("and  so", "and so", "the same words, other spaces"),
        ("a" * 60, "b", f"word 1 '{'a' * 39}\N{HORIZONTAL ELLIPSIS}' -> 'b'"),
    ],
)
def test_first_difference(expected: str, found: str, difference: str) -> None:
    """The first word that is not the same, by its place and by what it became; never two long texts."""
    assert first_difference(expected, found) == difference


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ("0 790 ask\n790 1062.5 not", "word 1 'ask' starts 80 ms earlier"),
        ("80 790 ask\n800 1060 not", "word 2 'not' starts 10 ms later and ends 2.5 ms earlier"),
        ("80 790 as\n790 1062.5 not", "word 1 'ask' -> 'as'"),
        ("80 790 ask", "word 2 'not' is missing"),
        ("80 790 ask\n790 1062.5 not\n1100 1200 what", "word 3 'what' was not there"),
        ("else", "word 1 'ask' -> 'else'"),
    ],
)
def test_first_difference_of_times(found: str, difference: str) -> None:
    """Where the word is the same, by how many milliseconds it moved."""
    assert first_difference(timed_text(ASK), found, TIMED) == difference


def test_constancy_is_of_each_utterance() -> None:
    """Two utterances may differ; the trial, the iteration and the utterance of the first change are named."""
    assert constancy(said("transcript", "a", "b", "a", utterances=["one", "two", "one"]), "text") == UNCHANGED
    changed = said("transcript", "a", "b", "a", "c", "d", utterances=["one", "two", "one", "two", "one"])
    assert constancy(changed, "text") == "differs first in trial 3 (iteration 3, two): word 1 'b' -> 'c'"


def test_the_share_that_changed() -> None:
    """Of the trials after an utterance's first; one whose text and times both changed is one trial."""
    names = ["one", "two", "one", "one", "two", "one"]
    texts = said("transcript", "a", "b", "x", "a", "b", None, utterances=names)
    times = said("word_times", "0 1 a", "0 1 b", "0 1 x", "0 2 a", "0 1 b", None, utterances=names)
    found = {("asr", "transcript"): texts, ("asr", "word_times"): times, ("asr", "rtf"): []}
    add_changes(found)
    changed = found["asr", "changed"]
    assert [(trial.index, one.numerator, one.denominator) for trial, one in changed] == [
        (2, 1, 1),
        (3, 1, 1),
        (4, 0, 1),
    ]
    assert set(found) == {("asr", "transcript"), ("asr", "word_times"), ("asr", "rtf"), ("asr", "changed")}


def test_first_texts_of_two_runs() -> None:
    """The first text of each utterance that has one is the run's; only utterances of both can differ."""
    ours = first_texts(said("transcript", None, "a", "b", "x", utterances=["one", "one", "two", "two"]))
    assert ours == {"one": "a", "two": "b"}
    assert differing(ours, {"two": "b", "one": "c"}, "text") == ("one", "word 1 'a' -> 'c'")
    assert differing(ours, {"two": "b", "three": "c"}, "text") is None


def test_a_seam_is_no_reason_for_another_text() -> None:
    """It is told across, with the leg that differs."""
    found = [(replace(trial, leg=trial.index // 2), one) for trial, one in said("transcript", "a b", "a b", "a c")]
    assert constancy(found, "text") == "differs first in trial 2 (iteration 2, jfk, leg 1): word 2 'b' -> 'c'"
