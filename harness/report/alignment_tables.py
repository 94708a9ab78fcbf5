"""How right word times are, as tables and in words: against reference times, as they stand, and between two stages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from harness.analysis.alignment import Agreement, Alignment, TimedText
from harness.analysis.statistics import MIN_FOR_INTERVAL
from harness.analysis.summary import Summary
from harness.analysis.time_errors import TimeErrors
from harness.analysis.word_match import WITHIN_MS
from harness.analysis.word_sanity import Sanity
from harness.report.figures import MISSING, figure, heading, interval, listed
from harness.report.tables import Table

_SHARES = tuple(f"<= {limit} ms" for limit in WITHIN_MS)
_ERRORS = ("Words", "Coverage", "AAS ms", "95 % interval", "Bias start", "Bias end", "Bias", *_SHARES)
_DIFFERENCES = ("Words", "Shared", "Mean ms", "95 % interval", "Bias start", "Bias end", "Bias", *_SHARES)
_WRONG = {
    "out_of_order": "out of order",
    "overlapping": "overlapping",
    "outside_audio": "outside the audio",
    "empty": "without length",
    "negative": "of negative length",
}
_DEFINITION = (
    "AAS: 1 / 2N x sum of (|start error| + |end error|) over the N words that were found. Our AAS has the 1/2; some "
    "published code leaves it out, and prints twice as much. Read it with the coverage, N / words of the reference. "
    "Bias: median signed error in ms, positive where late. Shares: starts and ends that are off by at most so much."
)
_AGREEMENT = (
    "How far the second is from the first, positive where it is later. This is agreement, not accuracy: two aligners "
    "may be wrong alike."
)
_SANITY = (
    "Out of order: begins before the word before it begins; overlapping: before it ends (by more than half a ms). "
    "Quality: mean of the words' own, between 0 and 1, by the engine's account."
)


def alignment_tables(summary: Summary) -> Iterator[Table]:
    """Yield the errors where there are reference times, then agreement, then what can be told of any words.

    Most chains have an ASR and an aligner that time the same words, and nobody asked: agreement is for a run that has
    the probe, and words in order, with nothing to hold them against, are no news either.
    """
    found, asked = summary.alignment, _asked(summary)
    timed = {text: text.errors for text in found.texts if text.errors is not None}
    if timed:
        rows = tuple((heading(text.stage), source(text), *_errors(errors)) for text, errors in timed.items())
        notes = (*synthetic_lines(found), *_counted(found, list(timed.values())), *_untimed(list(timed)), _DEFINITION)
        yield Table("Alignment", ("Stage", "Text", *_ERRORS), rows, notes, section="accuracy")
    if asked and found.agreements:
        headers = ("First", "Second", "Text", *_DIFFERENCES)
        differences = [one.differences for one in found.agreements]
        notes = (*_counted(found, differences), _AGREEMENT)
        yield Table(
            "Agreement of word times, not accuracy", headers, tuple(map(_agreement_row, found.agreements)), notes
        )
    if found.texts and (asked or timed or not all(text.sanity.sound for text in found.texts)):
        headers = ("Stage", "Text", "Words", *(name.capitalize() for name in _WRONG.values()), "Quality")
        yield Table("Word times", headers, tuple(map(_sanity_row, found.texts)), (_SANITY,))


def alignment_lines(summary: Summary) -> Iterator[str]:
    """Say the same in a line each: errors, agreement where there are none, and times that cannot be true."""
    found = summary.alignment
    timed = [text for text in found.texts if text.errors is not None]
    for text in timed:
        yield f"Alignment ({text.stage}, {source(text)}): {_said(text.errors)}"
    yield from synthetic_lines(found) if timed else ()
    if not timed and _asked(summary):
        for one in found.agreements:
            yield f"Agreement, not accuracy ({one.second} against {one.first}): {_said(one.differences, 'mean')}"
    for text in found.texts:
        if not text.sanity.sound:
            yield f"Word times ({text.stage}, {source(text)}): of {text.sanity.words} words, {_wrong(text.sanity)}"


def synthetic_lines(found: Alignment) -> Iterator[str]:
    """Say that speech with reference times is none that anybody spoke so."""
    ways = dict.fromkeys(way for text in found.texts for way in text.synthetic if text.errors is not None)
    if ways:
        said = "nobody spoke it so, and what was spoken may be easier or harder to align"
        yield f"The speech is synthetic ({'; '.join(ways)}): {said}."


def source(text: TimedText) -> str:
    """Say whose text was timed."""
    if text.text_from == "reference":
        return "reference text"
    return "its own text" if text.text_from == text.stage else f"text of {heading(text.text_from)}"


def _asked(summary: Summary) -> bool:
    """Tell whether the run was asked about word times: two stages that give some are in most chains."""
    return any(one.metric == "aas_ms" for one in summary.metrics.values())


def _errors(errors: TimeErrors) -> tuple[str, ...]:
    return (
        f"{errors.n:,} of {errors.words:,}",
        figure(errors.coverage, ".1%"),
        figure(errors.aas_ms, ".1f"),
        interval(errors.interval, ".1f"),
        *(figure(bias, "+z.1f") for bias in (errors.start_bias_ms, errors.end_bias_ms, errors.bias_ms)),
        *([f"{share:.1%}" for share in errors.within] or [MISSING] * len(WITHIN_MS)),
    )


def _agreement_row(one: Agreement) -> tuple[str, ...]:
    text = "reference text" if one.text_from == "reference" else f"text of {heading(one.text_from)}"
    return heading(one.first), heading(one.second), text, *_errors(one.differences)


def _sanity_row(text: TimedText) -> tuple[str, ...]:
    counts = (f"{getattr(text.sanity, name):,}" for name in _WRONG)
    return heading(text.stage), source(text), f"{text.sanity.words:,}", *counts, figure(text.quality, ".3f")


def _counted(found: Alignment, errors: Sequence[TimeErrors]) -> Iterator[str]:
    """Say what was counted: words by which normaliser, each trial's, and what the intervals are over."""
    trials, utterances = max((text.trials, text.utterances) for text in found.texts)
    several = f": {utterances:,} utterance{'s' * (utterances > 1)} in {trials:,} trials" if trials > utterances else ""
    yield f"Words are equal by the normaliser {found.normalizer}; those of every trial count{several}."
    over = {one.clustered_by: max(one.clusters for one in errors) for one in errors if one.interval is not None}
    if over:
        names = listed([f"{count:,} {name}" for name, count in over.items()])
        yield f"Intervals: bootstrap over {names}, for the words of one are alike."
    elif any(one.n for one in errors):
        yield f"No interval: it takes {MIN_FOR_INTERVAL} utterances."


def _untimed(texts: Sequence[TimedText]) -> Iterator[str]:
    for text in texts:
        if text.timed_utterances < text.utterances:
            lacking = f"{text.utterances - text.timed_utterances:,} of {text.utterances:,} utterances"
            yield f"{lacking} of {text.stage} have no reference times, and are not in it."


def _said(errors: TimeErrors | None, name: str = "AAS") -> str:
    if errors is None or errors.aas_ms is None:
        return "no word of the reference was found"
    sure = "" if errors.interval is None else f" (95 % interval {interval(errors.interval, '.1f')})"
    shares = ", ".join(f"{share:.0%}" for share in errors.within)
    return (
        f"{name} {errors.aas_ms:.1f} ms{sure} over {errors.n:,} of {errors.words:,} words; bias start "
        f"{figure(errors.start_bias_ms, '+z.1f')} ms, end {figure(errors.end_bias_ms, '+z.1f')} ms; within "
        f"{'/'.join(map(str, WITHIN_MS))} ms: {shares}"
    )


def _wrong(counted: Sanity) -> str:
    counts: Mapping[str, int] = {one.name: getattr(counted, one.name) for one in fields(counted)}
    return listed([f"{counts[name]:,} {said}" for name, said in _WRONG.items() if counts[name]])
