"""What a stage is asked and what it answers with: all that the measured process needs of the records.

It is apart from :mod:`harness.records` because importing those costs a process 0.7 MiB.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["asr", "aligner"]
ROLES: tuple[str, ...] = get_args(Role)
Streams = Literal["nothing", "pieces", "hypotheses"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word and when it is spoken, in milliseconds from the start of the audio.

    ``quality`` is between 0 and 1, how well the word fits what is heard there by the engine's own account; None where
    it gives none.
    """

    text: str
    start_ms: float
    end_ms: float
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a stage is asked to work on.

    ``pcm`` holds the samples (16 kHz, mono, signed 16-bit little-endian) for stages that declare ``takes_pcm``; for
    the others it is empty and ``audio`` is the absolute path of a canonical file. ``text`` is what an aligner aligns.
    """

    audio: str
    duration_s: float
    pcm: bytes = b""
    text: str = ""
