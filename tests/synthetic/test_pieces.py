"""Words cut out of a recording."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.records import Word
from harness.synthetic.pieces import cut
from tests.synthetic.sounds import FLOOR, TONE, recording, square


def test_a_piece_is_what_can_be_heard_whatever_the_aligner_took(tmp_path: Path) -> None:
    """Bounds that are 20 ms too far out on both sides give the tone, and 2 ms on each side to fade in."""
    (one, two) = cut(recording(tmp_path, [("ask", 300, 400), ("not", 600, 731)])).pieces
    assert [(piece.word, piece.duration_ms, piece.lead, piece.trail) for piece in (one, two)] == [
        ("ask", 100, 32, 32),
        ("not", 131, 32, 32),
    ]
    assert np.array_equal(one.samples[32:-32], square(100, TONE))
    assert np.array_equal(one.samples[:32], square(2, FLOOR))


def test_bounds_within_the_sound_leave_nothing_to_fade_in(tmp_path: Path) -> None:
    """What is beyond the aligner's bounds is another word's."""
    (piece,) = cut(recording(tmp_path, [("ask", 300, 400)], margin_ms=-10)).pieces
    assert (piece.duration_ms, piece.lead, piece.trail) == (80, 0, 0)


def test_the_background_is_the_recordings_own(tmp_path: Path) -> None:
    """It is the quietest 200 ms."""
    background = cut(recording(tmp_path, [("ask", 300, 400)])).background
    assert np.array_equal(background, square(200, FLOOR))


def test_a_word_that_cannot_be_heard_is_left_out(tmp_path: Path) -> None:
    """Less than 30 ms of sound is no word; bounds beyond the audio, backwards or empty hold none."""
    made = recording(tmp_path, [("ask", 300, 400), ("tick", 500, 529), ("not", 700, 730)])
    strange = (Word("late", 9_000, 9_100), Word("back", 400, 300), Word("none", 310, 310), Word("hush", 0, 200))
    pieces = cut(replace(made, words=(*made.words, *strange))).pieces
    assert [piece.word for piece in pieces] == ["ask", "not"]


def test_no_word_that_can_be_heard_is_one_line(tmp_path: Path) -> None:
    """It is not the audio that was aligned."""
    made = replace(recording(tmp_path, [("ask", 300, 400)]), words=(Word("late", 9_000, 9_100),))
    with pytest.raises(InputError) as caught:
        cut(made)
    assert str(caught.value) == (
        f"--from: found 'talk.TextGrid', none of whose 1 words can be heard in '{tmp_path / 'talk.wav'}', "
        "expected word times of that audio"
    )


def test_audio_that_is_gone_is_one_line(tmp_path: Path) -> None:
    """A run outlives the file that it was made on."""
    made = recording(tmp_path, [("ask", 300, 400)])
    made.audio.unlink()
    with pytest.raises(InputError) as caught:
        cut(made)
    assert str(caught.value) == (
        f"--from: found 'talk.TextGrid', whose audio '{tmp_path / 'talk.wav'}' is gone, "
        "expected word times whose audio is still there"
    )
