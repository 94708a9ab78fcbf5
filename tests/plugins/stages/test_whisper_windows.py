import numpy as np
import pytest

from plugins.stages.whisper_windows import RATE, frame_powers, quietest, samples, windows


def recording(duration_s: float, *pauses: tuple[float, float]) -> bytes:
    """Return a loud tone with digital silence at some places (seconds)."""
    tone = np.tile(np.array([9_000, -9_000], np.int16), round(duration_s * RATE) // 2)
    for start_s, end_s in pauses:
        tone[round(start_s * RATE) : round(end_s * RATE)] = 0
    return tone.tobytes()


def in_s(pcm: bytes, spoken: list[tuple[float, float]] | None = None) -> list[tuple[float, float]]:
    """Return the windows in seconds."""
    places = None if spoken is None else [(round(a * RATE), round(b * RATE)) for a, b in spoken]
    return [(start / RATE, end / RATE) for start, end in windows(pcm, places)]


@pytest.mark.parametrize("duration_s", [0.0001250, 0.1, 11.0, 30.0])
def test_what_fits_is_one_window(duration_s: float) -> None:
    """Up to 30 s, to the sample."""
    assert in_s(recording(duration_s)) == [(0.0, round(duration_s * RATE) / RATE)]


def test_nothing_is_no_window() -> None:
    """Neither of no audio nor of audio without speech."""
    assert in_s(b"") == []
    assert in_s(recording(40), []) == []


def test_cut_in_pauses() -> None:
    """In the last pause of the window's last ten seconds, at the place where 0.2 s are quietest; all is covered."""
    pcm = recording(65, (12, 14), (21, 21.4), (24, 24.3), (50, 51))
    assert in_s(pcm) == [(0.0, 24.2), (24.2, 50.9), (50.9, 65.0)]


def test_speech_without_a_pause() -> None:
    """Where nothing is quieter than the rest it is cut as late as it can be, and no window is longer than 30 s."""
    found = in_s(recording(61))
    assert found == [(0.0, 29.9), (29.9, 59.8), (59.8, 61.0)]


def test_stretches_of_speech() -> None:
    """Silence before, after and between windows is left out; stretches share a window while they fit into 30 s."""
    pcm = recording(100, (70.5, 71))
    assert in_s(pcm, [(2, 10), (12, 31), (33, 40), (45, 80)]) == [(2.0, 31.0), (33.0, 40.0), (45.0, 70.9), (70.9, 80.0)]


def test_quietest() -> None:
    """The middle of 0.2 s; of equal ones the last."""
    assert quietest(recording(4, (1, 1.2), (2, 2.2)), 0, 4 * RATE) == 2.1 * RATE


def test_samples() -> None:
    """Full scale is 1; a stretch is taken by samples, not bytes."""
    pcm = np.array([0, -32_768, 16_384, 1], np.int16).tobytes()
    assert samples(pcm, 1, 3).tolist() == [-1.0, 0.5]


def test_frame_powers() -> None:
    """The mean square of each whole 10 ms; what is left over is in none."""
    pcm = np.repeat(np.array([3, 4, 5], np.int16), [160, 160, 100]).tobytes()
    assert frame_powers(pcm, 0, 420).tolist() == [9.0, 16.0]
    assert frame_powers(pcm, 0, 100).tolist() == []
    assert frame_powers(pcm * 7_000, 0, 420 * 7_000)[[0, 1, 6_000, -1]].tolist() == [9.0, 16.0, 19.875, 21.625]
