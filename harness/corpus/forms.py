"""Which forms of dataset there are, and the one that a configuration means by its key ``form``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.audio import canonical
from harness.corpus.corpus import Corpus, decoded
from harness.corpus.entry import Entries, Entry, refuse_bad
from harness.corpus.folder import FolderOptions, read_folder
from harness.corpus.huggingface import HuggingfaceOptions, read_huggingface
from harness.corpus.keys import options_of
from harness.corpus.lhotse import LhotseOptions, read_lhotse
from harness.corpus.librispeech import LibrispeechOptions, read_librispeech
from harness.corpus.manifest import ManifestOptions, read_manifest
from harness.corpus.recording import utterances
from harness.errors import ConfigError, InputError
from harness.records import Utterance

FORM = "form"
RECORDING = "recording"
"""The form of a dataset that names none: one recording with its transcript."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a dataset lies on disk: the keys of its YAML, and what reads the entries that they name.

    ``read`` takes options and the folder in which relative paths are looked up second; what raises there is
    :class:`ConfigError` or :class:`harness.errors.InputError`, what cannot be worked on is in the entries' ``bad``.
    """

    name: str
    options: type[Any]
    read: Callable[[Any, Path], Entries]
    summary: str


READERS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("manifest", ManifestOptions, read_manifest, "JSON lines in NeMo's form"),
        Form("folder", FolderOptions, read_folder, "audio files with a .txt, .lab, .TextGrid or .ctm beside each"),
        Form("librispeech", LibrispeechOptions, read_librispeech, "a LibriSpeech tree"),
        Form("lhotse", LhotseOptions, read_lhotse, "a cut set of lhotse"),
        Form("huggingface", HuggingfaceOptions, read_huggingface, "a dataset of the library datasets on disk"),
    )
}
FORMS = (RECORDING, *READERS)


def open_corpus(dataset: Mapping[str, Any], shipped: Path) -> Corpus:
    """Return the corpus that a dataset's configuration names.

    ``shipped`` is the folder in which relative paths are looked up second. Raises :class:`ConfigError` for an unknown
    form or key, and :class:`harness.errors.InputError` for what cannot be worked on.
    """
    form = dataset.get(FORM, RECORDING)
    if form not in FORMS:
        raise ConfigError(f"dataset.{FORM}", repr(form), "a form of dataset", FORMS)
    keys = {key: value for key, value in dataset.items() if key != FORM}
    if form == RECORDING:
        return decoded(utterances(keys, shipped))
    options = options_of(READERS[form].options, keys)
    entries = READERS[form].read(options, shipped)
    if entries.bad:
        refuse_bad(entries.bad, source_of(options))
    if not len(entries):
        raise InputError("dataset", f"no entry in {source_of(options)}", "at least one utterance")
    return Corpus(entries, _utterance)  # type: ignore[arg-type]


def source_of(options: Any) -> str:
    """Return what the user named, by the first key of a form's options."""
    return f"'{getattr(options, fields(options)[0].name)}'"


def _utterance(entry: Entry) -> Utterance:
    audio = canonical(entry.file())
    return Utterance(
        id=entry.id,
        audio=entry.audio,
        canonical=str(audio.path),
        duration_s=audio.duration_s,
        reference=entry.reference,
        no_reference=entry.no_reference,
        recording=entry.recording,
        offset_s=entry.offset_s,
        speaker=entry.speaker,
        language=entry.language,
        reference_words=entry.words,
        synthetic=entry.synthetic,
    )
