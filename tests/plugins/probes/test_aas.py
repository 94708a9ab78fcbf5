from dataclasses import replace
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.metrics import Measurement, absent, ratio, sample
from harness.records import Trial, Visit, Word
from plugins.probes.aas import Aas
from tests import stored

REFERENCE = (
    Word("The", 100.0, 200.0),
    Word("cat", 200.0, 500.0),
    Word("sat.", 600.0, 900.0),
    Word("Down", 900.0, 999.0),
)
HEARD = (Word("the", 110.0, 190.0, 0.5), Word("cat", 190.0, 520.0, 1.0), Word("sat", 600.0, 1000.0))
"""Starts +10, -10, 0; ends -10, +20, +100: 150 ms over 6 boundaries; the fourth word was not found."""
ERRORS = ("aas_ms", "within_20ms", "within_50ms", "within_100ms", "within_200ms", "start_bias_ms", "end_bias_ms")
SANITY = ("out_of_order", "overlapping", "outside_audio", "negative_or_empty")


def trial(words: tuple[Word, ...] = HEARD, reference: tuple[Word, ...] = REFERENCE, **changes: Any) -> Trial:
    """Return a trial whose aligner gave these words."""
    visit = replace(Visit("aligner", "aligner", text_from="reference", text="", words=words), **changes)
    return stored.trial(utterance=stored.utterance(reference_words=reference, duration_s=1.0), visits=(visit,))


def measure(trial: Trial, normalizer: str = "basic") -> dict[str, Measurement]:
    """Return the probe's answer by metric."""
    return {one.metric: one for one in Aas(Aas.Options(normalizer)).measure(trial)}


def test_errors() -> None:
    """AAS is 150 / 6 ms, with the 1/2; a boundary that is off by exactly the tolerance is within it."""
    found = measure(trial())
    assert [found[name] for name in ("aas_ms", "coverage")] == [
        ratio("aligner", "aas_ms", 150.0, 6),
        ratio("aligner", "coverage", 3, 4),
    ]
    shares = [found[f"within_{limit}ms"].numerator for limit in (20, 50, 100, 200)]
    assert shares == [5, 5, 6, 6]
    assert found["start_bias_ms"] == sample("aligner", "start_bias_ms", 0.0)
    assert found["end_bias_ms"] == sample("aligner", "end_bias_ms", 20.0)
    assert found["word_quality"] == ratio("aligner", "word_quality", 1.5, 2)


@pytest.mark.parametrize(
    ("words", "reference", "reason", "coverage"),
    [
        (HEARD, (), "the dataset has no reference times", None),
        (HEARD, (Word("...", 0.0, 1.0),), "nothing is left of the reference's words after normalising", None),
        ((), REFERENCE, "no word of the reference was found", 0.0),
        ((Word("dog", 0.0, 1.0),), REFERENCE, "no word of the reference was found", 0.0),
    ],
    ids=["no times", "nothing to match", "no words", "other words"],
)
def test_no_error_is_never_0(
    words: tuple[Word, ...], reference: tuple[Word, ...], reason: str, coverage: float | None
) -> None:
    """Where no word has an error there is a reason; that none was found is a coverage of 0."""
    found = measure(trial(words, reference))
    assert [found[name] for name in ERRORS] == [absent("aligner", name, reason) for name in ERRORS]
    expected = absent("aligner", "coverage", reason)
    assert found["coverage"] == (expected if coverage is None else ratio("aligner", "coverage", 0, 4))


def test_what_can_be_told_without_reference_times() -> None:
    """Shares of the words that cannot be, in an audio of a second."""
    odd = (Word("a", 0.0, 300.0), Word("b", 200.0, 400.0), Word("c", 150.0, 150.0), Word("d", 900.0, 1100.0))
    found = measure(trial(odd, ()))
    assert [(found[name].numerator, found[name].denominator) for name in SANITY] == [(1, 4)] * 4
    assert found["word_quality"].reason == "the stage says nothing of its words' quality"
    assert {measure(trial((), ()))[name].reason for name in SANITY} == {"the stage gave no words"}


def test_an_asr_that_times_its_words() -> None:
    """It is measured as an aligner is; one that does not has a reason, and so has what was not run to its end."""
    own = measure(trial(role="asr", stage="asr", text="the cat sat"))
    assert own["aas_ms"] == ratio("asr", "aas_ms", 150.0, 6)
    none = measure(trial((), role="asr", stage="asr", text="the cat sat"))
    assert {one.reason for one in none.values()} == {"the role asr need not give word times, and this stage gave none"}
    assert {one.reason for one in measure(trial((), text=None)).values()} == {"nothing was run to its end"}
    assert len(none) == len(Aas.metrics)


def test_normalizer() -> None:
    """Words that are written otherwise are others without one; its version is recorded, a wrong name refused."""
    assert measure(trial(), "none")["coverage"] == ratio("aligner", "coverage", 1, 4)
    assert Aas(Aas.Options()).recorded() == {"normalizer": "basic", "normalizer_version": "1"}
    with pytest.raises(ConfigError, match=r"^probe\.aas\.normalizer: found 'nun', expected a normaliser; choose "):
        Aas(Aas.Options("nun"))
