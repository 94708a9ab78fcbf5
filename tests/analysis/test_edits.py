from dataclasses import replace

import pytest

from harness.analysis.edits import HeardWord, heard, marked_words
from harness.analysis.marked_text import Edit
from harness.normalizer import basic, none
from harness.records import Trial, Visit, Word
from tests import stored


def spoken(text: str) -> list[Word]:
    """Return words of 80 ms, each 100 ms after the one before."""
    return [Word(word, 100.0 * number, 100.0 * number + 80.0) for number, word in enumerate(text.split())]


def edits(timed: str, other: str, *, timed_is_said: bool = False) -> list[tuple[str, Edit, str]]:
    """Return text, edit and the other text's word of each word."""
    found = marked_words(spoken(timed), other, basic, timed_is_said=timed_is_said)
    return [(word.text, word.edit, word.other) for word in found]


def test_substitution() -> None:
    """The wrong word has what was said; the others are right, whatever their case and punctuation."""
    assert edits("And so, my yellow americans", "and so my fellow Americans") == [
        ("And", "none", ""),
        ("so,", "none", ""),
        ("my", "none", ""),
        ("yellow", "substitution", "fellow"),
        ("americans", "none", ""),
    ]


def test_insertion_and_deletion() -> None:
    """A word too many is marked; one that is missing stands between its neighbours."""
    assert edits("and and so americans", "and so my fellow americans") == [
        ("and", "none", ""),
        ("and", "insertion", ""),
        ("so", "none", ""),
        ("my fellow", "deletion", ""),
        ("americans", "none", ""),
    ]


def test_times_of_what_has_none() -> None:
    """Before the first word, between two, and behind the last: in the middle of what is free there, without length."""
    found = marked_words(spoken("b d"), "a b c d e", none)
    assert [(word.text, word.start_s, word.end_s) for word in found] == [
        ("a", 0.0, 0.0),
        ("b", 0.0, 0.08),
        ("c", pytest.approx(0.09), pytest.approx(0.09)),
        ("d", 0.1, 0.18),
        ("e", 0.18, 0.18),
    ]


def test_times_of_what_was_said() -> None:
    """Where the aligner had the reference, a word that was not written has times, and an invented one has none."""
    assert edits("and so my fellow", "and so my fellow dear", timed_is_said=True)[-1] == ("dear", "insertion", "")
    assert edits("and so my fellow", "and my yellow", timed_is_said=True) == [
        ("and", "none", ""),
        ("so", "deletion", ""),
        ("my", "none", ""),
        ("fellow", "substitution", "yellow"),
    ]


def test_word_of_several() -> None:
    """What normalises to two words is wrong where one of them is; what normalises to none is right."""
    assert edits("well-known - man", "well none man") == [
        ("well-known", "substitution", "none"),
        ("-", "none", ""),
        ("man", "none", ""),
    ]


@pytest.mark.parametrize(("timed_is_said", "edit"), [(False, "insertion"), (True, "deletion")])
def test_nothing_to_compare_with(timed_is_said: bool, edit: Edit) -> None:
    """Against an empty text every word is wrong."""
    assert [word.edit for word in marked_words(spoken("a b"), "", none, timed_is_said=timed_is_said)] == [edit, edit]


def changed(trial: Trial, **visit: object) -> Trial:
    """Return a trial with a change in its aligner's visit."""
    first, last = trial.visits
    return replace(trial, visits=(first, replace(last, **visit)))  # type: ignore[arg-type]


def test_heard() -> None:
    """The aligner's words, compared with the reference by the normaliser that the run's WER is of."""
    found = heard(stored.run(), stored.trial())
    assert found is not None
    assert (found.stage, found.text_is, found.wrong_places, found.unknown) == ("aligner", "written", 1, "")
    assert found.words[3] == HeardWord("yellow", 0.9605, 1.2, "substitution", "fellow")


def test_heard_by_an_aligner_of_the_reference() -> None:
    """Its words are what was said, and the transcript is the other text."""
    said = tuple(replace(word, text="fellow" if word.text == "yellow" else word.text) for word in stored.WORDS)
    found = heard(stored.run(), changed(stored.trial(), text_from="reference", words=said))
    assert found is not None
    assert (found.text_is, found.words[3].text, found.words[3].other) == ("said", "fellow", "yellow")


def test_heard_without_a_reference() -> None:
    """The words are there, and why no edit is known."""
    utterance = stored.utterance(reference=None, no_reference="no transcript was named")
    found = heard(stored.run(), stored.trial(utterance=utterance))
    assert found is not None
    assert (len(found.words), found.wrong_places, found.unknown) == (5, 0, "no transcript was named")


def test_heard_by_the_asr_alone() -> None:
    """An ASR that gives times itself is shown where there is no aligner; without any times there is nothing."""
    asr: Visit = stored.asr_visit()
    assert heard(stored.run(), stored.trial(visits=(asr,))) is None
    found = heard(stored.run(), stored.trial(visits=(replace(asr, words=stored.WORDS),)))
    assert found is not None
    assert (found.stage, found.wrong_places) == ("asr", 1)
