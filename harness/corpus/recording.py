"""From what the configuration names to the utterances of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any, get_args

from harness.audio import Audio, Cut, canonical, default_cache
from harness.corpus.lookup import found, is_folder, is_there
from harness.corpus.transcript import Transcript, read_transcript
from harness.corpus.word_times import check_words
from harness.errors import ConfigError, InputError
from harness.records import Utterance

CHUNKS = ("whole", *get_args(Cut))
MIN_CHUNK_S = 1.0
"""Shorter pieces hold no word, and the quietest place of half of one is inside a sound."""


@dataclass(frozen=True, slots=True)
class Source:
    """The keys of a dataset's YAML.

    ``audio`` is a file; ``transcript`` what is said in it, or None: a UTF-8 text file; or a TextGrid or a CTM, which
    say when each word is spoken too. Relative paths are looked up in the working directory, then in the folder that
    travels with the harness. ``chunk`` is ``whole``, or how the recording is cut into utterances of at most
    ``chunk_s`` seconds.
    """

    audio: str
    transcript: str | None = None
    chunk: str = "whole"
    chunk_s: float = 30.0


def utterances(dataset: Mapping[str, Any], shipped: Path) -> tuple[Utterance, ...]:
    """Return the utterances that a dataset's configuration names; audio is decoded here, before anything is timed.

    ``shipped`` is the folder in which relative paths are looked up second. Raises :class:`ConfigError` for an unknown
    key and :class:`InputError` for audio that cannot be used. A transcript that is missing or empty is no error: the
    utterance says why it has no reference, and so will every metric that needs one.
    """
    source = _source(dataset)
    path = found(source.audio, shipped)
    audio = canonical(path)
    if source.chunk != "whole":
        return _chunked(source, path.stem, audio)
    transcript = _reference(source.transcript, shipped)
    try:
        check_words(transcript.words, audio.duration_s)
    except InputError as error:
        raise InputError("dataset.transcript", error.found, error.expected) from None
    return (
        Utterance(
            id=path.stem,
            audio=source.audio,
            canonical=str(audio.path),
            duration_s=audio.duration_s,
            reference=transcript.text,
            no_reference=transcript.reason,
            recording=path.stem,
            reference_words=transcript.words,
        ),
    )


def _chunked(source: Source, recording: str, audio: Audio) -> tuple[Utterance, ...]:
    from harness.chunks import chunks  # with NumPy, which a whole recording need not wait for

    cut: Cut = "silence" if source.chunk == "silence" else "fixed"
    return tuple(
        Utterance(
            id=f"{recording}-{number:04}",
            audio=source.audio,
            canonical=str(chunk.audio.path),
            duration_s=chunk.audio.duration_s,
            no_reference="the transcript is of the whole recording, and this is a chunk of it",
            recording=recording,
            offset_s=chunk.offset_s,
        )
        for number, chunk in enumerate(chunks(audio, cut, source.chunk_s, default_cache()))
    )


def _source(dataset: Mapping[str, Any]) -> Source:
    names = [field.name for field in fields_of(Source)]
    for name in dataset:
        if name not in names:
            raise ConfigError(f"dataset.{name}", f"the key '{name}'", "a key of the dataset", names)
    audio, transcript = dataset.get("audio"), dataset.get("transcript")
    if not isinstance(audio, str) or not audio:
        raise ConfigError("dataset.audio", repr(audio), "the path of an audio file")
    if not audio.isprintable():
        raise InputError("dataset.audio", ascii(audio), "a path of printable characters")
    if not isinstance(transcript, str | None):
        raise ConfigError("dataset.transcript", repr(transcript), "the path of a text file, or null")
    chunk, chunk_s = dataset.get("chunk", "whole"), dataset.get("chunk_s", 30.0)
    if chunk not in CHUNKS:
        raise ConfigError("dataset.chunk", repr(chunk), "how to cut the recording", CHUNKS)
    if isinstance(chunk_s, bool) or not isinstance(chunk_s, int | float) or not MIN_CHUNK_S <= chunk_s < float("inf"):
        raise ConfigError("dataset.chunk_s", repr(chunk_s), f"a number of seconds of at least {MIN_CHUNK_S:g}")
    return Source(audio, transcript, chunk, float(chunk_s))


def _reference(name: str | None, shipped: Path) -> Transcript:
    if not name:
        return Transcript(reason="no transcript was named")
    path = found(name, shipped)
    if is_folder(path):
        raise InputError("dataset.transcript", f"'{path}', which is a folder", "a text file")
    if not is_there(path):
        return Transcript(reason=f"the transcript '{name}' does not exist")
    return read_transcript(path, name, "dataset.transcript")
