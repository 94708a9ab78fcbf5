"""Where each piece goes: pauses and pieces to samples, with the times at which the pieces were put."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.records import Word
from harness.synthetic.background import looped
from harness.synthetic.pieces import FADE, Piece
from harness.synthetic.spoken import SAMPLES_PER_MS, Samples

MARGIN_MS = 300
"""Background before the first word and after the last: engines want some, and an aligner could else not be early."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A piece, and the pause before it; before the first one the margin is the pause."""

    pause_ms: int
    piece: Piece


def lay_out(placed: Sequence[Placed], background: Samples) -> tuple[Samples, tuple[Word, ...]]:
    """Return the audio, and each word with the times of the first and behind the last audible sample of its piece.

    Pieces are faded into the background, which is untouched everywhere else: further than a fade from any word every
    sample is the background's. Where there is no pause, a piece's fade covers the end of the one before. Times are
    whole milliseconds, as all lengths are.
    """
    words = []
    at_ms = MARGIN_MS
    for number, one in enumerate(placed):
        start_ms = at_ms + (one.pause_ms if number else 0)
        at_ms = start_ms + one.piece.duration_ms
        words.append(Word(one.piece.word, float(start_ms), float(at_ms)))
    samples = looped(background, (at_ms + MARGIN_MS) * SAMPLES_PER_MS).astype(np.float64)
    for one, word in zip(placed, words, strict=True):
        start = round(word.start_ms) * SAMPLES_PER_MS - one.piece.lead
        stretch = samples[start : start + len(one.piece.samples)]
        stretch += _fade(len(stretch)) * (one.piece.samples - stretch)
    return samples.round().clip(-32768, 32767).astype(np.int16), tuple(words)


def _fade(length: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the share of the piece in each sample: a raised cosine at both ends, never quite none."""
    ramp = min(FADE, length // 2)
    rise = np.sin((np.arange(ramp) + 0.5) / ramp * (np.pi / 2)) ** 2
    return np.concatenate((rise, np.ones(length - 2 * ramp), rise[::-1]))
