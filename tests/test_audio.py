import hashlib
import math
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness import audio
from harness.audio import Audio, canonical, default_cache
from harness.errors import InputError
from harness.worker.__main__ import read_pcm

EXPECTED = "expected an audio file: WAV, FLAC, MP3, Ogg or what else libsndfile reads"
TONE_HZ = 440.0


def tone(rate_hz: int, duration_s: float = 0.5) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return a sine of half amplitude."""
    at_s = np.arange(round(rate_hz * duration_s)) / rate_hz
    return 0.5 * np.sin(2 * math.pi * TONE_HZ * at_s)


def samples(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Return the samples of a canonical file."""
    return np.frombuffer(read_pcm(str(path)), dtype="<i2").astype(np.int16)


def pitch_hz(path: Path) -> float:
    """Return the loudest frequency of a canonical file."""
    heard = samples(path).astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(heard)))) * 16_000 / len(heard)


def write_wav(path: Path, rate_hz: int = 16_000, channels: int = 1, width: int = 2, frames: int = 8_000) -> Path:
    """Write a WAV of zeros with the standard library."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(bytes(frames * channels * width))
    return path


def refused(path: Path, cache: Path) -> str:
    """Return the line with which a file is refused."""
    with pytest.raises(InputError) as caught:
        canonical(path, cache)
    assert not list(cache.glob("*"))
    return str(caught.value)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a folder for converted files, which does not exist."""
    return tmp_path / "cache" / "audio"


def test_a_canonical_file_is_used_where_it_lies(tmp_path: Path, cache: Path) -> None:
    """Nothing is converted, nothing is cached."""
    path = write_wav(tmp_path / "a.wav")
    assert canonical(path, cache) == Audio(path.resolve(), 0.5)
    assert not cache.exists()


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("pcm.wav", {"subtype": "PCM_16"}),
        ("unsigned8.wav", {"subtype": "PCM_U8"}),
        ("pcm24.wav", {"subtype": "PCM_24"}),
        ("float.wav", {"subtype": "FLOAT"}),
        ("lossless.flac", {}),
        ("lossy.mp3", {}),
        ("lossy.ogg", {}),
    ],
)
def test_whatever_can_be_decoded_is_converted(
    name: str, form: dict[str, str], rate_hz: int, tmp_path: Path, cache: Path
) -> None:
    """Half a second of a tone keeps its length and its pitch, from stereo too."""
    path = tmp_path / name
    both = np.stack([tone(rate_hz), tone(rate_hz)], axis=1)
    soundfile.write(path, both, rate_hz, **form)
    found = canonical(path, cache)
    with wave.open(str(found.path)) as file:
        form_found = (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getcomptype())
    assert form_found == (16_000, 1, 2, "NONE")
    assert found.path.parent == cache.resolve()
    decoded_s = soundfile.info(path).duration
    assert abs(found.duration_s - decoded_s) <= 1 / 16_000
    assert found.duration_s == len(samples(found.path)) / 16_000
    assert decoded_s == 0.5 or name == "lossy.mp3"  # an MP3 is padded to whole frames
    assert abs(pitch_hz(found.path) - TONE_HZ) <= 2.0


def test_stereo_is_the_mean_of_its_channels(tmp_path: Path, cache: Path) -> None:
    """A voice on one side is half as loud, opposite signs are silence."""
    left = tone(16_000)
    for name, right, expected in (("half", np.zeros(8_000), 0.25), ("none", -left, 0.0), ("full", left, 0.5)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, np.stack([left, right], axis=1), 16_000, subtype="FLOAT")
        assert abs(np.abs(samples(canonical(path, cache).path)).max() / 32_768 - expected) < 1e-3


def test_what_is_too_loud_is_clipped(tmp_path: Path, cache: Path) -> None:
    """A float file may go beyond 1; wrapping round would be a crack."""
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([2.0, -2.0, 0.0]), 16_000, subtype="FLOAT")
    heard = samples(canonical(path, cache).path)
    assert heard[0] >= 32_767
    assert heard[1] <= -32_767
    assert heard[2] == 0


def test_a_lossless_file_gives_the_samples_that_it_was_made_of(tmp_path: Path, cache: Path) -> None:
    """FLAC of 16 kHz mono 16 bit is the same audio in another wrapping: an engine must hear the same."""
    pcm = np.array([0, 1, -1, 100, -100, 12_345, -12_345, 32_767, -32_768] * 100, dtype=np.int16)
    path = tmp_path / "a.flac"
    soundfile.write(path, pcm, 16_000, subtype="PCM_16")
    assert samples(canonical(path, cache).path).tolist() == pcm.tolist()


def test_a_converted_file_is_used_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its content: another name and another folder find it too; other content does not."""
    path = write_wav(tmp_path / "a.wav", channels=2)
    first = canonical(path, cache)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert first == Audio((cache / f"{digest}.wav").resolve(), 0.5)
    copy = tmp_path / "b.audio"
    copy.write_bytes(path.read_bytes())

    def fail(source: Path) -> bytes:
        raise AssertionError(f"{source} was decoded a second time")

    with monkeypatch.context() as patch:
        patch.setattr(audio, "_pcm", fail)
        assert canonical(copy, cache) == first
    other = write_wav(tmp_path / "c.wav", channels=2, frames=4_000)
    assert canonical(other, cache).duration_s == 0.25
    assert len(list(cache.iterdir())) == 2


def test_a_cached_file_that_was_torn_is_made_again(tmp_path: Path, cache: Path) -> None:
    """Whoever tore it."""
    path = write_wav(tmp_path / "a.wav", channels=2)
    first = canonical(path, cache)
    first.path.write_bytes(first.path.read_bytes()[:1000])
    assert canonical(path, cache) == first
    assert len(read_pcm(str(first.path))) == 16_000


def test_a_truncated_recording_is_as_long_as_what_is_there(tmp_path: Path, cache: Path) -> None:
    """The header promises half a second, a recorder that was killed left a quarter."""
    path = write_wav(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes()[: 44 + 8_000])
    found = canonical(path, cache)
    assert found.duration_s == 0.25
    assert len(read_pcm(str(found.path))) == 8_000


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("empty.wav", b"", "'{path}', which is empty"),
        ("text.txt", b"no audio at all\n" * 100, "'{path}' (Format not recognised.)"),
        ("text.wav", b"no audio at all\n" * 100, "'{path}' (Format not recognised.)"),
        ("text.mp3", b"\0" * 1000, None),
        ("text.raw", b"no audio at all\n" * 100, None),
        ("half a header.wav", b"RIFF\x24\0\0\0WAVEfmt ", None),
    ],
)
def test_what_is_no_audio_is_refused(name: str, content: bytes, found: str | None, tmp_path: Path, cache: Path) -> None:
    """One line that names the file, whatever its name promises."""
    path = tmp_path / name
    path.write_bytes(content)
    line = refused(path, cache)
    assert "\n" not in line
    assert line.startswith(f"dataset.audio: found '{path}'")
    assert line.endswith(EXPECTED)
    if found:
        assert line == f"dataset.audio: found {found.format(path=path)}, {EXPECTED}"


@pytest.mark.parametrize("channels", [1, 2])
def test_a_header_without_samples_is_refused(channels: int, tmp_path: Path, cache: Path) -> None:
    """In the canonical form and in another."""
    path = write_wav(tmp_path / "a.wav", channels=channels, frames=0)
    assert refused(path, cache) == f"dataset.audio: found '{path}', which holds no sample, {EXPECTED}"


def test_what_is_no_file_is_refused(tmp_path: Path, cache: Path) -> None:
    """Missing, or a folder."""
    missing = tmp_path / "missing.wav"
    assert refused(missing, cache) == f"dataset.audio: found no file '{missing}', {EXPECTED}"
    assert refused(tmp_path, cache) == f"dataset.audio: found '{tmp_path}', which is a folder, {EXPECTED}"
    assert refused(Path("/dev/null"), cache) == f"dataset.audio: found '/dev/null', {EXPECTED}"


def test_a_name_that_no_file_can_have_is_refused(cache: Path) -> None:
    """Longer than the system allows."""
    assert refused(Path("a" * 5000), cache).endswith(EXPECTED)


def test_a_cache_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The line says how to move it."""
    (tmp_path / "file").write_text("")
    path, cache = write_wav(tmp_path / "a.wav", channels=2), tmp_path / "file" / "cache"
    with pytest.raises(InputError) as caught:
        canonical(path, cache)
    assert str(caught.value) == (
        f"audio cache: found '{cache}' (Not a directory), expected a folder that can be written; "
        "XDG_CACHE_HOME moves it"
    )


def test_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below XDG_CACHE_HOME, or ~/.cache where that is unset or empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "asr-align-harness" / "audio"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_cache() == tmp_path / "home" / ".cache" / "asr-align-harness" / "audio"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == tmp_path / "home" / ".cache" / "asr-align-harness" / "audio"
    path = write_wav(tmp_path / "a.wav", channels=2)
    assert canonical(path).path.parent == default_cache().resolve()


def test_a_write_that_fails_leaves_no_part(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disk full at the last moment."""

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match="No space left on device"):
        canonical(write_wav(tmp_path / "a.wav", channels=2), cache)
    assert list(cache.iterdir()) == []
