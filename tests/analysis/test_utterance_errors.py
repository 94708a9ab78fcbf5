from dataclasses import replace

from harness.analysis.accuracy import Counts
from harness.analysis.metric_summary import Measured
from harness.analysis.utterance_errors import utterance_errors
from tests.analysis.corpora import heard


def test_trials_of_an_utterance_are_added_up() -> None:
    """Right once, wrong twice: three trials of four words; the worst is the first with the most edits."""
    texts = ("one two six four", "one two three four", "", "one two six four")
    trials = [heard(index, "one two three four", text, id="a") for index, text in enumerate(texts)]
    (found,) = utterance_errors("asr", Measured(trials))
    assert found.words == Counts(2, 4, 0, 10)
    assert (found.trials, found.wrong, found.empty, found.worst.index) == (4, 3, 1, 2)
    assert found.characters is not None
    assert found.characters.length == found.character_length == 4 * 18
    assert found.character_edits == found.characters.edits
    assert (found.wer, found.rate, found.spaceless) == (6 / 16, 6 / 16, False)


def test_a_language_without_spaces_is_counted_in_characters() -> None:
    """One of four characters, spaces not among them; as a word all is wrong."""
    (found,) = utterance_errors(
        "asr", Measured([heard(0, "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u4f60\u53f7\u4e16\u754c")])
    )
    assert (found.character_edits, found.character_length, found.cer, found.rate) == (1, 4, 0.25, 0.25)
    assert (found.wer, found.spaceless) == (1.0, True)


def test_what_has_no_rate_is_left_out() -> None:
    """Neither an utterance without a reference, nor one of which nothing is left, nor a stage that writes nothing."""
    trials = [heard(0, None, "so", no_reference="none"), heard(1, "...", "so"), heard(2, "so", "so")]
    assert [one.utterance.id for one in utterance_errors("asr", Measured(trials))] == ["u2"]
    assert utterance_errors("aligner", Measured(trials)) == ()


def test_a_run_from_before_counts_of_characters() -> None:
    """It stored how many edits there are, and not of which kind."""
    trial = heard(0, "the cat", "the bat")
    old = replace(trial, measurements=tuple(one for one in trial.measurements if not one.metric.startswith("char_")))
    (found,) = utterance_errors("asr", Measured([old]))
    assert (found.characters, found.character_edits, found.character_length) == (None, 1, 7)
