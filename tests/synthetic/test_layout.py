"""Where each piece goes."""

import numpy as np

from harness.records import Word
from harness.synthetic.background import looped
from harness.synthetic.layout import Placed, lay_out
from tests.synthetic.sounds import FLOOR, TONE, piece, square

BACKGROUND = square(200, FLOOR)


def test_times_are_where_the_pieces_were_put() -> None:
    """300 ms, a word of 100, a pause of 70, one of 55, and 300 ms; the pause before the first word is the margin."""
    samples, words = lay_out([Placed(999, piece("ask", 100)), Placed(70, piece("not", 55))], BACKGROUND)
    assert words == (Word("ask", 300.0, 400.0), Word("not", 470.0, 525.0))
    assert len(samples) == 825 * 16


def test_beyond_a_fade_from_any_word_every_sample_is_the_backgrounds() -> None:
    """A lead of 2 ms before each word is all that differs, and within the words every sample is the piece's."""
    placed = [Placed(0, piece("ask", 100, 32, 32)), Placed(70, piece("not", 55, 32, 32))]
    samples, words = lay_out(placed, BACKGROUND)
    differs = samples != looped(BACKGROUND, len(samples))
    spans = [(round(word.start_ms) * 16, round(word.end_ms) * 16) for word in words]
    for start, end in spans:
        assert np.array_equal(samples[start:end], square((end - start) // 16, TONE))
        differs[start - 32 : end + 32] = False
    assert not differs.any()


def test_a_piece_without_a_lead_is_faded_within() -> None:
    """Nothing sounds before its time, its first sample is a trace, half of it is there after 1 ms, all after 2."""
    samples, _ = lay_out([Placed(0, piece("ask", 100))], np.zeros(3_200, np.int16))
    start = 300 * 16
    assert not samples[:start].any()
    rise = np.abs(samples[start : start + 33])
    assert (rise[0], rise[32]) == (5, TONE)
    assert abs(int(rise[15]) + int(rise[16]) - TONE) <= 1
    assert (np.diff(rise) >= 0).all()
    assert not samples[400 * 16 :].any()


def test_back_to_back_one_fades_over_the_other() -> None:
    """With no pause the second begins where the first ends, with all of its sound."""
    samples, words = lay_out([Placed(0, piece("ask", 50, 32, 32)), Placed(0, piece("not", 50, 32, 32))], BACKGROUND)
    assert [word.start_ms for word in words] == [300.0, 350.0]
    assert np.array_equal(np.abs(samples[350 * 16 : 400 * 16]), np.full(800, TONE))
    assert np.array_equal(np.abs(samples[300 * 16 : 350 * 16 - 32]), np.full(768, TONE))


def test_a_silent_background_stays_silent() -> None:
    """Of digital silence digital silence is made."""
    samples, _ = lay_out([Placed(0, piece("ask", 50, 32, 32))], np.zeros(3_200, np.int16))
    assert not samples[: 298 * 16].any()
    assert not samples[352 * 16 :].any()
