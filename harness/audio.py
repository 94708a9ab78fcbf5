"""Any audio file, or a stretch of one, to the one form that every engine is given: WAV, 16 kHz, mono, signed 16 bit.

A file that has the form already is used where it lies. Any other, and every stretch, is converted once, outside what is
timed, into a cache that is keyed by the file's content and the stretch's bounds. Decoding is libsndfile's (WAV, FLAC,
MP3, Ogg and more), resampling is soxr's; both block by block, so that two hours take as much memory as two seconds.
"""

import hashlib
import os
import struct
import tempfile
import wave
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import soundfile

    _Samples = np.ndarray[tuple[int], np.dtype[np.float32]]

SAMPLE_RATE_HZ = 16_000
_FULL_SCALE = 32_768.0
"""What libsndfile divides 16-bit samples by, so that a lossless file comes out as it went in."""
Cut = Literal["fixed", "silence"]
"""How a long recording is cut into chunks."""
SLACK_S = 0.1
"""A stretch that ends no farther than this from the end of its file ends there: durations are rounded, and what an MP3
is padded with some count and some do not."""
_BLOCK_SAMPLES = 2**16
"""What is decoded at one time, over all channels."""
_UNKNOWN_FRAMES = 2**62
"""libsndfile has a number above this for a file whose header does not say how many frames there are."""
_KEPT_DIGESTS = 256
AUDIO = "an audio file: WAV, FLAC, MP3, Ogg or what else libsndfile reads"
"""What a line about something else says was expected."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A canonical file and how long it plays."""

    path: Path
    duration_s: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Frames of a file from ``start`` to before ``end``; None for all that there are, where the file is meant whole."""

    start: int = 0
    end: int | None = None

    @property
    def bounds(self) -> str:
        """What tells the stretch from others of its file; empty for the whole."""
        return "" if self == _Stretch() else f"-{self.start}-{self.end}"


def canonical(
    source: Path, cache: Path | None = None, *, offset_s: float = 0.0, duration_s: float | None = None
) -> Audio:
    """Return the canonical form of an audio file, converting it where it is not canonical.

    Of the file, the stretch from ``offset_s`` on that lasts ``duration_s``, or all that follows where that is None.
    ``cache`` is where converted files are kept (default: ``audio`` in the user's cache folder). Raises
    :class:`InputError` for a file that is missing, empty, a folder, or no audio, and for a stretch that is not in it.
    """
    _check(source)
    already, stretch = _already_canonical(source), _Stretch()
    if offset_s or duration_s is not None:
        known = (round(already.duration_s * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ) if already else _header(source)
        stretch = _stretch(source, *known, offset_s, duration_s)
    if already and stretch == _Stretch():
        return already
    audio = _converted(source, cache or default_cache(), stretch)
    if duration_s is not None and audio.duration_s < duration_s - SLACK_S:  # the header promised more than there is
        raise _too_short(source, offset_s + audio.duration_s, offset_s, duration_s)
    return audio


def length_s(source: Path) -> float:
    """Return how long a file plays, by its header where that says it. Raises :class:`InputError` as a conversion does.

    A header that promises more than the file holds is found out when the file is decoded.
    """
    _check(source)
    already = _already_canonical(source)
    if already:
        return already.duration_s
    return header_length_s(source, str(source))


def header_length_s(source: Any, name: str) -> float:
    """Return the seconds of audio by the header of a path or an open file, which messages call ``name``.

    Raises :class:`InputError` for what is no audio, and for audio without a sample.
    """
    with _opened(source, name) as file:  # soundfile.info takes twice as long
        frames, rate_hz = file.frames, file.samplerate
    if frames == 0:
        raise _no_sample(name)
    return float(frames / rate_hz)


def default_cache() -> Path:
    """Return the folder for converted audio, below ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asr-align-harness" / "audio"


def _check(source: Path) -> None:
    try:
        found = source.exists()
    except (OSError, ValueError) as error:
        raise InputError("dataset.audio", f"'{str(source)[:80]}' ({_reason(error)})", AUDIO) from None
    if not found:
        raise InputError("dataset.audio", f"no file '{source}'", AUDIO)
    if not source.is_file():
        raise InputError("dataset.audio", f"'{source}', which is a folder" if source.is_dir() else f"'{source}'", AUDIO)
    if not os.access(source, os.R_OK):
        raise InputError("dataset.audio", f"'{source}', which may not be read", AUDIO)
    if source.stat().st_size == 0:
        raise InputError("dataset.audio", f"'{source}', which is empty", AUDIO)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _already_canonical(source: Path) -> Audio | None:
    """Read the header with the standard library, so that the usual case imports no decoder and reads no sample."""
    try:
        with source.open("rb") as file, wave.open(file, "rb") as audio:
            form = (audio.getframerate(), audio.getnchannels(), audio.getsampwidth(), audio.getcomptype())
            frames = audio.getnframes()
            held = os.fstat(file.fileno()).st_size - file.tell()  # the samples come next
            if form != (SAMPLE_RATE_HZ, 1, 2, "NONE") or held < 2 * frames:
                return None
    except (wave.Error, EOFError, RuntimeError):
        return None
    except OSError as error:
        raise InputError("dataset.audio", f"'{source}' ({_reason(error)})", AUDIO) from None
    if frames == 0:
        raise _no_sample(source)
    return Audio(source.resolve(), frames / SAMPLE_RATE_HZ)


def _no_sample(name: object) -> InputError:
    return InputError("dataset.audio", f"'{name}', which holds no sample", AUDIO)


def _stretch(source: Path, frames: int, rate_hz: int, offset_s: float, duration_s: float | None) -> _Stretch:
    """Return the frames that are meant of a file that has so many."""
    start = round(offset_s * rate_hz)
    end = None if duration_s is None else round((offset_s + duration_s) * rate_hz)
    if end is None or abs(end - frames) <= SLACK_S * rate_hz:
        end = frames
    if not start < end <= frames:
        raise _too_short(source, frames / rate_hz, offset_s, duration_s)
    return _Stretch() if (start, end) == (0, frames) else _Stretch(start, end)


def _too_short(source: Path, plays_s: float, offset_s: float, duration_s: float | None) -> InputError:
    found = f"'{source}' of {plays_s:g} s"
    if duration_s is None:
        return InputError("dataset.audio", found, f"audio beyond {offset_s:g} s")
    return InputError("dataset.audio", found, f"audio from {offset_s:g} s to {offset_s + duration_s:g} s")


def _converted(source: Path, cache: Path, stretch: _Stretch) -> Audio:
    target = cache / f"{_content(source)}{stretch.bounds}.wav"
    if target.exists():
        kept = _already_canonical(target)
        if kept:
            return kept
    try:
        frames = _write(target, _pcm(source, stretch))
    except OSError as error:
        found = f"'{cache}' ({error.strerror})"
        raise InputError("audio cache", found, "a folder that can be written; XDG_CACHE_HOME moves it") from None
    return Audio(target.resolve(), frames / SAMPLE_RATE_HZ)


def _content(source: Path) -> str:
    try:
        facts = source.stat()
        return _digest(source.resolve(), facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise InputError("dataset.audio", f"'{source}' ({_reason(error)})", AUDIO) from None


@lru_cache(_KEPT_DIGESTS)
def _digest(source: Path, size_bytes: int, mtime_ns: int) -> str:
    """Return the SHA-256 of a file, which thousands of stretches of one recording read once."""
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header(source: Path) -> tuple[int, int]:
    """Return how many frames a file says that it has, and how many make a second."""
    with _opened(source, str(source)) as file:
        return file.frames, file.samplerate


@contextmanager
def _opened(source: Any, name: str) -> Iterator["soundfile.SoundFile"]:
    """Yield an audio file, by its path or an open file.

    Whatever goes wrong with it, here or while it is read, is an InputError.
    """
    import soundfile  # with numpy 0.2 s, which a run on canonical audio need not wait for

    try:
        with soundfile.SoundFile(source) as file:
            if file.frames > _UNKNOWN_FRAMES:
                expected = "one that does; a copy encoded from a file, not from a pipe, is one"
                raise InputError("dataset.audio", f"'{name}', whose header does not say how long it is", expected)
            yield file
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: headerless by its name, as .raw
        reason = " ".join(str(error).rpartition(": ")[2].split())
        raise InputError("dataset.audio", f"'{name}' ({reason})", AUDIO) from None


_LOUDEST = 1e6
"""Of full scale; what a damaged file says beyond it overflows when it is computed with, and is as far off the scale."""


def _blocks(source: Path, file: "soundfile.SoundFile", stretch: _Stretch) -> Iterator["_Samples"]:
    """Yield a stretch as blocks of samples of one channel, the mean of all, at the file's own rate."""
    import numpy as np

    if stretch.start:
        file.seek(stretch.start)
    most = max(1, _BLOCK_SAMPLES // file.channels)
    left = _UNKNOWN_FRAMES if stretch.end is None else stretch.end - stretch.start
    while left > 0:
        block = file.read(min(most, left), dtype="float32", always_2d=True)
        if not len(block):
            return
        if not np.isfinite(block).all():
            raise InputError("dataset.audio", f"'{source}' with samples that are no numbers", AUDIO)
        block.clip(-_LOUDEST, _LOUDEST, out=block)
        left -= len(block)
        yield block.mean(axis=1)


def _pcm(source: Path, stretch: _Stretch) -> Iterator[bytes]:
    """Yield a stretch as signed 16-bit samples at 16 kHz: to the bit what converting it in one piece gives."""
    import numpy as np
    import soxr

    read = written = 0
    with _opened(source, str(source)) as file:
        rate_hz, resampler = file.samplerate, None
        if rate_hz != SAMPLE_RATE_HZ:
            resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="VHQ")
        for mono in _blocks(source, file, stretch):
            read += len(mono)
            pcm = _rounded(mono if resampler is None else resampler.resample_chunk(mono))
            written += len(pcm)
            yield pcm
    if resampler is not None and read:
        pcm = _rounded(resampler.resample_chunk(np.empty(0, np.float32), last=True))
        written += len(pcm)
        yield pcm
    if not written:
        raise _no_sample(source)


def _rounded(mono: "_Samples") -> bytes:
    return bytes((mono * _FULL_SCALE).round().clip(-_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes())


def wav_header(samples: int) -> bytes:
    """Return what stands before so many samples in a canonical file (RIFF, PCM, 44 bytes).

    :mod:`wave` writes the same, but where Ctrl-C comes in the middle of it, it raises an error of its own, or, closing
    a file that nobody holds any more, loses the interrupt.
    """
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + 2 * samples, b"WAVE") + form + struct.pack("<4sI", b"data", 2 * samples)


def write_pcm(target: Path, pcm: bytes) -> None:
    """Write samples as a canonical file: to a temporary name, then renamed. Makes the folder; raises OSError."""
    _write(target, [pcm])


def _write(target: Path, blocks: Iterable[bytes]) -> int:
    """Write blocks of samples as :func:`write_pcm` does, and return how many samples they were."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    written = 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(wav_header(0))
            for block in blocks:
                file.write(block)
                written += len(block) // 2
            file.seek(0)
            file.write(wav_header(written))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return written
