from dataclasses import replace

from harness.analysis.summary import summarise
from harness.report.alignment_sketches import alignment_sketches
from harness.report.drawn import draw
from tests import stored

NAMES = {"asr": "ASR (a)", "aligner": "Aligner (b)"}


def test_chart_where_there_are_reference_times() -> None:
    """The chart says the biases in words and can be drawn; without reference times there is none."""
    moved = tuple(replace(word, start_ms=word.start_ms - 8.0) for word in stored.WORDS)
    timed = [replace(one, utterance=stored.utterance(reference_words=moved)) for one in stored.trials(2)]
    (sketch,) = alignment_sketches(summarise(stored.run(), timed), NAMES)
    assert sketch.text == (
        "Distribution of the signed errors of word starts and ends. Aligner (b), text of ASR: median error of starts "
        "+8.0 ms, of ends +0.0 ms."
    )
    assert draw(sketch).missing is None
    assert list(alignment_sketches(summarise(stored.run(), stored.trials(2)), NAMES)) == []


def test_no_chart_of_nothing() -> None:
    """Where no word was found there is nothing to draw."""
    other = tuple(replace(word, text="other") for word in stored.WORDS)
    timed = [replace(one, utterance=stored.utterance(reference_words=other)) for one in stored.trials(2)]
    assert list(alignment_sketches(summarise(stored.run(), timed), NAMES)) == []
