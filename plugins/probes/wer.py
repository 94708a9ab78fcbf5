"""How right the transcript is: word and character error rate with their counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.analysis.accuracy import Counts, character_counts, word_counts
from harness.analysis.writing import counted_characters, is_spaceless
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Better, Kind, Measurement, Metric, absent, ratio
from harness.normalizer import none, normalizer
from harness.records import Trial, Utterance, Visit

_SHARES = ("substitutions", "deletions", "insertions", "hits")
_NOTHING_LEFT = "nothing is left of the reference after normalising"


def _rate(name: str, description: str, *, main: bool = False) -> Metric:
    better: Better = "higher" if name.endswith("hits") else "lower"
    return Metric(
        name=name,
        unit="edits/word" if name.startswith("wer") else "1",
        quantity="accuracy",
        kind=Kind.RATIO,
        better=better,
        format=".2%",
        main=main,
        cold_apart=False,
        description=description,
    )


class Wer(Probe):
    """WER and CER of normalised text, the raw WER beside it."""

    name = "wer"
    metrics: ClassVar[Sequence[Metric]] = (
        _rate("wer", "(S + D + I) / N over words of normalised text", main=True),
        _rate(
            "cer",
            "(S + D + I) / N over characters of normalised text; spaces are counted, but in languages written without",
        ),
        _rate("wer_raw", "(S + D + I) / N over words as they were written"),
        _rate("substitutions", "S / N over words"),
        _rate("deletions", "D / N over words"),
        _rate("insertions", "I / N over words"),
        _rate("hits", "H / N over words"),
        _rate("char_substitutions", "S / N over the characters of cer"),
        _rate("char_deletions", "D / N over the characters of cer"),
        _rate("char_insertions", "I / N over the characters of cer"),
        _rate("char_hits", "H / N over the characters of cer"),
    )

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/probe/wer.yaml``."""

        normalizer: str = "basic"

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._normalizer = normalizer(options.normalizer, "probe.wer.normalizer")

    def recorded(self) -> Mapping[str, Any]:
        """Return the options, with the version of the normaliser that they name."""
        return {**super().recorded(), "normalizer_version": self._normalizer.version}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Count edits between the reference and each ASR's transcript."""
        for visit in trial.visits:
            reason = _why_not(visit, trial)
            if reason:
                yield from (absent(visit.stage, metric.name, reason) for metric in self.metrics)
            else:
                yield from self._rates(visit.stage, trial.utterance, visit.text or "")

    def _rates(self, stage: str, utterance: Utterance, hypothesis: str) -> Iterator[Measurement]:
        reference = utterance.reference or ""
        said, heard = self._normalizer.normalize(reference), self._normalizer.normalize(hypothesis)
        if not said:
            yield from (absent(stage, metric.name, _NOTHING_LEFT) for metric in self.metrics)
            return
        spaceless = is_spaceless(utterance.language, reference)
        words = word_counts(said, heard)
        characters = character_counts(
            counted_characters(said, spaceless=spaceless), counted_characters(heard, spaceless=spaceless)
        )
        yield _error_rate(stage, "wer", words)
        yield _error_rate(stage, "cer", characters)
        yield _error_rate(stage, "wer_raw", word_counts(none(reference), none(hypothesis)))
        for name in _SHARES:
            yield ratio(stage, name, getattr(words, name), words.length)
            yield ratio(stage, f"char_{name}", getattr(characters, name), characters.length)


def _why_not(visit: Visit, trial: Trial) -> str:
    if visit.role != "asr":
        return f"the role {visit.role} writes no transcript"
    if visit.text is None:
        return "nothing was run to its end"
    return trial.utterance.no_reference or ""


def _error_rate(stage: str, name: str, counts: Counts) -> Measurement:
    return ratio(stage, name, counts.edits, counts.length)


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Wer]
