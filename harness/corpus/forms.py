"""Which forms of dataset there are, and the one that a configuration means by its key ``form``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.corpus.choice import Choice, choice_of
from harness.corpus.corpus import Corpus, decoded
from harness.corpus.opened import narrowed
from harness.corpus.recording import utterances
from harness.errors import ConfigError

FORM = "form"
RECORDING = "recording"
"""The form of a dataset that names none: one recording with its transcript."""


def _recording(dataset: Mapping[str, Any], shipped: Path) -> Corpus:
    return decoded(utterances(dataset, shipped))


FORMS: Mapping[str, Callable[[Mapping[str, Any], Path], Corpus]] = {RECORDING: _recording}


def open_corpus(dataset: Mapping[str, Any], shipped: Path, seed: int = 0) -> Corpus:
    """Return the corpus that a dataset's configuration names.

    ``shipped`` is the folder in which relative paths are looked up second, ``seed`` that of a random subset.
    Raises :class:`ConfigError` for an unknown form or key, and :class:`harness.errors.InputError` for what cannot be
    worked on.
    """
    form = dataset.get(FORM, RECORDING)
    if form not in FORMS:
        raise ConfigError(f"dataset.{FORM}", repr(form), "a form of dataset", FORMS)
    choice, keys = choice_of({key: value for key, value in dataset.items() if key != FORM})
    corpus = FORMS[form](keys, shipped)
    return corpus if choice == Choice() else narrowed(corpus, choice, seed, form)
