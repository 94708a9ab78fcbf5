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


def test_the_common_keys_choose_among_a_recordings_chunks() -> None:
    """With the seed of the run; a recording of which nothing is left out has no record of a choice."""
    chunks = {"audio": "samples/jfk.wav", "chunk": "fixed", "chunk_s": 2}
    assert open_corpus(chunks, SHIPPED).record is None
    corpora = [open_corpus({**chunks, "subset": 3}, SHIPPED, seed) for seed in (1, 1, 2)]
    ids = [[entry.id for entry in corpus.entries()] for corpus in corpora]
    assert ids[0] == ids[1] != ids[2]
    assert corpora[0].record is not None
    assert (corpora[0].record.form, corpora[0].record.left_out) == ("recording", {"subset": 3})
    with pytest.raises(ConfigError, match=r"^dataset.subset: found 0, "):
        open_corpus({**chunks, "subset": 0}, SHIPPED)
