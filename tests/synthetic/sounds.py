"""Recordings made by hand: a low square wave as background, and tones at known milliseconds."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.audio import write_pcm
from harness.records import Word
from harness.synthetic.pieces import Piece
from harness.synthetic.recordings import Recording
from harness.synthetic.spoken import SAMPLES_PER_MS, Samples

FLOOR, TONE = 100, 8_000
"""Of the background and of a word: the RMS of a square wave is its height."""


def square(duration_ms: int, height: int) -> Samples:
    """Return a square wave of 8 kHz: every millisecond of it has the same RMS."""
    return np.resize(np.array([height, -height], np.int16), duration_ms * SAMPLES_PER_MS)


def recorded(duration_ms: int, tones: Sequence[tuple[int, int]], floor: int = FLOOR, tone: int = TONE) -> Samples:
    """Return background with tones from one millisecond to another."""
    samples = square(duration_ms, floor).copy()
    for start_ms, end_ms in tones:
        samples[start_ms * SAMPLES_PER_MS : end_ms * SAMPLES_PER_MS] = square(end_ms - start_ms, tone)
    return samples


def written(path: Path, samples: Samples) -> Path:
    """Write a canonical file."""
    write_pcm(path, samples.astype("<i2").tobytes())
    return path


def read(path: Path) -> Samples:
    """Read a canonical file."""
    with wave.open(str(path), "rb") as audio:
        assert audio.getparams()[:3] == (1, 2, 16_000)
        return np.frombuffer(audio.readframes(audio.getnframes()), "<i2")


def recording(folder: Path, words: Sequence[tuple[str, int, int]], *, margin_ms: int = 20) -> Recording:
    """Return a recording whose words sound as long as is said, and whose aligner took a margin more on both sides."""
    length_ms = max(end_ms for _, _, end_ms in words) + 500
    samples = recorded(length_ms, [(start_ms, end_ms) for _, start_ms, end_ms in words])
    bounds = tuple(Word(text, start_ms - margin_ms, end_ms + margin_ms) for text, start_ms, end_ms in words)
    audio = written(folder / "talk.wav", samples)
    return Recording("talk", "ann", audio, bounds, "talk.TextGrid", "the bounds in talk.TextGrid")


def piece(word: str, duration_ms: int, lead: int = 0, trail: int = 0) -> Piece:
    """Return a tone as a piece, with so many samples of background around it."""
    whole = np.concatenate((np.full(lead, FLOOR), square(duration_ms, TONE), np.full(trail, FLOOR)))
    return Piece(word, whole.astype(np.int16), lead, trail)
