from harness.corpus.corpus import Corpus, decoded
from harness.corpus.entry import Entry
from harness.records import Utterance


def test_an_utterance_is_decoded_when_it_is_asked_for() -> None:
    """Each time anew, and none by what is asked of its entry."""
    made: list[str] = []

    def decode(entry: Entry) -> Utterance:
        made.append(entry.id)
        return Utterance(entry.id, entry.audio, f"/canonical/{entry.audio}", 1.0)

    corpus = Corpus([Entry(id="a", audio="a.wav"), Entry(id="b", audio="b.wav", reference="B")], decode)
    assert (len(corpus), corpus.entry(1).reference, [entry.id for entry in corpus.entries()]) == (2, "B", ["a", "b"])
    assert made == []
    assert (corpus[1].canonical, corpus[1].id, made) == ("/canonical/b.wav", "b", ["b", "b"])


def test_what_is_decoded_already_is_given_as_it_is() -> None:
    """Its entries say of it what the dataset would have said."""
    one = Utterance("a", "a.wav", "/a.wav", 2.0, reference="A", speaker="S", recording="whole", offset_s=3.0)
    corpus = decoded([one])
    assert corpus[0] is one
    assert corpus.entry(0) == Entry(
        id="a", audio="a.wav", offset_s=3.0, duration_s=2.0, reference="A", speaker="S", recording="whole"
    )
