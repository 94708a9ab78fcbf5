"""Cutting recordings into chunks."""

from pathlib import Path

import numpy as np
import pytest

from harness.audio import SAMPLE_RATE_HZ, Audio, write_pcm
from harness.chunks import boundaries, chunks
from harness.errors import InputError


def _loud(seconds: float, quiet_at_s: float | None = None) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Return a square wave, with 0.1 s of silence where that is asked for."""
    samples = np.resize(np.array([8000, -8000], np.int16), round(seconds * SAMPLE_RATE_HZ))
    if quiet_at_s is not None:
        start = round(quiet_at_s * SAMPLE_RATE_HZ)
        samples[start : start + SAMPLE_RATE_HZ // 10] = 0
    return samples


def _recording(folder: Path, seconds: float) -> Audio:
    path = folder / "recording.wav"
    write_pcm(path, _loud(seconds).tobytes())
    return Audio(path, seconds)


def test_a_fixed_cut_is_at_multiples_of_the_longest() -> None:
    """Ten seconds in pieces of four are cut at four and eight."""
    assert boundaries(_loud(10), "fixed", 4.0) == [0, 64_000, 128_000, 160_000]


def test_what_is_no_longer_than_the_longest_stays_whole() -> None:
    """Four seconds in pieces of four are one piece."""
    assert boundaries(_loud(4), "fixed", 4.0) == [0, 64_000]


def test_a_silent_cut_is_in_the_middle_of_the_quietest_place() -> None:
    """A silence from 3.0 to 3.1 s, in the second half of the first four seconds, is cut at 3.05 s."""
    assert boundaries(_loud(5, quiet_at_s=3.0), "silence", 4.0) == [0, 48_800, 80_000]


def test_a_silence_in_the_first_half_is_not_cut_at() -> None:
    """Pieces shorter than half of the longest are not made; without a quiet place the first window serves."""
    assert boundaries(_loud(5, quiet_at_s=0.5), "silence", 4.0) == [0, 32_800, 80_000]


@pytest.mark.parametrize("seconds", [1.0, 7.3, 61.0])
def test_no_silent_cut_is_longer_than_the_longest(seconds: float) -> None:
    """Whatever is said, every piece fits, and together they are the whole."""
    generator = np.random.default_rng(7)
    samples = generator.integers(-9000, 9000, round(seconds * SAMPLE_RATE_HZ), dtype=np.int16)
    edges = boundaries(samples, "silence", 5.0)
    assert (edges[0], edges[-1]) == (0, len(samples))
    assert max(np.diff(edges)) <= 80_000


def test_the_pieces_are_the_recording(tmp_path: Path) -> None:
    """Put together again, the pieces have the recording's samples, and their offsets add up."""
    recording = _recording(tmp_path, 2.5)
    pieces = chunks(recording, "fixed", 1.0, tmp_path / "cache")
    assert [(piece.offset_s, piece.audio.duration_s) for piece in pieces] == [(0.0, 1.0), (1.0, 1.0), (2.0, 0.5)]
    samples = b"".join(piece.audio.path.read_bytes()[44:] for piece in pieces)
    assert samples == recording.path.read_bytes()[44:]


def test_a_second_time_the_pieces_are_found(tmp_path: Path) -> None:
    """Pieces are kept by content and bounds, and not written again."""
    recording = _recording(tmp_path, 2.5)
    first = [piece.audio.path.stat().st_ino for piece in chunks(recording, "fixed", 1.0, tmp_path / "cache")]
    again = [piece.audio.path.stat().st_ino for piece in chunks(recording, "fixed", 1.0, tmp_path / "cache")]
    assert first == again


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The line names the folder and how to move it."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(InputError, match=r"^audio cache: found '.*file' \(.*\), expected a folder that can be written"):
        chunks(_recording(tmp_path, 2.5), "fixed", 1.0, blocked)
