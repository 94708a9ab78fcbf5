from collections.abc import Sequence
from typing import Any

import pytest

from harness.analysis.accuracy import Counts
from harness.analysis.confusions import Confusion
from harness.analysis.corpus_accuracy import WORST, StageAccuracy
from harness.analysis.marked_text import Piece
from harness.analysis.statistics import corpus_interval
from harness.analysis.summary import Summary, summarise
from harness.records import Trial
from tests.analysis.corpora import heard, run

REFERENCES = ("one two three four", "ask not", "the cat sat", "five six seven eight nine")
WRITTEN = ("one two tree four", "ask not", "", "five uh six tree eight nine")
CHINESE = "\u4f60\u597d\u4e16\u754c"


def corpus(*, iterations: int = 1, normalizer: str = "basic", **changes: Any) -> list[Trial]:
    """Return four utterances: one substitution; right; empty; a substitution and an insertion."""
    return [
        heard(
            iteration * 4 + index,
            *texts,
            normalizer,
            id=f"u{index}",
            **{name: values[index] for name, values in changes.items()},
        )
        for iteration in range(iterations)
        for index, texts in enumerate(zip(REFERENCES, WRITTEN, strict=True))
    ]


def summary(trials: Sequence[Trial], of: str = "basic", **recorded: Any) -> Summary:
    """Return the summary of a run of these trials."""
    return summarise(run(trials, of, **recorded), trials)


def accuracy(trials: Sequence[Trial], **recorded: Any) -> StageAccuracy:
    """Return what it says of the ASR."""
    return summary(trials, **recorded).accuracy["asr"]


def test_sums_means_and_shares() -> None:
    """2 S, 3 D and 1 I over 14 words; one utterance in four is right, one is empty."""
    found = accuracy(corpus())
    assert found.words.counts == Counts(2, 3, 1, 9)
    assert (found.words.edits, found.words.length, found.words.rate) == (6, 14, 6 / 14)
    assert found.words.mean == pytest.approx((1 / 4 + 0 + 1 + 2 / 5) / 4)
    assert found.words.median == pytest.approx((1 / 4 + 2 / 5) / 2)
    assert found.characters.counts is not None
    assert found.characters.counts.length == found.characters.length == 18 + 7 + 11 + 25
    assert (found.utterances, found.trials, found.correct, found.empty, found.unscored) == (4, 4, 1, 1, 0)
    assert (found.sentence_error_rate, found.main, found.spaceless) == (0.75, "wer", 0)
    assert (found.normalizer, found.marked_with) == ("basic 1", "basic 1")


def test_interval_draws_utterances() -> None:
    """It is the one of the utterances' sums, in the accuracy and in the metric; iterations do not narrow it."""
    for iterations in (1, 5):
        made = summary(corpus(iterations=iterations))
        found, metric = made.accuracy["asr"], made.metrics["asr.wer"]
        expected = corpus_interval([1 * iterations, 0, 3 * iterations, 2 * iterations], [4, 2, 3, 5])
        assert expected is not None
        assert found.words.interval == pytest.approx(tuple(end / iterations for end in expected))
        assert (found.interval_over, found.units) == ("utterances", 4)
        assert metric.interval == found.words.interval
        assert (metric.interval_over, metric.units, metric.n) == ("utterances", 4, 4 * iterations)


def test_interval_draws_speakers_where_they_are_known() -> None:
    """Three speakers, of whom one said two of the four utterances."""
    made = summary(corpus(speaker=("a", "b", "c", "a")))
    assert made.accuracy["asr"].words.interval == corpus_interval([3, 0, 3], [9, 2, 3])
    assert (made.metrics["asr.wer"].interval_over, made.metrics["asr.wer"].units) == ("speakers", 3)
    assert (made.accuracy["asr"].interval_over, made.accuracy["asr"].speakers) == ("speakers", 3)


def test_one_sentence_five_times() -> None:
    """There is a figure and no interval."""
    made = summary([heard(index, "and so my", "and so by", id="a") for index in range(5)])
    assert (made.metrics["asr.wer"].value, made.metrics["asr.wer"].interval) == (1 / 3, None)
    found = made.accuracy["asr"]
    assert (found.words.interval, found.interval_over, found.units, found.utterances) == (None, "", 1, 1)


def test_worst_utterances() -> None:
    """By their rate; the right one is not among them, and the edits are marked."""
    found = accuracy(corpus(speaker=("a", "b", None, "a"))).worst
    assert [(one.utterance, one.speaker, one.wer, one.trial) for one in found] == [
        ("u2", None, 1.0, 2),
        ("u3", "a", 0.4, 3),
        ("u0", "a", 0.25, 0),
    ]
    assert found[0].pieces == (Piece("deletion", ("the", "cat", "sat"), ()),)
    assert found[2].pieces == (
        Piece("none", ("one", "two"), ("one", "two")),
        Piece("substitution", ("three",), ("tree",)),
        Piece("none", ("four",), ("four",)),
    )


def test_confusions_count_each_wrong_trial() -> None:
    """Twice over the same corpus, each edit came twice, in one place."""
    found = accuracy(corpus(iterations=2)).confusions
    assert found.frequent == (
        Confusion("substitution", "seven", "tree", 2, 1),
        Confusion("substitution", "three", "tree", 2, 1),
        Confusion("deletion", "cat", "", 2, 1),
        Confusion("deletion", "sat", "", 2, 1),
        Confusion("deletion", "the", "", 2, 1),
        Confusion("insertion", "", "uh", 2, 1),
    )


def test_a_large_corpus_has_a_small_summary() -> None:
    """Of a hundred wrong utterances ten are kept, equal ones as they came."""
    found = accuracy([heard(index, f"word{index} so", "so") for index in range(100)])
    assert [one.utterance for one in found.worst] == [f"u{index}" for index in range(WORST)]
    assert (len(found.confusions.frequent), found.confusions.different["deletion"]) == (10, 100)


def test_languages_without_spaces_make_cer_the_main_figure() -> None:
    """Where they are more than half of the utterances; the note says so, and WER is no main figure then."""
    texts = [(CHINESE, CHINESE), (CHINESE, CHINESE[1:]), ("and so", "and so")]
    made = summary([heard(index, *pair) for index, pair in enumerate(texts)])
    found = made.accuracy["asr"]
    assert (found.main, found.spaceless, found.main_rate) == ("cer", 2, found.characters)
    assert (found.characters.edits, found.characters.length, found.correct) == (1, 4 + 4 + 6, 2)
    assert (made.metrics["asr.cer"].main, made.metrics["asr.wer"].main) == (True, False)
    assert made.notes[0] == (
        "asr: CER is the main figure, without spaces, for 2 of 3 utterances are in languages written without spaces "
        "between words"
    )
    assert found.worst[0].pieces == (
        Piece("deletion", (CHINESE[0],), ()),
        Piece("none", tuple(CHINESE[1:]), tuple(CHINESE[1:])),
    )
    half = summary([heard(0, CHINESE, CHINESE), heard(1, "and so", "and so")])
    assert (half.accuracy["asr"].main, half.metrics["asr.wer"].main, half.notes) == ("wer", True, ())


def test_a_normaliser_that_is_not_here() -> None:
    """The stored counts stand; marks are on basic text, and the record says of what each is."""
    trials = corpus()
    for recorded, said in (({"normalizer_version": "7"}, "basic 7"), ({"normalizer": "acme"}, "acme 1")):
        found = accuracy(trials, **recorded)
        assert (found.normalizer, found.marked_with) == (said, "basic 1")
        assert (found.words.counts, found.worst) == (Counts(2, 3, 1, 9), accuracy(trials).worst)


def test_unscored_utterances_are_counted() -> None:
    """One without a reference, one of punctuation; a run of nothing else has no accuracy."""
    nothing = [heard(4, None, "so", no_reference="none"), heard(5, "...", "so")]
    assert accuracy([*corpus(), *nothing]).unscored == 2
    assert summary(nothing).accuracy == {}


def test_an_english_normaliser_on_another_language() -> None:
    """It is said; an utterance of which nobody says the language is taken for English."""
    trials = corpus(normalizer="whisper", language=("en-GB", "fr", "de", None))
    assert summary(trials, "whisper").notes == ("the normaliser whisper is for en; 2 of 4 utterances are in de, fr",)
    assert summary(corpus(language=("fr",) * 4)).notes == ()


@pytest.mark.parametrize(
    ("reference", "written", "edits", "length"),
    [
        ("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "\u05e9\u05dc\u05d5\u05dd", 1, 2),
        ("ask <i>not</i> what", "ask <i>knot</i> what", 1, 5),
        ("red\x1b[31m alert\x00", "red alert", 1, 3),
        ("\u202eabc\u202c def", "abc def", 0, 2),
    ],
    ids=["right to left", "markup", "control characters", "overrides of direction"],
)
def test_odd_texts(reference: str, written: str, edits: int, length: int) -> None:
    """They are counted as the basic normaliser leaves them."""
    found = accuracy([heard(0, reference, written)])
    assert (found.words.edits, found.words.length) == (edits, length)
