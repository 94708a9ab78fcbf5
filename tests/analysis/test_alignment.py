from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.analysis.alignment import Alignment, alignment
from harness.analysis.summary import Summary, summarise
from harness.analysis.word_sanity import Sanity
from harness.records import Outcome, ProbeRecord, Run, Trial, Visit, Word
from plugins.probes.aas import Aas
from tests import stored

REFERENCE = (
    Word("And", 300.0, 500.0),
    Word("so,", 550.0, 800.0),
    Word("my", 800.0, 950.0),
    Word("fellow", 950.0, 1250.0),
)
"""Of the words that :data:`tests.stored.WORDS` has, the last is another one."""


def run(**options: str) -> Run:
    """Return a run with the probe."""
    return stored.run(probes=(ProbeRecord(name="aas", origin="here", options=options, metrics=tuple(Aas.metrics)),))


def oracle(words: tuple[Word, ...] = REFERENCE) -> Visit:
    """Return an aligner's visit that was given the reference text."""
    return Visit("oracle", "aligner", text_from="reference", text="", words=words)


def trial(index: int = 0, *visits: Visit, **changes: Any) -> Trial:
    """Return a trial of an utterance with reference times."""
    known = stored.utterance(reference_words=REFERENCE, **changes)
    return stored.trial(index, utterance=known, visits=visits)


def test_oracle_and_transcript_are_two_rows() -> None:
    """The same words are held against the reference's, by the text that each stage was given."""
    moved = tuple(replace(word, start_ms=word.start_ms + 20.0, quality=0.5) for word in REFERENCE)
    aligner = stored.aligner_visit()
    found = alignment(run(), [trial(0, oracle(moved), stored.asr_visit(), aligner)])
    first, second = found.texts
    assert (first.stage, first.text_from, first.quality) == ("oracle", "reference", 0.5)
    assert first.errors is not None
    assert (first.errors.n, first.errors.words, first.errors.aas_ms) == (4, 4, 10.0)
    assert (second.stage, second.text_from, second.quality) == ("aligner", "asr", None)
    assert second.errors is not None
    # and: +20 +60, so: +10 0, my: 0 +10.5; yellow is not fellow
    assert (second.errors.n, second.errors.words) == (3, 4)
    assert second.errors.aas_ms == pytest.approx(100.5 / 6)
    assert (second.errors.start_bias_ms, second.errors.end_bias_ms) == (10.0, 10.5)
    assert second.sanity == Sanity(words=5)
    assert found.agreements == ()


def test_every_completed_trial_counts() -> None:
    """The cold one too, and a failed one does not; an utterance is one however often it was worked on."""
    failed = replace(trial(2, oracle()), outcome=Outcome("crashed"))
    (row,) = alignment(run(), [trial(0, oracle()), trial(1, oracle(())), failed]).texts
    assert (row.trials, row.utterances, row.timed_utterances) == (2, 1, 1)
    assert row.errors is not None
    assert (row.errors.n, row.errors.words) == (4, 8)


def test_without_reference_times() -> None:
    """Words are checked for what they are, and no error is told; one utterance without times does not hide another."""
    (row,) = alignment(run(), stored.trials()).texts
    assert (row.errors, row.sanity, row.timed_utterances) == (None, Sanity(words=15), 0)
    mixed = [trial(0, oracle()), stored.trial(1, visits=(oracle(),), utterance=stored.utterance(id="other"))]
    (row,) = alignment(run(), mixed).texts
    assert (row.utterances, row.timed_utterances) == (2, 1)
    assert row.errors is not None
    assert row.errors.words == 4


def test_synthetic_speech_is_named() -> None:
    """Each way in which utterances were made is there once."""
    (row,) = alignment(run(), [trial(0, oracle(), synthetic="tts"), trial(1, oracle(), synthetic="tts")]).texts
    assert row.synthetic == ("tts",)


@pytest.mark.parametrize(("options", "name", "n"), [({}, "basic", 4), ({"normalizer": "none"}, "none", 2)])
def test_normalizer_of_the_probe(options: dict[str, str], name: str, n: int) -> None:
    """Words are matched by what the probe was told; 'And' and 'so,' are other words than 'and' and 'so'."""
    words = tuple(replace(word, text=word.text.lower().strip(",")) for word in REFERENCE)
    found = alignment(run(**options), [trial(0, oracle(words))])
    (row,) = found.texts
    assert row.errors is not None
    assert (found.normalizer, row.errors.n) == (name, n)


def test_agreement() -> None:
    """Two stages on one text are held against each other: the later one against the earlier one."""
    later = tuple(replace(word, start_ms=word.start_ms + 5.0, end_ms=word.end_ms - 15.0) for word in stored.WORDS)
    second = replace(stored.aligner_visit(), stage="second", words=later)
    own = replace(stored.asr_visit(), words=later)
    first = stored.aligner_visit()
    found = alignment(run(), [stored.trial(0, visits=(oracle(), own, first, second))]).agreements
    assert [(one.first, one.second, one.text_from) for one in found] == [
        ("asr", "aligner", "asr"),
        ("asr", "second", "asr"),
        ("aligner", "second", "asr"),
    ]
    assert [one.differences.aas_ms for one in found] == [10.0, 0.0, 10.0]
    assert [one.differences.start_bias_ms for one in found] == [-5.0, 0.0, 5.0]
    assert [one.differences.end_bias_ms for one in found] == [15.0, 0.0, -15.0]


def test_a_run_without_words() -> None:
    """There is nothing to say."""
    assert alignment(stored.run(), [stored.failed(0)]) == Alignment()


def test_summary_has_it_and_can_be_read_back() -> None:
    """It is a part of the summary, as JSON too; a summary of before is read without it."""
    summary = summarise(run(), [trial(number, oracle(), id=str(number)) for number in range(3)])
    assert summary.alignment.texts[0].errors is not None
    assert summary.alignment.texts[0].errors.interval == (0.0, 0.0)
    text = msgspec.json.encode(summary)
    assert msgspec.json.decode(text, type=Summary) == summary
    old = {key: value for key, value in msgspec.json.decode(text).items() if key != "alignment"}
    assert msgspec.convert(old, Summary).alignment == Alignment()
