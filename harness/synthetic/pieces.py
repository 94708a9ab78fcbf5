"""Words cut out of an aligned recording, each trimmed to what can be heard of it."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.audio import SAMPLE_RATE_HZ, canonical
from harness.errors import InputError
from harness.synthetic.audible import audible
from harness.synthetic.background import quietest, rms_of
from harness.synthetic.recordings import Recording
from harness.synthetic.spoken import SAMPLES_PER_MS, Samples

FADE = 2 * SAMPLES_PER_MS
"""Samples over which a piece is faded in and out, so that a cut through a vowel does not click: before its first
audible millisecond and behind its last, where its stretch has so much; what it has not is faded within."""
MIN_MS = 30
"""Less of a word than that is a click, or what an aligner left of a word that it did not find."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One word as it was once spoken: its first and its last millisecond can be heard.

    ``samples`` begin ``lead`` and end ``trail`` samples outside of that: quiet ones, in which the piece may be faded.
    """

    word: str
    samples: Samples
    lead: int = 0
    trail: int = 0

    @property
    def duration_ms(self) -> int:
        """How long it can be heard, in whole milliseconds."""
        return (len(self.samples) - self.lead - self.trail) // SAMPLES_PER_MS


@dataclass(frozen=True, slots=True, eq=False)
class Cuttings:
    """What was cut from one recording: its words in the order in which they were spoken, and its background."""

    recording: Recording
    pieces: tuple[Piece, ...]
    background: Samples


def cut(recording: Recording) -> Cuttings:
    """Cut a recording at its words' bounds. Raises :class:`InputError` where no word of it can be heard."""
    samples = _samples(recording)
    background = quietest(samples)
    pieces = tuple(_pieces(recording, samples, rms_of(background)))
    if not pieces:
        found = f"'{recording.origin}', none of whose {len(recording.words)} words can be heard in '{recording.audio}'"
        raise InputError("--from", found, "word times of that audio")
    return Cuttings(recording, pieces, background)


def _pieces(recording: Recording, samples: Samples, floor_rms: float) -> Iterator[Piece]:
    for word in recording.words:
        start, end = (round(time_ms * SAMPLES_PER_MS) for time_ms in (max(0.0, word.start_ms), word.end_ms))
        stretch = samples[start : max(start, end)]
        heard = audible(stretch, floor_rms)
        if heard and heard[1] - heard[0] >= MIN_MS:
            first, behind = heard[0] * SAMPLES_PER_MS, heard[1] * SAMPLES_PER_MS
            lead, trail = min(FADE, first), min(FADE, len(stretch) - behind)
            yield Piece(word.text, stretch[first - lead : behind + trail], lead, trail)


def _samples(recording: Recording) -> Samples:
    if not recording.audio.exists():
        found = f"'{recording.origin}', whose audio '{recording.audio}' is gone"
        raise InputError("--from", found, "word times whose audio is still there")
    with wave.open(str(canonical(recording.audio).path), "rb") as audio:
        assert audio.getframerate() == SAMPLE_RATE_HZ
        return np.frombuffer(audio.readframes(audio.getnframes()), "<i2")
