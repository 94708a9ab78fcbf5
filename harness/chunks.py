"""A long recording as pieces with known offsets: of a fixed length, or cut where it is quietest.

The pieces are canonical files in the audio cache, named by the recording's content and their bounds, so that a second
run finds them.
"""

import hashlib
import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from harness.audio import SAMPLE_RATE_HZ, Audio, Cut, write_pcm
from harness.errors import InputError

_WINDOW_S = 0.1
"""How long a quiet place has to be: about a stop consonant's closure and half as much again."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a recording: its canonical file, and where in the recording it begins."""

    audio: Audio
    offset_s: float


def chunks(recording: Audio, cut: Cut, longest_s: float, cache: Path) -> tuple[Chunk, ...]:
    """Cut a canonical recording into pieces of at most ``longest_s`` seconds, which together are the whole.

    ``fixed`` cuts at multiples of ``longest_s``; ``silence`` in the middle of the quietest 0.1 s of the second half of
    each such stretch. Raises :class:`InputError` where the cache cannot be written.
    """
    with wave.open(str(recording.path), "rb") as audio:
        pcm = audio.readframes(audio.getnframes())
    digest = hashlib.sha256(pcm).hexdigest()
    edges = boundaries(np.frombuffer(pcm, "<i2"), cut, longest_s)
    pieces = []
    for start, end in pairwise(edges):
        path = cache / f"{digest}-{start}-{end}.wav"
        if not path.exists():
            _write(path, pcm[2 * start : 2 * end])
        pieces.append(Chunk(Audio(path, (end - start) / SAMPLE_RATE_HZ), start / SAMPLE_RATE_HZ))
    return tuple(pieces)


def boundaries(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]", cut: Cut, longest_s: float) -> list[int]:
    """Return the sample numbers at which to cut, the first (0) and the last included."""
    longest = round(longest_s * SAMPLE_RATE_HZ)
    edges = [0]
    while len(samples) - edges[-1] > longest:
        start = edges[-1]
        edges.append(start + longest if cut == "fixed" else _quietest(samples, start + longest // 2, start + longest))
    return [*edges, len(samples)]


def _quietest(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]", start: int, end: int) -> int:
    """Return the middle of the window with the least energy between two sample numbers."""
    window = min(round(_WINDOW_S * SAMPLE_RATE_HZ), end - start)
    energy = np.concatenate(([0.0], np.cumsum(samples[start:end].astype(np.float64) ** 2)))
    return start + int(np.argmin(energy[window:] - energy[:-window])) + window // 2


def _write(path: Path, pcm: bytes) -> None:
    try:
        write_pcm(path, pcm)
    except OSError as error:
        found = f"'{path.parent}' ({error.strerror})"
        raise InputError("audio cache", found, "a folder that can be written; XDG_CACHE_HOME moves it") from None
