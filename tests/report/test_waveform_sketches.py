import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.analysis.edits import HeardWord
from harness.records import Trial, Word
from harness.report.drawn import draw
from harness.report.waveform_sketches import stretch, waveform_sketches
from tests import stored
from tests.report.test_charts import marks, rows


def heard(index: int, name: str, words: Sequence[Word] = stored.WORDS, canonical: str = "/gone.wav") -> Trial:
    """Return a trial of an utterance with these words."""
    trial = stored.trial(index, utterance=stored.utterance(id=name, canonical=canonical))
    return replace(trial, visits=(trial.visits[0], replace(trial.visits[1], words=tuple(words))))


def test_without_its_audio() -> None:
    """The words are drawn by themselves, and the caption says which file is gone."""
    (sketch,) = waveform_sketches(stored.run(), [heard(0, "jfk")])
    assert (sketch.name, sketch.wide) == ("waveform", True)
    assert sketch.caption == (
        "Without the waveform: the audio that the engines heard was /gone.wav, and it is not there any more. "
        "Words of the transcript, with the times of Aligner."
    )
    assert sketch.text == "Words on the waveform: jfk. 5 words; errors: yellow was fellow in the reference."
    assert draw(sketch).missing is None


def test_with_its_audio(tmp_path: Path) -> None:
    """The canonical audio is drawn in two rows of five seconds, a part a pixel."""
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(b"\x00\x10" * 160_000)
    (sketch,) = waveform_sketches(stored.run(), [heard(0, "jfk", canonical=str(path))])
    assert sketch.caption == "Words of the transcript, with the times of Aligner."
    assert [len(rows(area)) for area in marks(sketch.chart(), "area")] == [720, 720]


def test_the_first_and_the_worst() -> None:
    """Of several utterances the first and the one with the most edits, each in its last completed trial."""
    wrong = [replace(word, text="x") for word in stored.WORDS]
    trials = [heard(0, "a", wrong), heard(1, "b"), heard(2, "c", wrong), heard(3, "a")]
    first, worst = waveform_sketches(stored.run(), trials)
    assert (first.name, first.title) == ("waveform", "Words on the waveform: a")
    assert "errors: yellow was fellow" in first.text
    assert (worst.name, worst.title) == (
        "waveform-worst",
        "Words on the waveform: c (most errors of 3 utterances)",
    )


def test_the_first_is_the_worst() -> None:
    """Then it is shown once."""
    assert len(list(waveform_sketches(stored.run(), [heard(0, "a"), heard(1, "b")]))) == 1


def test_nothing_was_done() -> None:
    """A run without a completed trial has no such chart."""
    assert list(waveform_sketches(stored.run(), [stored.failed(0)])) == []


def test_no_words() -> None:
    """A chain without times says so."""
    (sketch,) = waveform_sketches(stored.run(), [heard(0, "a", [])])
    assert sketch.caption.endswith("No stage gave words with times.")
    assert sketch.text == "Words on the waveform: a. No stage gave words with times."
    assert draw(sketch).missing == "not drawn: there is neither audio nor a word"


def test_why_edits_are_not_marked() -> None:
    """Without a reference the caption has the reason."""
    trial = heard(0, "a")
    trial = replace(trial, utterance=replace(trial.utterance, reference=None, no_reference="no transcript was named"))
    (sketch,) = waveform_sketches(stored.run(), [trial])
    assert sketch.caption.endswith("Errors are not marked: no transcript was named.")


def wrong_at(*seconds: float) -> list[HeardWord]:
    """Return wrong words at these times."""
    return [HeardWord("x", at, at + 0.2, "insertion") for at in seconds]


def test_stretch() -> None:
    """A short recording is shown whole; of a long one the 30 s with the most edits, else the first."""
    assert stretch([], 11.0) == (0.0, 11.0)
    assert stretch([HeardWord("x", 50.0, 51.0)], 100.0) == (0.0, 30.0)
    assert stretch(wrong_at(5.0, 50.0, 60.0), 100.0) == (49.0, 79.0)
    assert stretch(wrong_at(99.0), 100.0) == (70.0, 100.0)


def test_a_long_recording_says_what_is_shown() -> None:
    """The caption has its length and which stretch was chosen."""
    trial = heard(0, "a", [Word("yellow", 50_000.0, 50_400.0)])
    trial = replace(trial, utterance=replace(trial.utterance, duration_s=100.0))
    (sketch,) = waveform_sketches(stored.run(), [trial])
    assert "Of 100 s, " in sketch.caption
    assert sketch.caption.endswith("30 s are shown.")
