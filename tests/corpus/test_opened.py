from pathlib import Path

import pytest

from harness.corpus.choice import Choice
from harness.corpus.corpus import decoded
from harness.corpus.entry import BadEntry, Entry
from harness.corpus.opened import corpus_of, narrowed, undecoded, utterance_of
from harness.errors import InputError
from harness.exchange import Word
from harness.records import Utterance
from tests.corpus.made import Made, made
from tests.test_audio import write_wav


def test_what_is_chosen_is_decoded_when_it_is_asked_for() -> None:
    """By the number in the choice, not in the dataset; the record is the choice's."""
    asked: list[str] = []

    def decode(entry: Entry) -> Utterance:
        asked.append(entry.id)
        return undecoded(entry)

    corpus = corpus_of(made(5), Choice(min_duration_s=3.0), 0, "manifest", decode)
    assert (len(corpus), corpus.entry(1).id, [one.id for one in corpus.entries()]) == (3, "u03", ["u02", "u03", "u04"])
    assert asked == []
    assert (corpus[0].id, asked) == ("u02", ["u02"])
    assert corpus.record is not None
    assert (corpus.record.form, corpus.record.left_out, corpus.notes) == ("manifest", {"min_duration_s": 2}, ())


def test_an_utterance_is_what_its_entry_says_of_its_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the canonical file and how long that is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    entry = Entry(
        id="a",
        audio=str(write_wav(tmp_path / "long.wav", frames=16_000)),
        offset_s=0.25,
        duration_s=0.5,
        reference="said",
        speaker="S",
        language="en",
        words=(Word("said", 0.0, 100.0),),
        synthetic="spliced",
        recording="long",
    )
    found = utterance_of(entry)
    assert Path(found.canonical).name.endswith("-4000-12000.wav")
    expected = Utterance(
        id="a",
        audio=entry.audio,
        canonical=found.canonical,
        duration_s=0.5,
        reference="said",
        recording="long",
        offset_s=0.25,
        speaker="S",
        language="en",
        reference_words=entry.words,
        synthetic="spliced",
    )
    assert found == expected
    assert undecoded(entry).canonical == ""
    assert undecoded(Entry(id="b", audio="b.wav")).duration_s == 0.0


def test_what_cannot_be_decoded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The utterance, or the cache, whose fault it is."""
    with pytest.raises(InputError, match=r"^utterance 'a': found no file 'no.wav', expected an audio file: "):
        utterance_of(Entry(id="a", audio="no.wav"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(write_wav(tmp_path / "no folder")))
    with pytest.raises(InputError, match=r"^audio cache: found "):
        utterance_of(Entry(id="a", audio=str(write_wav(tmp_path / "a.wav", channels=2))))


def test_skipped_entries_are_a_note_of_the_run() -> None:
    """How many, and the first three."""
    bad = [BadEntry(f"line {number}", "'x'", "JSON") for number in range(1, 6)]
    corpus = corpus_of(Made(made(2).entries, bad), Choice(on_bad="skip"), 0, "manifest")
    assert corpus.notes == (
        "dataset.on_bad=skip: 5 of 7 entries cannot be used: line 1: found 'x', expected JSON; "
        "line 2: found 'x', expected JSON; line 3: found 'x', expected JSON; and 2 more",
    )


def test_a_corpus_that_is_decoded_can_be_narrowed() -> None:
    """Its utterances stay the same objects."""
    utterances = [Utterance(name, "a.wav", f"/{name}.wav", 1.0) for name in "abc"]
    corpus = narrowed(decoded(utterances), Choice(matching="[bc]"), 0, "recording")
    assert [corpus[number] for number in range(len(corpus))] == utterances[1:]
    assert corpus[0] is utterances[1]
    assert corpus.record is not None
    assert corpus.record.left_out == {"matching": 1}
