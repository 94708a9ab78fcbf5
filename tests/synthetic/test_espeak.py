"""Sentences spoken by espeak-ng: what is made of its answers, and that its answers are true."""

import ctypes.util
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.records import Word
from harness.synthetic import espeak
from harness.synthetic.audible import rms_by_ms
from harness.synthetic.espeak import speak
from harness.synthetic.spoken import Spoken

TALKER = "tests.synthetic.talkers.scripted"
SENTENCE = "One of the 25 dogs, in the house; it isn't - a well-known example & I want to go."


@pytest.fixture(autouse=True)
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process that speaks find the modules of the tests."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def installed() -> None:
    """Skip where there is no espeak-ng, unless there has to be one."""
    if ctypes.util.find_library("espeak-ng") is None:
        reason = "no libespeak-ng: apt-get install espeak-ng"
        if os.environ.get("ESPEAK_TESTS") == "required":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def _spoken(voice: str, lines: Sequence[tuple[int, str]] = ((1, "one two,"), (2, "of the"))) -> list[Spoken]:
    return list(speak(lines, voice, 0, TALKER))


def test_words_have_the_edges_of_their_sound() -> None:
    """Each lasts the 100 ms for which it sounds, of the 150 that are its own; 300 ms are before and after all."""
    (first, second) = _spoken("plain")
    assert first.words == (Word("one", 300.0, 400.0), Word("two", 451.0, 550.0))
    assert (first.name, first.text, first.speaker) == ("0000-espeak-ng", "one two", "espeak-ng plain")
    assert (first.duration_s, second.name) == (0.9, "0001-espeak-ng")
    assert (
        first.synthetic
        == "spoken by espeak-ng, voice plain; words begin where it says, at their first audible millisecond"
    )


def test_an_event_that_points_back_is_no_words() -> None:
    """The last word goes on to the end."""
    (sentence,) = _spoken("straying", [(1, "one two")])
    assert sentence.words == (Word("one", 300.0, 400.0), Word("two", 451.0, 550.0))


def test_a_dash_is_no_word() -> None:
    """It may have no event; what is behind it keeps its own."""
    (sentence,) = _spoken("merged", [(1, "one two -")])
    assert sentence.text == "one two"


@pytest.mark.parametrize(
    ("voice", "line"),
    [
        ("merged", "--text: found line 1 with 'two,', expected a word whose time espeak-ng tells"),
        ("mute", "--text: found line 1 with 'one', which espeak-ng does not sound, expected words that it speaks"),
        ("voice", "--voice: found 'voice', expected a voice that espeak-ng --voices lists: en-us, de, fr, ..."),
        ("library", "--engine: found no libespeak-ng here, expected it installed: apt-get install espeak-ng"),
        ("died", "--engine: found espeak-ng, which was ended by SIGSEGV at line 2 ('of the'), expected speech"),
    ],
)
def test_what_cannot_be_spoken_is_one_line(voice: str, line: str) -> None:
    """A process that crashes costs nothing but the line that it was at."""
    with pytest.raises(InputError) as caught:
        _spoken(voice)
    assert str(caught.value) == line


def test_an_engine_that_hangs_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended when its time is over."""
    monkeypatch.setattr(espeak, "_TIMEOUT_S", 0.1)
    with pytest.raises(InputError, match=r"found espeak-ng, which did not answer in 0\.1 s, expected a shorter"):
        _spoken("hung")


@pytest.mark.usefixtures("installed")
def test_every_word_sounds_from_its_start_to_its_end() -> None:
    """The engine is silent directly before a word that has a pause before it, and its first millisecond sounds.

    Multi-word entries of its dictionary (``of the``) are told apart, and the same seed gives the same samples.
    """
    (sentence, again) = (next(speak([(1, SENTENCE)], "en-us", 0)) for _ in range(2))
    assert sentence.text.split() == [
        *("One", "of", "the", "25", "dogs", "in", "the", "house", "it", "isn't", "a", "well-known", "example"),
        *("&", "I", "want", "to", "go"),
    ]
    assert np.array_equal(sentence.samples, again.samples)
    rms = rms_by_ms(sentence.samples)
    behind = 0
    for word in sentence.words:
        start, end = round(word.start_ms), round(word.end_ms)
        assert behind <= start < end
        assert min(rms[start], rms[end - 1]) > 75
        assert max(rms[behind:start], default=0) < 200
        assert start - behind < 5 or max(rms[start - 3 : start - 1]) < 75
        behind = end
    pauses = [start.start_ms - end.end_ms for end, start in pairwise(sentence.words)]
    assert sum(pause > 100 for pause in pauses) == 2


@pytest.mark.usefixtures("installed")
def test_a_voice_that_there_is_not() -> None:
    """The library itself says so."""
    with pytest.raises(InputError, match=r"^--voice: found 'nobody', expected a voice that"):
        next(speak([(1, "one")], "nobody", 0))
