"""Any audio file to the one form that every engine is given: WAV, 16 kHz, mono, signed 16 bit.

A file that has the form already is used where it lies. Any other is converted once, before anything is timed, into a
cache that is keyed by the file's content. Decoding is libsndfile's (WAV, FLAC, MP3, Ogg and more), resampling is
soxr's.
"""

import hashlib
import os
import tempfile
import wave
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from harness.errors import InputError

SAMPLE_RATE_HZ = 16_000
_FULL_SCALE = 32_768.0
"""What libsndfile divides 16-bit samples by, so that a lossless file comes out as it went in."""
Cut = Literal["fixed", "silence"]
"""How a long recording is cut into chunks."""
_EXPECTED = "an audio file: WAV, FLAC, MP3, Ogg or what else libsndfile reads"


@dataclass(frozen=True, slots=True)
class Audio:
    """A canonical file and how long it plays."""

    path: Path
    duration_s: float


def canonical(source: Path, cache: Path | None = None) -> Audio:
    """Return the canonical form of an audio file, converting it where it is not canonical.

    ``cache`` is where converted files are kept (default: ``audio`` in the user's cache folder). Raises
    :class:`InputError` for a file that is missing, empty, a folder, or no audio.
    """
    _check(source)
    already = _already_canonical(source)
    return already or _converted(source, cache or default_cache())


def default_cache() -> Path:
    """Return the folder for converted audio, below ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asr-align-harness" / "audio"


def _check(source: Path) -> None:
    try:
        found = source.exists()
    except (OSError, ValueError) as error:
        raise InputError("dataset.audio", f"'{str(source)[:80]}' ({_reason(error)})", _EXPECTED) from None
    if not found:
        raise InputError("dataset.audio", f"no file '{source}'", _EXPECTED)
    if not source.is_file():
        raise InputError(
            "dataset.audio", f"'{source}', which is a folder" if source.is_dir() else f"'{source}'", _EXPECTED
        )
    if not os.access(source, os.R_OK):
        raise InputError("dataset.audio", f"'{source}', which may not be read", _EXPECTED)
    if source.stat().st_size == 0:
        raise InputError("dataset.audio", f"'{source}', which is empty", _EXPECTED)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _already_canonical(source: Path) -> Audio | None:
    """Read the header with the standard library, so that the usual case imports no decoder."""
    try:
        with wave.open(str(source), "rb") as audio:
            form = (audio.getframerate(), audio.getnchannels(), audio.getsampwidth(), audio.getcomptype())
            frames = audio.getnframes()
            if form != (SAMPLE_RATE_HZ, 1, 2, "NONE") or len(audio.readframes(frames)) != 2 * frames:
                return None
    except (wave.Error, EOFError):
        return None
    if frames == 0:
        raise InputError("dataset.audio", f"'{source}', which holds no sample", _EXPECTED)
    return Audio(source.resolve(), frames / SAMPLE_RATE_HZ)


def _converted(source: Path, cache: Path) -> Audio:
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = cache / f"{digest}.wav"
    if target.exists():
        kept = _already_canonical(target)
        if kept:
            return kept
    pcm = _decode(source)
    try:
        write_pcm(target, pcm)
    except OSError as error:
        found = f"'{cache}' ({error.strerror})"
        raise InputError("audio cache", found, "a folder that can be written; XDG_CACHE_HOME moves it") from None
    return Audio(target.resolve(), len(pcm) / 2 / SAMPLE_RATE_HZ)


def _decode(source: Path) -> bytes:
    import soundfile  # with numpy 0.2 s, which a run on canonical audio need not wait for
    import soxr

    try:
        samples, rate_hz = soundfile.read(source, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:  # TypeError: headerless by its name, as .raw
        reason = " ".join(str(error).rpartition(": ")[2].split())
        raise InputError("dataset.audio", f"'{source}' ({reason})", _EXPECTED) from None
    if not len(samples):
        raise InputError("dataset.audio", f"'{source}', which holds no sample", _EXPECTED)
    if not isfinite(float(samples.sum())):
        raise InputError("dataset.audio", f"'{source}' with samples that are no numbers", _EXPECTED)
    mono = samples.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ, quality="VHQ")
    return bytes((mono * _FULL_SCALE).round().clip(-_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes())


def write_pcm(target: Path, pcm: bytes) -> None:
    """Write samples as a canonical file: to a temporary name, then renamed. Makes the folder; raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as audio:
            audio.setnchannels(1)
            audio.setsampwidth(2)
            audio.setframerate(SAMPLE_RATE_HZ)
            audio.writeframes(pcm)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
