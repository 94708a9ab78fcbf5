import hashlib
import math
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from harness import audio
from harness.audio import Audio, canonical, default_cache, length_s, wav_header
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


def test_the_header_is_the_standard_librarys(tmp_path: Path) -> None:
    """To the byte, so that a converted file is what it always was."""
    assert wav_header(8_000) == write_wav(tmp_path / "a.wav").read_bytes()[:44]


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


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 8)])
def test_blocks_give_to_the_bit_what_one_piece_gives(
    rate_hz: int, channels: int, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telephone, stereo, eight channels; however large the blocks are."""
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(0).normal(0, 0.3, (rate_hz + 7, channels)).astype(np.float32)
    soundfile.write(path, noise, rate_hz, subtype="FLOAT")
    mono = noise.mean(axis=1)
    whole = mono if rate_hz == 16_000 else soxr.resample(mono, rate_hz, 16_000, quality="VHQ")
    expected = (whole * 32_768).round().clip(-32_768, 32_767).astype(np.int16)
    assert np.array_equal(samples(canonical(path, cache).path), expected)
    monkeypatch.setattr(audio, "_BLOCK_SAMPLES", 1_000)
    assert np.array_equal(samples(canonical(path, cache / "small").path), expected)


def test_a_long_file_takes_a_blocks_memory(tmp_path: Path, cache: Path) -> None:
    """Thirty seconds of stereo at 48 kHz are 11 MiB of floats; never more than 2 MiB are held."""
    path = tmp_path / "a.wav"
    write_wav(path, 48_000, channels=2, frames=48_000 * 30)
    canonical(write_wav(tmp_path / "short.wav", 48_000, channels=2), cache)  # imports what it needs
    tracemalloc.start()
    try:
        assert canonical(path, cache).duration_s == 30.0
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()


def test_two_hours_in_the_canonical_form_are_not_read(tmp_path: Path, cache: Path) -> None:
    """The file is as large as its header says; a second at its end is cut out of it."""
    path = write_wav(tmp_path / "a.wav", frames=0)
    frames = 7_200 * 16_000
    header = bytearray(path.read_bytes())
    header[4:8], header[40:44] = (36 + 2 * frames).to_bytes(4, "little"), (2 * frames).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + 2 * frames)  # a hole, which takes no room
    assert canonical(path, cache) == Audio(path.resolve(), 7_200.0)
    assert length_s(path) == 7_200.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audio, "_content", lambda source: "digest")
        assert canonical(path, cache, offset_s=7_198.0, duration_s=1.0).duration_s == 1.0


def ramp(path: Path, rate_hz: int = 16_000, duration_s: float = 2.0) -> Path:
    """Write a file in which each sample says where it is."""
    soundfile.write(path, np.arange(round(rate_hz * duration_s), dtype=np.int16), rate_hz, subtype="PCM_16")
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize(
    ("offset_s", "duration_s", "start", "end"),
    [(0.5, 1.0, 8_000, 24_000), (0.0, 1.0, 0, 16_000), (1.5, None, 24_000, 32_000), (1.5, 0.55, 24_000, 32_000)],
)
def test_a_stretch_is_cut_out(
    name: str, offset_s: float, duration_s: float | None, start: int, end: int, tmp_path: Path, cache: Path
) -> None:
    """Of a canonical file and of another; an end a little beyond the file's is the file's."""
    path = ramp(tmp_path / name)
    found = canonical(path, cache, offset_s=offset_s, duration_s=duration_s)
    assert samples(found.path).tolist() == list(range(start, end))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == Audio((cache / f"{digest}-{start}-{end}.wav").resolve(), (end - start) / 16_000)


@pytest.mark.parametrize("duration_s", [None, 1.95, 2.0, 2.05])
def test_a_stretch_that_is_the_file_is_the_file(duration_s: float | None, tmp_path: Path, cache: Path) -> None:
    """A rounded duration makes no copy of what can be used where it lies."""
    path = ramp(tmp_path / "a.wav")
    assert canonical(path, cache, duration_s=duration_s) == Audio(path.resolve(), 2.0)
    assert not cache.exists()
    packed = ramp(tmp_path / "a.flac")
    assert "-" not in canonical(packed, cache, duration_s=duration_s).path.name


@pytest.mark.parametrize(
    ("offset_s", "duration_s", "expected"),
    [
        (2.0, None, "audio beyond 2 s"),
        (5.0, 1.0, "audio from 5 s to 6 s"),
        (1.5, 1.0, "audio from 1.5 s to 2.5 s"),
        (0.0, 2.2, "audio from 0 s to 2.2 s"),
        (0.5, 0.0, "audio from 0.5 s to 0.5 s"),
    ],
)
def test_a_stretch_that_is_not_there_is_refused(
    offset_s: float, duration_s: float | None, expected: str, tmp_path: Path, cache: Path
) -> None:
    """The line says how long the file is."""
    path = ramp(tmp_path / "a.flac")
    with pytest.raises(InputError) as caught:
        canonical(path, cache, offset_s=offset_s, duration_s=duration_s)
    assert str(caught.value) == f"dataset.audio: found '{path}' of 2 s, expected {expected}"


def test_stretches_of_one_file_hash_it_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again only where it has changed."""
    path = ramp(tmp_path / "a.wav")
    digest, hashed = hashlib.file_digest, []

    def counted(*given: object) -> object:
        hashed.append(given)
        return digest(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", counted)
    found = {canonical(path, cache, offset_s=number / 10, duration_s=0.1).path for number in range(1, 10)}
    assert (len(found), len(hashed)) == (9, 1)
    ramp(path, duration_s=3.0)
    assert canonical(path, cache, offset_s=0.1, duration_s=0.1).path not in found
    assert len(hashed) == 2


@pytest.mark.parametrize(
    ("name", "rate_hz", "form", "values", "expected"),
    [
        ("a tenth of a second", 16_000, {}, [0.25] * 1_600, [8_192] * 1_600),
        ("clipping", 16_000, {"subtype": "FLOAT"}, [1.0, -1.0, 1.5], [32_767, -32_768, 32_767]),
        ("digital silence", 16_000, {"subtype": "PCM_24"}, [0.0] * 100, [0] * 100),
        ("24 bit", 16_000, {"subtype": "PCM_24"}, [0.5, -0.5, 2**-15], [16_384, -16_384, 1]),
        ("telephone", 8_000, {"subtype": "ULAW"}, [0.0] * 100, [0] * 200),
    ],
)
def test_odd_audio_is_decoded_as_it_is(
    name: str, rate_hz: int, form: dict[str, str], values: list[float], expected: list[int], tmp_path: Path, cache: Path
) -> None:
    """Nothing is trimmed, scaled or refused."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array(values), rate_hz, **form)
    assert samples(canonical(path, cache).path).tolist() == expected, name
    assert length_s(path) == len(values) / rate_hz


def test_a_file_too_short_for_a_sample_is_refused(tmp_path: Path, cache: Path) -> None:
    """One frame at 48 kHz is a third of one at 16 kHz."""
    path = write_wav(tmp_path / "a.wav", 48_000, frames=1)
    assert refused(path, cache) == f"dataset.audio: found '{path}', which holds no sample, {EXPECTED}"


def test_a_number_that_is_none_is_refused_only_where_it_is(tmp_path: Path, cache: Path) -> None:
    """A stretch beside it can be used."""
    path = tmp_path / "a.wav"
    noise = np.full(32_000, 0.5)
    noise[100] = math.nan
    soundfile.write(path, noise, 16_000, subtype="FLOAT")
    assert refused(path, cache) == f"dataset.audio: found '{path}' with samples that are no numbers, {EXPECTED}"
    assert canonical(path, cache, offset_s=1.0).duration_s == 1.0


def test_a_packed_file_that_ends_in_the_middle_is_refused(tmp_path: Path, cache: Path) -> None:
    """Its header says how long it was; what is before the damage can be used."""
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(0).normal(0, 0.3, 16_000 * 20)
    soundfile.write(path, noise, 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert length_s(path) == 20.0
    assert refused(path, cache).startswith(f"dataset.audio: found '{path}' (")
    assert canonical(path, cache, offset_s=1.0, duration_s=1.0).duration_s == 1.0


def test_a_header_that_lies_is_found_out_by_who_says_the_length(tmp_path: Path, cache: Path) -> None:
    """A whole MP3 is as long as what is there; of one that is to be 20 s, half is too little."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.3, 16_000 * 20), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 9.0 < canonical(path, cache).duration_s < 11.0
    with pytest.raises(InputError, match=r"expected audio from 0 s to 20 s"):
        canonical(path, cache, duration_s=20.0)


def test_a_length_that_no_header_says_is_refused(tmp_path: Path, cache: Path) -> None:
    """FLAC from a pipe has no number of samples, and libsndfile finds no end of it."""
    path = ramp(tmp_path / "a.flac")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert refused(path, cache) == (
        f"dataset.audio: found '{path}', whose header does not say how long it is, expected one that does; "
        "a copy encoded from a file, not from a pipe, is one"
    )


def test_a_chunk_that_is_longer_than_the_file_is_no_traceback(tmp_path: Path) -> None:
    """The size of an unknown chunk points behind the end: the standard library has no words for it."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\x40\x00\x00\x00WAVEJUNK\xff\xff\x00\x00fmt ")
    with pytest.raises(InputError, match=r"^dataset\.audio: found "):
        canonical(path, tmp_path / "cache")


def test_samples_far_off_the_scale_are_clipped_without_a_warning(tmp_path: Path) -> None:
    """A bit that flipped in an exponent: two channels of it have a mean, and it is as loud as a sample can be."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((160, 2), 3e38, np.float32), 16_000, subtype="FLOAT")
    audio = canonical(path, tmp_path / "cache")
    with wave.open(str(audio.path), "rb") as file:
        assert set(np.frombuffer(file.readframes(160), "<i2")) == {32767}
