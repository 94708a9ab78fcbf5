"""What an ASR got wrong in each utterance: the stored counts of its trials, added up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.analysis.accuracy import Counts
from harness.analysis.metric_summary import Measured
from harness.analysis.writing import is_spaceless
from harness.metrics import Measurement
from harness.records import Run, Trial, Utterance

ErrorRateName = Literal["wer", "cer"]
_COUNTS = ("substitutions", "deletions", "insertions", "hits")


@dataclass(frozen=True, slots=True)
class UtteranceErrors:
    """One utterance, over its ``trials``: the sums of their word and character counts.

    ``characters`` is None where the run's probe stored no more than the number of edits (``character_edits`` of
    ``character_length``). ``empty`` counts the trials whose hypothesis had no word, ``wrong`` those with an edit;
    ``worst`` is the first of those with the most. ``spaceless``: its language is written without spaces, so that its
    edits are counted in characters.
    """

    utterance: Utterance
    trials: int
    words: Counts
    character_edits: int
    character_length: int
    characters: Counts | None
    empty: int
    wrong: int
    worst: Trial
    spaceless: bool

    @property
    def wer(self) -> float:
        """Return its word error rate."""
        return self.words.edits / self.words.length

    @property
    def cer(self) -> float:
        """Return its character error rate."""
        return self.character_edits / self.character_length

    @property
    def rate(self) -> float:
        """Return the rate that counts for its language."""
        return self.cer if self.spaceless else self.wer


@dataclass(frozen=True, slots=True)
class _Scored:
    trial: Trial
    words: Counts
    character_edits: int
    character_length: int
    characters: Counts | None


def errors_by_stage(run: Run, measured: Measured) -> Mapping[str, tuple[UtteranceErrors, ...]]:
    """Return the errors of every utterance, by stage: none of one that no error rate is known of."""
    return {stage.key: utterance_errors(stage.key, measured) for stage in run.stages}


def utterance_errors(stage: str, measured: Measured) -> tuple[UtteranceErrors, ...]:
    """Return the utterances that a stage has an error rate for, in the order in which they came."""
    scored: defaultdict[str, list[_Scored]] = defaultdict(list)
    columns = [measured.named(stage, name) for name in ("cer", *_COUNTS)]
    of_characters = [measured.named(stage, f"char_{name}") for name in _COUNTS]
    if len({len(column) for column in columns}) != 1:
        return ()  # another probe's metrics of these names
    alike = all(len(column) == len(columns[0]) for column in of_characters)
    for place, (trial, cer) in enumerate(columns[0]):
        words = _counts([column[place][1] for column in columns[1:]])
        if words is None or not words.length or not cer.denominator:
            continue
        characters = _counts([column[place][1] for column in of_characters]) if alike else None
        one = _Scored(trial, words, int(cer.numerator or 0), int(cer.denominator), characters)
        scored[trial.utterance.id].append(one)
    return tuple(map(_added, scored.values()))


def main_rate(errors: Sequence[UtteranceErrors]) -> ErrorRateName:
    """Return the error rate that is the figure to quote: CER where more than half of the utterances are spaceless."""
    return "cer" if 2 * sum(one.spaceless for one in errors) > len(errors) else "wer"


def _counts(measurements: Sequence[Measurement]) -> Counts | None:
    numerators = [one.numerator for one in measurements if one.numerator is not None]
    return Counts(*map(int, numerators)) if len(numerators) == len(_COUNTS) else None


def _added(trials: Sequence[_Scored]) -> UtteranceErrors:
    utterance = trials[0].trial.utterance
    words, characters = trials[0].words, trials[0].characters
    for one in trials[1:]:
        words += one.words
        characters = characters + one.characters if characters and one.characters else None
    spaceless = is_spaceless(utterance.language, utterance.reference or "")
    rated = [one.character_edits if spaceless else one.words.edits for one in trials]
    return UtteranceErrors(
        utterance=utterance,
        trials=len(trials),
        words=words,
        character_edits=sum(one.character_edits for one in trials),
        character_length=sum(one.character_length for one in trials),
        characters=characters,
        empty=sum(not (one.words.hits or one.words.substitutions or one.words.insertions) for one in trials),
        wrong=sum(edits > 0 for edits in rated),
        worst=trials[rated.index(max(rated))].trial,
        spaceless=spaceless,
    )
