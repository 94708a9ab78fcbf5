"""From what the configuration names to the utterances of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

from harness.audio import canonical
from harness.errors import ConfigError, InputError
from harness.records import Utterance


@dataclass(frozen=True, slots=True)
class Source:
    """The keys of a dataset's YAML.

    ``audio`` is a file; ``transcript`` a UTF-8 text file with what is said in it, or None. Relative paths are looked
    up in the working directory, then in the folder that travels with the harness.
    """

    audio: str
    transcript: str | None = None


def utterances(dataset: Mapping[str, Any], shipped: Path) -> tuple[Utterance, ...]:
    """Return the utterances that a dataset's configuration names; audio is decoded here, before anything is timed.

    ``shipped`` is the folder in which relative paths are looked up second. Raises :class:`ConfigError` for an unknown
    key and :class:`InputError` for audio that cannot be used. A transcript that is missing or empty is no error: the
    utterance says why it has no reference, and so will every metric that needs one.
    """
    source = _source(dataset)
    path = _found(source.audio, shipped)
    audio = canonical(path)
    reference, no_reference = _reference(source.transcript, shipped)
    return (
        Utterance(
            id=path.stem,
            audio=source.audio,
            canonical=str(audio.path),
            duration_s=audio.duration_s,
            reference=reference,
            no_reference=no_reference,
        ),
    )


def _source(dataset: Mapping[str, Any]) -> Source:
    names = [field.name for field in fields_of(Source)]
    for name in dataset:
        if name not in names:
            raise ConfigError(f"dataset.{name}", f"the key '{name}'", "a key of the dataset", names)
    audio, transcript = dataset.get("audio"), dataset.get("transcript")
    if not isinstance(audio, str) or not audio:
        raise ConfigError("dataset.audio", repr(audio), "the path of an audio file")
    if not isinstance(transcript, str | None):
        raise ConfigError("dataset.transcript", repr(transcript), "the path of a text file, or null")
    return Source(audio, transcript)


def _found(name: str, shipped: Path) -> Path:
    path = Path(name).expanduser()
    if not path.is_absolute() and not path.exists() and (shipped / path).exists():
        return shipped / path
    return path


def _reference(name: str | None, shipped: Path) -> tuple[str | None, str | None]:
    if not name:
        return None, "no transcript was named"
    path = _found(name, shipped)
    if path.is_dir():
        raise InputError("dataset.transcript", f"'{path}', which is a folder", "a text file")
    if not path.exists():
        return None, f"the transcript '{name}' does not exist"
    try:
        text = " ".join(path.read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("dataset.transcript", f"'{path}' ({error})", "a text file in UTF-8") from None
    return (text, None) if text else (None, f"the transcript '{name}' is empty")
