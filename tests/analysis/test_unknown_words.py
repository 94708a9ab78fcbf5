from dataclasses import replace

from harness.analysis.unknown_words import unknown_words
from harness.records import Trial
from tests import stored


def leaving_out(index: int, *words: str) -> Trial:
    """Return a trial whose aligner left words out; its other five have times."""
    visit = stored.aligner_visit(index)
    phases = tuple(
        replace(phase, facts={"unknown_words": list(words)}) if phase.name == "run" and words else phase
        for phase in visit.phases
    )
    return stored.trial(index, visits=(stored.asr_visit(index), replace(visit, phases=phases)))


def test_every_word_known() -> None:
    """No note."""
    assert list(unknown_words(stored.trials())) == []
    assert list(unknown_words([stored.failed(0)])) == []


def test_words_that_were_left_out() -> None:
    """How many of how many, over all trials; which, each once."""
    trials = [leaving_out(0, "1961", "blorf"), leaving_out(1), leaving_out(2, "1961")]
    assert list(unknown_words(trials)) == [
        "aligner did not know 3 of 18 words in 2 trials and left them out: 1961, blorf; the words beside them may have "
        "their time"
    ]


def test_many_words() -> None:
    """Ten are named."""
    (note,) = unknown_words([leaving_out(0, *(f"w{number}" for number in range(12)))])
    assert note.startswith("aligner did not know 12 of 17 words in 1 trial and left them out: w0, w1, ")
    assert note.endswith(", w9 and 2 more; the words beside them may have their time")
