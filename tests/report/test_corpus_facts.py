from harness.report.corpus_facts import corpus_rows, corpus_text
from tests import stored


def test_one_utterance_of_nobody() -> None:
    """Nothing is said of what there is none of."""
    corpus = stored.corpus(utterances=1, speakers=0, left_out={}, duration_s=4.0)
    assert corpus_text(corpus) == "manifest, 1 utterance, 4 s, selection 0123456789ab"


def test_synthetic_speech_is_said() -> None:
    """However it was made."""
    corpus = stored.corpus(
        left_out={"speakers": 1_000, "limit_s": 2}, entries=1_022, synthetic=("espeak-ng", "spliced")
    )
    assert corpus_text(corpus).split("; ")[1:] == [
        "left out of 1,022: 1,000 by speakers, 2 by limit_s",
        "synthetic speech: espeak-ng, spliced",
    ]


def test_rows() -> None:
    """The whole hash is among them; a recording has none."""
    assert corpus_rows(stored.run()) == []
    rows = dict(corpus_rows(stored.run(corpus=stored.corpus(entries=1_000))))
    assert (rows["corpus.entries"], rows["corpus.sha256"]) == ("1,000", "0123456789abcdef" * 4)
