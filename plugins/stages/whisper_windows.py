"""Cutting a recording into windows that Whisper takes whole, at quiet places, so that no word is cut through.

Places are counted in samples (16 kHz). A window is at most 30 s, which is what the encoder is made for.
"""

from collections.abc import Iterator, Sequence
from typing import Any

RATE = 16_000
_WINDOW = 30 * RATE
_SEARCHED = 10 * RATE
"""The end of a window that a place to cut is looked for in. Each window costs the encoder 30 s of audio, however short
it is, so that early cuts are dear; in ten seconds of speech there is a pause."""
_FRAME = RATE // 100
_BLOCK_FRAMES = 6_000
_PAUSE_FRAMES = 20
"""A place is as quiet as the 0.2 s around it: longer than the closure of a stop, shorter than a breath."""


def windows(pcm: bytes, spoken: Sequence[tuple[int, int]] | None = None) -> Iterator[tuple[int, int]]:
    """Yield the beginning and the end of each window, in samples; between them they cover the recording.

    ``spoken`` are the stretches that hold speech, in order, where they are known: what lies before the first, after
    the last and between two windows is left out then, and a window ends with a stretch where it can.
    """
    stretches = [(0, len(pcm) // 2)] if spoken is None else list(spoken)
    while stretches:
        start, end = stretches.pop(0)
        while stretches and stretches[0][1] - start <= _WINDOW:
            end = stretches.pop(0)[1]
        while end - start > _WINDOW:
            cut = quietest(pcm, start + _WINDOW - _SEARCHED, start + _WINDOW)
            yield start, cut
            start = cut
        if end > start:
            yield start, end


def quietest(pcm: bytes, low: int, high: int) -> int:
    """Return the middle of the quietest 0.2 s between two places; of equally quiet ones that of the last."""
    import numpy as np

    levels = frame_powers(pcm, low, high)
    smooth = np.convolve(levels, np.ones(_PAUSE_FRAMES), "valid")
    last = len(smooth) - 1 - int(np.argmin(smooth[::-1]))
    return low + (last + _PAUSE_FRAMES // 2) * _FRAME


def samples(pcm: bytes, start: int, end: int) -> Any:
    """Return a stretch as the engine wants it: 32-bit floats between -1 and 1."""
    import numpy as np

    return np.frombuffer(pcm, np.int16, end - start, 2 * start).astype(np.float32) / 32768.0


def frame_powers(pcm: bytes, start: int, end: int) -> Any:
    """Return the mean square of each whole 10 ms from ``start`` on; a long stretch in blocks, not all as floats."""
    import numpy as np

    frames = np.frombuffer(pcm, np.int16, max(0, end - start) // _FRAME * _FRAME, 2 * start).reshape(-1, _FRAME)
    powers = np.empty(len(frames))
    for at in range(0, len(frames), _BLOCK_FRAMES):
        block = frames[at : at + _BLOCK_FRAMES].astype(np.float64)
        powers[at : at + _BLOCK_FRAMES] = (block**2).mean(axis=1)
    return powers
