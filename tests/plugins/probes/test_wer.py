from dataclasses import replace
from importlib.metadata import version

import pytest

from harness.errors import ConfigError
from harness.metrics import Measurement, absent, ratio
from harness.records import Trial, Visit
from plugins.probes.wer import Wer
from tests import stored

COUNTS = ("substitutions", "deletions", "insertions", "hits")
RATES = ("wer", "cer", "wer_raw", *COUNTS, *(f"char_{name}" for name in COUNTS))


def probe(normalizer: str = "basic") -> Wer:
    """Return the probe."""
    return Wer(Wer.Options(normalizer))


def trial(reference: str | None, hypothesis: str | None, no_reference: str | None = None) -> Trial:
    """Return a trial whose ASR wrote this."""
    visit = Visit(stage="asr", role="asr", text=hypothesis)
    return stored.trial(
        utterance=stored.utterance(reference=reference, no_reference=no_reference),
        visits=(visit,),
    )


def measure(trial: Trial, normalizer: str = "basic") -> dict[str, Measurement]:
    """Return the probe's answer by metric."""
    return {measurement.metric: measurement for measurement in probe(normalizer).measure(trial)}


@pytest.mark.parametrize(
    ("reference", "hypothesis", "substitutions", "deletions", "insertions", "hits"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", 0, 0, 0, 6),
        ("the cat sat", "the bat sat", 1, 0, 0, 2),
        ("the cat sat", "the sat", 0, 1, 0, 2),
        ("the cat sat", "the big cat sat", 0, 0, 1, 3),
        ("one two three four", "one six three four five", 1, 0, 1, 3),
        ("one two three four", "six two three", 1, 1, 0, 2),
        ("one two three four", "", 0, 4, 0, 0),
        ("one two three four", "  ...  ", 0, 4, 0, 0),
        ("yes", "yes yes yes", 0, 0, 2, 1),
        ("yes", "oh no no", 1, 0, 2, 0),
        ("Ask not: what?", "ask NOT what", 0, 0, 0, 3),
        ("Don't stop", "don\N{RIGHT SINGLE QUOTATION MARK}t, stop!", 0, 0, 0, 2),
    ],
)
def test_word_counts(
    reference: str, hypothesis: str, substitutions: int, deletions: int, insertions: int, hits: int
) -> None:
    """S, D, I and H are those that are counted by hand, each over the N words of the reference."""
    found = measure(trial(reference, hypothesis))
    length = substitutions + deletions + hits
    assert found["wer"] == ratio("asr", "wer", substitutions + deletions + insertions, length)
    assert found["substitutions"] == ratio("asr", "substitutions", substitutions, length)
    assert found["deletions"] == ratio("asr", "deletions", deletions, length)
    assert found["insertions"] == ratio("asr", "insertions", insertions, length)
    assert found["hits"] == ratio("asr", "hits", hits, length)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits", "length"),
    [
        ("the cat sat", "the bat sat", 1, 11),
        ("the cat sat", "the sat", 4, 11),
        ("the cat sat", "the big cat sat", 4, 11),
        ("to day", "today", 1, 6),
        ("The cat!", "the  cat", 0, 7),
        ("abc", "", 3, 3),
    ],
)
def test_character_counts(reference: str, hypothesis: str, edits: int, length: int) -> None:
    """Characters are counted in the normalised text, spaces included."""
    assert measure(trial(reference, hypothesis))["cer"] == ratio("asr", "cer", edits, length)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "raw"),
    [
        ("Ask not.", "ask not.", (1, 2)),
        ("Ask not.", "ask not", (2, 2)),
        ("Ask   not.", "Ask\nnot.", (0, 2)),
        ("Ask not.", "", (2, 2)),
    ],
)
@pytest.mark.parametrize("normalizer", ["basic", "none"])
def test_raw_score(normalizer: str, reference: str, hypothesis: str, raw: tuple[int, int]) -> None:
    """The raw score is of the text as it was written, spaces folded, whatever the normaliser."""
    assert measure(trial(reference, hypothesis), normalizer)["wer_raw"] == ratio("asr", "wer_raw", *raw)


def test_normaliser_none() -> None:
    """Without a normaliser, capitals and punctuation are errors."""
    found = measure(trial(stored.REFERENCE, stored.TRANSCRIPT), "none")
    assert found["wer"] == ratio("asr", "wer", 4, 5)
    assert found["hits"] == ratio("asr", "hits", 1, 5)


def test_more_errors_than_words() -> None:
    """A rate above 100 % is said as it is."""
    found = measure(trial("yes", "oh no no"))["wer"]
    assert (found.numerator, found.denominator) == (3, 1)


@pytest.mark.parametrize(
    ("language", "reference", "hypothesis", "counts"),
    [
        ("en", "the cat sat", "the bat sits", (2, 0, 1, 9)),
        (None, "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u4f60\u53f7\u4e16\u754c", (1, 0, 0, 3)),
        ("ja", "ab cd", "abcd", (0, 0, 0, 4)),
        ("ko", "ab cd", "abcd", (0, 1, 0, 4)),
    ],
)
def test_counts_of_characters(
    language: str | None, reference: str, hypothesis: str, counts: tuple[int, int, int, int]
) -> None:
    """S, D, I and H; spaces are characters, but in languages that are written without them."""
    one = trial(reference, hypothesis)
    one = replace(one, utterance=replace(one.utterance, language=language))
    found = measure(one)
    length = counts[0] + counts[1] + counts[3]
    assert [found[f"char_{name}"] for name in COUNTS] == [
        ratio("asr", f"char_{name}", count, length) for name, count in zip(COUNTS, counts, strict=True)
    ]
    assert found["cer"] == ratio("asr", "cer", sum(counts[:3]), length)


def test_whispers_normaliser() -> None:
    """Contractions, numbers and spelling are made one; the record says which version of the package did so."""
    found = measure(trial("It's twenty-one colours!", "it is 21 colors"), "whisper")
    assert found["wer"] == ratio("asr", "wer", 0, 4)
    assert probe("whisper").recorded()["normalizer_version"] == version("whisper-normalizer")


def test_unknown_normaliser() -> None:
    """A normaliser that does not exist is refused with those that do, the nearest first."""
    with pytest.raises(ConfigError) as caught:
        probe("basik")
    assert str(caught.value) == (
        "probe.wer.normalizer: found 'basik', expected a normaliser; choose from: basic, whisper, "
        "whisper_multilingual, none"
    )


@pytest.mark.parametrize("reason", ["the transcript 'a.txt' is empty", "no transcript is named"])
def test_no_reference(reason: str) -> None:
    """Without a reference there is no rate, for the reason that the dataset gave."""
    found = measure(trial(None, "and so", reason))
    assert [found[name] for name in RATES] == [absent("asr", name, reason) for name in RATES]


@pytest.mark.parametrize("reference", ["...", " - ?! - ", "\N{HORIZONTAL ELLIPSIS}", "'"])
def test_reference_of_punctuation_alone(reference: str) -> None:
    """A reference with no word in it gives no rate; nothing is divided by 0."""
    found = measure(trial(reference, "and so"))
    reason = "nothing is left of the reference after normalising"
    assert [found[name] for name in RATES] == [absent("asr", name, reason) for name in RATES]


def test_empty_transcript() -> None:
    """An ASR that heard nothing has missed every word."""
    found = measure(trial("and so", ""))
    assert found["wer"] == ratio("asr", "wer", 2, 2)
    assert found["cer"] == ratio("asr", "cer", 6, 6)


def test_asr_that_was_not_run() -> None:
    """An ASR that did not get to its transcript has no rates."""
    found = measure(trial("and so", None))
    assert {measurement.reason for measurement in found.values()} == {"nothing was run to its end"}
    assert set(found) == set(RATES)


def test_aligner() -> None:
    """An aligner writes no transcript, and so has no rate."""
    found = [one for one in probe().measure(stored.trial()) if one.scope == "aligner"]
    assert {one.reason for one in found} == {"the role aligner writes no transcript"}
    assert [one.metric for one in found] == list(RATES)


def test_two_asrs() -> None:
    """Each ASR of a chain is scored by itself."""
    first = Visit(stage="asr", role="asr", text="and so")
    both = stored.trial(
        utterance=stored.utterance(reference="and so"), visits=(first, replace(first, stage="asr2", text="and"))
    )
    found = {one.name: one for one in probe().measure(both)}
    assert [found[f"{key}.wer"].numerator for key in ("asr", "asr2")] == [0, 1]


def test_hand_made_trial() -> None:
    """The trial that the other tests share: 1 of 5 words, 1 of 26 characters, 4 of 5 words as written."""
    found = {one.name: one for one in probe().measure(stored.trial())}
    assert [(found[f"asr.{name}"].numerator, found[f"asr.{name}"].denominator) for name in RATES[:3]] == [
        (1, 5),
        (1, 26),
        (4, 5),
    ]


def test_the_record_names_the_normaliser_with_its_version() -> None:
    """A figure can be traced to the text that it was made of."""
    assert probe("none").recorded() == {"normalizer": "none", "normalizer_version": "1"}
