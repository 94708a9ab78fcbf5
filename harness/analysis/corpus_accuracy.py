"""How right an ASR is over a corpus: error rates as sums, their intervals, the worst utterances, the confusions.

The counts are those that the probe ``wer`` stored with each trial. Edits are marked, and confusions counted, on texts
that are normalised again; where the run's normaliser is a plugin's that is not there, on those of ``basic``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import TypeVar

from harness.analysis.accuracy import Counts
from harness.analysis.confusions import ConfusionCounter, Confusions
from harness.analysis.marked_text import Piece, pieces, shortened, tokens
from harness.analysis.metric_summary import Measured, MetricSummary
from harness.analysis.probe_options import NORMALIZER, known_normalizer, normalizer_of, probe_options
from harness.analysis.sampling_unit import Unit, Units, units
from harness.analysis.statistics import Interval
from harness.analysis.utterance_errors import ErrorRateName, UtteranceErrors, errors_by_stage, main_rate
from harness.metrics import Metric
from harness.normalizer import Normalizer
from harness.records import Run

WORST = 10
_M = TypeVar("_M", Metric, MetricSummary)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """An error rate over a corpus: ``edits`` / ``length``, sums over all trials of all utterances.

    ``counts`` are S, D, I and H, None where the run did not store them. ``mean`` and ``median`` are of the utterances'
    own rates, in which each counts the same however long it is.
    """

    edits: int
    length: int
    counts: Counts | None
    interval: Interval | None
    mean: float
    median: float

    @property
    def rate(self) -> float:
        """Return edits / length."""
        return self.edits / self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedUtterance:
    """One of the worst utterances: its rates, in how many of its trials something was wrong, and what.

    ``pieces`` are of the trial ``trial``, the first of those with the most edits.
    """

    utterance: str
    speaker: str | None
    wer: float
    cer: float
    words: Counts
    trials: int
    wrong: int
    trial: int
    pieces: tuple[Piece, ...]
    spaceless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAccuracy:
    """How right the transcripts of one stage are.

    Of ``utterances`` with an error rate, ``spaceless`` are in languages written without spaces; where these are more
    than half, ``main`` is ``cer``. ``correct`` are those without an error in any trial (of characters where
    spaceless), ``empty`` those for which nothing was written in one trial or more. ``unscored`` utterances have a
    completed trial and no error rate. The intervals draw ``units`` of ``interval_over``; ``speakers`` counts them, 0
    where not every utterance has one. ``normalizer`` is what the counts are of, ``marked_with`` what the marks and
    confusions are of, each with its version.
    """

    utterances: int
    trials: int
    words: ErrorRate
    characters: ErrorRate
    main: ErrorRateName
    spaceless: int
    correct: int
    empty: int
    unscored: int
    interval_over: Unit
    units: int
    speakers: int
    normalizer: str
    marked_with: str
    worst: tuple[MarkedUtterance, ...]
    confusions: Confusions

    @property
    def main_rate(self) -> ErrorRate:
        """Return the error rate that is the main figure."""
        return self.words if self.main == "wer" else self.characters

    @property
    def sentence_error_rate(self) -> float:
        """Return the share of utterances with an error."""
        return 1 - self.correct / self.utterances


def corpus_accuracy(run: Run, measured: Measured) -> Mapping[str, StageAccuracy]:
    """Return what there is to say of each stage that an error rate is known of."""
    found = errors_by_stage(run, measured)
    done = len({trial.utterance.id for trial in measured.trials})
    return {stage: _accuracy(run, stage, errors, done - len(errors)) for stage, errors in found.items() if errors}


def with_main_figure(metrics: Mapping[str, _M], mains: Mapping[str, ErrorRateName]) -> dict[str, _M]:
    """Return the metrics, with CER in the place of WER as the main one of the stages of which ``mains`` says so."""
    found = dict(metrics)
    for stage, main in mains.items():
        if main == "cer":
            for name in ("wer", "cer"):
                if f"{stage}.{name}" in found:
                    found[f"{stage}.{name}"] = replace(found[f"{stage}.{name}"], main=name == "cer")
    return found


def accuracy_notes(run: Run, measured: Measured, accuracy: Mapping[str, StageAccuracy]) -> tuple[str, ...]:
    """Return what a reader of the main figures has to know of them."""
    notes = [
        f"{stage}: CER is the main figure, without spaces, for {one.spaceless} of {one.utterances} utterances are in "
        "languages written without spaces between words"
        for stage, one in accuracy.items()
        if one.main == "cer"
    ]
    named = known_normalizer(run, "wer")
    if accuracy and named is not None and (language := named.language):
        languages = {trial.utterance.id: trial.utterance.language or language for trial in measured.trials}
        others = Counter(one for one in languages.values() if not _is_of(one, language))
        if others:
            notes.append(
                f"the normaliser {named.name} is for {language}; {sum(others.values())} of {len(languages)} utterances "
                f"are in {', '.join(sorted(others)[:5])}"
            )
    return tuple(notes)


def _is_of(tag: str, language: str) -> bool:
    return tag.lower().replace("_", "-").partition("-")[0] in (language, {"en": "eng"}.get(language))


def _accuracy(run: Run, stage: str, errors: Sequence[UtteranceErrors], unscored: int) -> StageAccuracy:
    drawn = units([one.utterance for one in errors])
    words = sum((one.words for one in errors), Counts(0, 0, 0, 0))
    spaceless = sum(one.spaceless for one in errors)
    speakers = {one.utterance.speaker for one in errors}
    known, marks_of = _recorded(run), normalizer_of(run, "wer")
    characters = [one.characters for one in errors if one.characters is not None]
    summed = sum(characters, Counts(0, 0, 0, 0)) if len(characters) == len(errors) else None
    worst, confusions = _marked(stage, errors, marks_of)
    of_words = _rate(drawn, [(one.words.edits, one.words.length) for one in errors], words)
    return StageAccuracy(
        utterances=len(errors),
        trials=sum(one.trials for one in errors),
        words=of_words,
        characters=_rate(drawn, [(one.character_edits, one.character_length) for one in errors], summed),
        main=main_rate(errors),
        spaceless=spaceless,
        correct=sum(not one.wrong for one in errors),
        empty=sum(one.empty > 0 for one in errors),
        unscored=unscored,
        interval_over=drawn.unit if of_words.interval else "",
        units=drawn.count,
        speakers=0 if None in speakers else len(speakers),
        normalizer=known,
        marked_with=_said(marks_of),
        worst=worst,
        confusions=confusions,
    )


def _rate(drawn: Units, each: Sequence[tuple[int, int]], counts: Counts | None) -> ErrorRate:
    above, below = [edits for edits, _ in each], [length for _, length in each]
    rates = [edits / length for edits, length in each]
    return ErrorRate(
        edits=sum(above),
        length=sum(below),
        counts=counts,
        interval=drawn.interval(above, below),
        mean=fmean(rates),
        median=median(rates),
    )


def _marked(
    stage: str, errors: Sequence[UtteranceErrors], marks_of: Normalizer
) -> tuple[tuple[MarkedUtterance, ...], Confusions]:
    """Align what is wrong: return the worst utterances with their edits, and the edits counted.

    Of an utterance with several trials the worst one is aligned, and counted as often as something was wrong.
    """
    counter = ConfusionCounter()
    aligned: dict[str, list[Piece]] = {}
    wrong = [one for one in errors if one.wrong]
    worst = sorted(wrong, key=lambda one: (-one.rate, -one.words.edits))[:WORST]  # equal ones as they came
    kept = {one.utterance.id for one in worst}
    for one in wrong:
        found = _aligned(stage, one, marks_of)
        counter.add(found, one.wrong)
        if one.utterance.id in kept:
            aligned[one.utterance.id] = found
    return tuple(_shown(one, aligned[one.utterance.id]) for one in worst), counter.counted()


def _aligned(stage: str, one: UtteranceErrors, marks_of: Normalizer) -> list[Piece]:
    visit = one.worst.visit(stage)
    texts = (one.utterance.reference or "", (visit.text if visit else None) or "")
    said, written = (tokens(marks_of.normalize(text), spaceless=one.spaceless) for text in texts)
    return pieces(said, written) if said else []


def _shown(one: UtteranceErrors, found: Sequence[Piece]) -> MarkedUtterance:
    return MarkedUtterance(
        utterance=one.utterance.id,
        speaker=one.utterance.speaker,
        wer=one.wer,
        cer=one.cer,
        words=one.words,
        trials=one.trials,
        wrong=one.wrong,
        trial=one.worst.index,
        pieces=shortened(found),
        spaceless=one.spaceless,
    )


def _recorded(run: Run) -> str:
    """Return the name and version of the normaliser that the stored counts are of; empty where no probe says."""
    options = probe_options(run, "wer")
    return " ".join(str(options[key]) for key in (NORMALIZER, f"{NORMALIZER}_version") if key in options)


def _said(one: Normalizer) -> str:
    return f"{one.name} {one.version}"
