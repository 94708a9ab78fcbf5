import struct
import wave
from pathlib import Path

import pytest

from harness.analysis.envelope import envelope


def recording(path: Path, samples: list[int]) -> Path:
    """Write samples at 10 Hz."""
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(10)
        audio.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def test_envelope(tmp_path: Path) -> None:
    """Lowest and highest of each part, as shares of the loudest sample of the stretch."""
    path = recording(tmp_path / "a.wav", [0, 100, -200, 50, 400, -100, 0, 0, 1000, 1000])
    assert envelope(path, 0.0, 0.8, 4) == [(0.0, 0.25), (-0.5, 0.125), (-0.25, 1.0), (0.0, 0.0)]
    assert envelope(path, 0.8, 9.0, 4) == [(1.0, 1.0), (1.0, 1.0)]


def test_silence(tmp_path: Path) -> None:
    """Silence is flat, not noise blown up."""
    assert envelope(recording(tmp_path / "a.wav", [0] * 4), 0.0, 0.4, 2) == [(0.0, 0.0), (0.0, 0.0)]


def test_no_file(tmp_path: Path) -> None:
    """Audio that was deleted is said to be so."""
    with pytest.raises(ValueError, match="it is not there any more"):
        envelope(tmp_path / "a.wav", 0.0, 1.0, 4)


def test_no_audio(tmp_path: Path) -> None:
    """A file that is none is an error of its own."""
    (tmp_path / "a.wav").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match="it cannot be read: "):
        envelope(tmp_path / "a.wav", 0.0, 1.0, 4)


def test_beyond_the_end(tmp_path: Path) -> None:
    """A stretch behind the end has no sample."""
    with pytest.raises(ValueError, match="it holds no sample there"):
        envelope(recording(tmp_path / "a.wav", [1] * 4), 5.0, 6.0, 4)
