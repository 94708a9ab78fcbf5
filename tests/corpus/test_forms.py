from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml

from harness.corpus.forms import FORM, READERS, Form, open_corpus
from harness.errors import ConfigError, InputError, UnusableEntries
from harness.records import Utterance
from tests.test_audio import write_wav

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


@pytest.mark.parametrize("form", READERS.values(), ids=lambda form: form.name)
def test_every_form_has_its_file_of_keys(form: Form) -> None:
    """With the defaults of its options; the one that has to be said is null there, and refused with its name."""
    keys = yaml.safe_load((SHIPPED / "conf" / "dataset" / f"{form.name}.yaml").read_text(encoding="utf-8"))
    defaults = {one.name: None if one.default is MISSING else one.default for one in fields(form.options)}
    assert {key: keys[key] for key in (FORM, *defaults)} == {FORM: form.name, **defaults}
    with pytest.raises(ConfigError) as caught:
        open_corpus({FORM: form.name}, SHIPPED)
    assert str(caught.value).startswith(f"dataset.{next(iter(defaults))}: found null, expected the path of ")


def test_a_dataset_without_an_entry_is_refused(tmp_path: Path) -> None:
    """An empty file is no corpus."""
    (tmp_path / "m.jsonl").write_text("\n")
    with pytest.raises(InputError) as caught:
        open_corpus({FORM: "manifest", "manifest": str(tmp_path / "m.jsonl")}, SHIPPED)
    assert str(caught.value) == f"dataset: found no entry in '{tmp_path}/m.jsonl', expected at least one utterance"


def test_bad_entries_are_refused_together(tmp_path: Path) -> None:
    """Before anything is decoded."""
    (tmp_path / "m.jsonl").write_text("{}\n[]\n")
    with pytest.raises(UnusableEntries) as caught:
        open_corpus({FORM: "manifest", "manifest": str(tmp_path / "m.jsonl")}, SHIPPED)
    lines = caught.value.shown().splitlines()
    assert lines[0] == (
        f"dataset: found 2 bad entries in '{tmp_path}/m.jsonl', expected none; dataset.on_bad=skip runs the rest"
    )
    assert [line[:16] for line in lines[1:]] == ["  line 1: found ", "  line 2: found "]


def test_the_common_keys_choose_among_what_a_form_reads(tmp_path: Path) -> None:
    """Bad lines stop the run or are skipped, and counted either way; the source is called by its name."""
    write_wav(tmp_path / "a.wav", frames=16_000)
    manifest = tmp_path / "m.jsonl"
    stretch = '{"audio_filepath": "a.wav", "text": "said", "duration": 0.25, "offset": '
    manifest.write_text("".join(f"{stretch}{offset}}}\n" for offset in (0.0, 0.25, 0.5)) + "no JSON\n")
    dataset = {"form": "manifest", "manifest": str(manifest), "subset": 2}
    with pytest.raises(UnusableEntries, match=f"^dataset: found 1 bad entry in '{manifest}', expected none"):
        open_corpus(dataset, SHIPPED)
    corpus = open_corpus({**dataset, "on_bad": "skip"}, SHIPPED, 3)
    assert corpus.record is not None
    assert (corpus.record.entries, corpus.record.bad, corpus.record.left_out) == (4, 1, {"subset": 1})
    assert (len(corpus), corpus.record.duration_s) == (2, 0.5)
    with pytest.raises(ConfigError, match="choose from: subset, "):
        open_corpus({**dataset, "subst": 2}, SHIPPED)
