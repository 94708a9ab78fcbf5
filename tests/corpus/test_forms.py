from pathlib import Path

import pytest

from harness.corpus.forms import open_corpus
from harness.errors import ConfigError
from harness.records import Utterance

SHIPPED = Path(__file__).parents[2]


def test_a_dataset_without_a_form_is_a_recording() -> None:
    """Its utterance is the recording, whole."""
    corpus = open_corpus({"audio": "samples/jfk.wav", "transcript": "samples/jfk.txt"}, SHIPPED)
    assert len(corpus) == 1
    one = corpus[0]
    assert isinstance(one, Utterance)
    assert (one.id, one.duration_s, corpus.entry(0).reference) == ("jfk", 11.0, one.reference)


def test_an_unknown_form_is_refused() -> None:
    """With the forms there are."""
    with pytest.raises(ConfigError) as caught:
        open_corpus({"form": "manifst"}, SHIPPED)
    assert str(caught.value).startswith("dataset.form: found 'manifst', expected a form of dataset; choose from: ")
