"""How right the transcripts are, as tables and in words: error rates, the worst utterances, the confusions."""

from collections.abc import Iterator

from harness.analysis.accuracy import Counts
from harness.analysis.corpus_accuracy import ErrorRate, MarkedUtterance, StageAccuracy
from harness.analysis.summary import Summary
from harness.printable import printable
from harness.report.figures import MISSING, figure, heading, interval, listed
from harness.report.marked_cell import marked_cell
from harness.report.tables import Table

_RATES = ("Stage", "Figure", "%", "95 % interval", "S", "D", "I", "H", "N", "Mean of utterances", "Median")
_WORST = ("Utterance", "Said and written", "WER", "CER", "S", "D", "I", "N")
_CONFUSIONS = ("Edit", "Said", "Written", "Times")
_PERCENT = ".2%"
_MARKS = "struck out: said and not written; bold: written and not said"


def accuracy_tables(summary: Summary) -> Iterator[Table]:
    """Yield the error rates of all stages, then of each its worst utterances; confusions from two utterances on."""
    stages = summary.accuracy
    if not stages:
        return
    rows = tuple(row for stage, one in stages.items() for row in _rates(stage, one))
    notes = tuple(note for stage, one in stages.items() for note in _notes(stage, one))
    yield Table("Accuracy", _RATES, rows, notes, "accuracy")
    for stage, one in stages.items():
        if one.worst:
            yield _worst(stage, one)
        if one.utterances > 1:
            yield from _confusions(stage, one)


def accuracy_lines(summary: Summary) -> Iterator[str]:
    """Say in a line what a stage's transcripts are over a corpus; of one utterance the table of figures has said it."""
    for stage, one in summary.accuracy.items():
        if one.utterances > 1:
            main = f"{one.main.upper()} {_rate_text(one, one.main_rate)}"
            other = "CER" if one.main == "wer" else "WER"
            second = one.characters if one.main == "wer" else one.words
            yield (
                f"Accuracy ({stage}): {main}, {other} {figure(second.rate, _PERCENT)}; {_shares(one)}; "
                f"the worst: {_worst_names(one)}"
            )


def _rate_text(one: StageAccuracy, rate: ErrorRate) -> str:
    if rate.interval is None:
        return f"{figure(rate.rate, _PERCENT)} (no interval: {_few(one)})"
    return f"{figure(rate.rate, _PERCENT)} (95 % interval {interval(rate.interval, _PERCENT)}, over {_units(one)})"


def _units(one: StageAccuracy) -> str:
    return f"{one.units:,} {one.interval_over}"


def _few(one: StageAccuracy) -> str:
    return "one utterance, however often it is heard" if one.utterances == 1 else "fewer than three utterances"


def _shares(one: StageAccuracy) -> str:
    share = figure(one.correct / one.utterances, ".1%")
    empty = f", {one.empty:,} with an empty transcript" if one.empty else ""
    return f"{one.correct:,} of {one.utterances:,} utterances ({share}) without an error{empty}"


def _worst_names(one: StageAccuracy) -> str:
    rates = (f"{_name(worst.utterance)} {figure(_own(worst), '.0%')}" for worst in one.worst[:3])
    return listed(list(rates)) if one.worst else "none"


def _own(worst: MarkedUtterance) -> float:
    return worst.cer if worst.spaceless else worst.wer


def _name(text: str) -> str:
    return printable(text)


def _rates(stage: str, one: StageAccuracy) -> Iterator[tuple[str, ...]]:
    named = [("WER", one.words), ("CER", one.characters)]
    for name, rate in named if one.main == "wer" else reversed(named):
        yield (
            heading(stage),
            name,
            figure(rate.rate, _PERCENT),
            interval(rate.interval, _PERCENT),
            *_counts(rate.counts),
            f"{rate.length:,}",
            figure(rate.mean, _PERCENT),
            figure(rate.median, _PERCENT),
        )


def _counts(counts: Counts | None) -> tuple[str, ...]:
    if counts is None:
        return (MISSING,) * 4
    return tuple(f"{one:,}" for one in (counts.substitutions, counts.deletions, counts.insertions, counts.hits))


def _notes(stage: str, one: StageAccuracy) -> Iterator[str]:
    of = f"{stage}: text normalised by {one.normalizer}" if one.normalizer else f"{stage}"
    yield f"{of}; {_shares(one)}; {one.trials:,} trials."
    if one.main_rate.interval is None:
        yield f"{stage}: no interval, for there {_is(one)} {_few(one)}."
    else:
        bootstrap = "bootstrap over" if one.units < 1000 else "linearised, over"
        yield f"{stage}: intervals by {bootstrap} {_units(one)}{_speakers(one)}."
    if one.spaceless:
        yield (
            f"{stage}: {one.spaceless:,} of {one.utterances:,} utterances are written without spaces: CER counts no "
            "spaces there, and edits are marked by characters."
        )
    if one.unscored:
        utterances = f"{one.unscored:,} utterance{'s' * (one.unscored > 1)}"
        yield f"{stage}: {utterances} without an error rate: no reference, or nothing left of it."
    if one.normalizer and one.marked_with != one.normalizer:
        yield (
            f"{stage}: edits are marked, and confusions counted, on text normalised by {one.marked_with}, for "
            f"{one.normalizer} is not known here; the figures are the stored ones."
        )


def _is(one: StageAccuracy) -> str:
    return "is" if one.utterances == 1 else "are"


def _speakers(one: StageAccuracy) -> str:
    if one.interval_over == "speakers" or not one.speakers:
        return ""
    return f", too few speakers ({one.speakers}) to draw from"


def _worst(stage: str, one: StageAccuracy) -> Table:
    wrong = one.utterances - one.correct
    title = f"Errors ({stage})" if one.utterances == 1 else f"Worst utterances ({stage}): {len(one.worst)} of {wrong:,}"
    repeated = any(worst.trials > 1 for worst in one.worst)
    headers = (*_WORST, "Wrong trials") if repeated else _WORST
    rows = tuple(
        (
            _name(worst.utterance),
            marked_cell(worst.pieces, spaceless=worst.spaceless),
            figure(worst.wer, ".1%"),
            figure(worst.cer, ".1%"),
            *_counts(worst.words)[:3],
            f"{worst.words.length:,}",
            *((f"{worst.wrong} of {worst.trials}",) if repeated else ()),
        )
        for worst in one.worst
    )
    more = () if one.utterances == 1 else ("every utterance with its rates and texts is in utterances.csv",)
    return Table(title, headers, rows, (_MARKS, *more), "accuracy")


def _confusions(stage: str, one: StageAccuracy) -> Iterator[Table]:
    """Yield the table of what came in several places; what came in one stands in its utterance, however often heard."""
    found = one.confusions
    rows = tuple(
        (edit.edit, printable(edit.said) or MISSING, printable(edit.written) or MISSING, f"{edit.times:,}")
        for edit in found.frequent
        if edit.places > 1
    )
    if rows:
        different = ", ".join(f"{count:,} of {kind}" for kind, count in found.different.items())
        notes = (f"those that came in more than one place; different ones in all: {different}",)
        yield Table(f"Most frequent confusions ({stage})", _CONFUSIONS, rows, notes, "accuracy")
