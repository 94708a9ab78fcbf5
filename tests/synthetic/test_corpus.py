"""Whole corpora, sentence by sentence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ConfigError, InputError
from harness.synthetic.corpus import Shape, lines_of, shuffled_corpus, told_corpus
from harness.synthetic.recordings import Recording
from tests.synthetic.sounds import recording

WORDS = [("ask", 300, 400), ("not", 600, 731), ("what", 1_000, 1_090)]
LENGTHS_MS = {"ask": 100.0, "not": 131.0, "what": 90.0}
MADE = (
    "words cut from talk at the bounds in talk.TextGrid, trimmed to what can be heard and laid out again with "
    "pauses of {} in its own background noise"
)


@pytest.fixture
def talk(tmp_path: Path) -> Recording:
    """Return a recording of three words."""
    return recording(tmp_path, WORDS)


def test_kinds_take_turns_and_words_are_as_long_as_they_were(talk: Recording) -> None:
    """Every word of every sentence has its length, whatever was done with it."""
    made = list(shuffled_corpus([talk], Shape(sentences=5, words=3), seed=0))
    kinds = ["shuffled", "repeated", "long-pause", "back-to-back", "shuffled"]
    assert [one.name for one in made] == [f"{number:04}-{kind}" for number, kind in enumerate(kinds)]
    for one in made:
        assert [word.end_ms - word.start_ms for word in one.words] == [LENGTHS_MS[word.text] for word in one.words]
    assert {one.synthetic for one in made} == {MADE.format("50 to 300 ms (or none or one of 2000 ms)")}
    assert {one.speaker for one in made} == {"ann"}


def test_pauses_are_what_was_asked_for(talk: Recording) -> None:
    """One length: it is between all words."""
    (made,) = shuffled_corpus([talk], Shape(1, 3, ("shuffled",), (70, 70)), seed=0)
    (first, second, third) = made.words
    assert (second.start_ms - first.end_ms, third.start_ms - second.end_ms) == (70.0, 70.0)
    assert made.synthetic == MADE.format("70 to 70 ms")


def test_the_same_seed_gives_the_same_samples(talk: Recording) -> None:
    """Another seed gives other ones, and a sentence does not depend on how many there are."""
    few, many, others = (
        list(shuffled_corpus([talk], Shape(sentences=count, words=3), seed)) for count, seed in ((2, 0), (4, 0), (4, 1))
    )
    assert [np.array_equal(one.samples, other.samples) for one, other in zip(few, many[:2], strict=True)] == [True] * 2
    assert [one.words for one in many] != [one.words for one in others]


def test_recordings_take_turns(talk: Recording, tmp_path: Path) -> None:
    """A sentence is of one voice."""
    other = replace(talk, name="other", speaker="bob")
    made = shuffled_corpus([talk, other], Shape(sentences=3, words=2), seed=0)
    assert [one.speaker for one in made] == ["ann", "bob", "ann"]


def test_a_text_is_said_line_by_line(talk: Recording) -> None:
    """In its order, by the words that were cut."""
    made = list(told_corpus([talk], [(1, "What? Ask not!"), (3, "not... not")], (50, 300), seed=0))
    assert [(one.name, one.text) for one in made] == [("0000-told", "what ask not"), ("0001-told", "not not")]
    assert {one.synthetic for one in made} == {MADE.format("50 to 300 ms")}


def test_an_unknown_word_of_any_line_is_found_before_the_first(talk: Recording) -> None:
    """Its line and the words that there are stand in the complaint."""
    with pytest.raises(InputError) as caught:
        next(told_corpus([talk], [(1, "ask"), (4, "ask why")], (50, 300), seed=0))
    assert str(caught.value) == (
        "--text: found line 4 with 'why', expected words that one recording has: ask, not, what"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"sentences": 0}, "--sentences: found 0, expected a whole number of at least 1"),
        ({"words": 0}, "--words: found 0, expected a whole number from 1 to 1000"),
        ({"words": 1_001}, "--words: found 1001, expected a whole number from 1 to 1000"),
        ({"kinds": ("sung",)}, "--kinds: found 'sung', expected kinds of sentences with commas between; choose from: "),
        ({"pauses_ms": (-1, 5)}, "--pause-ms: found '-1,5', expected the shortest and the longest pause, from 0 to 60"),
        ({"pauses_ms": (6, 5)}, "--pause-ms: found '6,5', expected the shortest and the longest pause, from 0 to 60"),
        ({"pauses_ms": (0, 60_001)}, "--pause-ms: found '0,60001', expected the shortest and the longest pause, from"),
    ],
)
def test_a_shape_that_cannot_be_is_one_line(changes: dict[str, Any], line: str) -> None:
    """It is refused before anything is read."""
    with pytest.raises(ConfigError) as caught:
        Shape(**changes)
    assert str(caught.value).startswith(line)


def test_lines_that_hold_a_word(tmp_path: Path) -> None:
    """Each has its number in the file."""
    (tmp_path / "t").write_text("\ufeffOne two\n\n  ...\nthree\n", encoding="utf-8")
    assert lines_of(tmp_path / "t") == [(1, "One two"), (4, "three")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"t' \(No such file or directory\), expected a text file in UTF-8, a sentence a line"),
        (b"\xff", r"t' \(which is not UTF-8\), expected a text file in UTF-8, a sentence a line"),
        (b" \n...\n", "t', which holds no word, expected a text file, a sentence a line"),
        (b"one\ntwo \x07\n", "line 2 with control characters, expected words to be spoken"),
    ],
)
def test_a_text_that_cannot_be_said_is_one_line(content: bytes | None, says: str, tmp_path: Path) -> None:
    """The file or the line is named."""
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(InputError, match=f"^--text: found .*{says}$"):
        lines_of(tmp_path / "t")
