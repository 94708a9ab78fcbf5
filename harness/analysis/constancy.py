"""Whether the same audio gives the same output in every trial, and the first word that differs where it does not.

An output is compared as a text: a transcript word by word, timed words by what :func:`timed_text` makes of them, a word
a line. What a trial by itself cannot tell is derived here of all trials: the share of them that changed.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence

from harness.metrics import Measurement, ratio
from harness.records import Trial, Word

TRANSCRIPT, WORD_TIMES = "transcript", "word_times"
OUTPUTS = (TRANSCRIPT, WORD_TIMES)
"""The metrics of kind constancy that are an engine's output; the probe ``drift`` declares them."""
CHANGED = "changed"
"""The share of an utterance's later trials whose output is not that of its first."""
TIMED = "timed words"
"""The unit of a text that :func:`timed_text` made."""
UNCHANGED = "unchanged"
_LONGEST = 40
"""Characters of a word that are shown."""

Found = Sequence[tuple[Trial, Measurement]]
"""What trials measured of one metric of one stage, in their order."""


def timed_text(words: Iterable[Word]) -> str:
    """Write words with their times (milliseconds) as a text: a word a line, equal only where all of it is equal.

    With twelve digits: the six that are usual would pass over what moves by less than 10 ms after 17 minutes.
    """
    return "\n".join(f"{word.start_ms:.12g} {word.end_ms:.12g} {' '.join(word.text.split())}" for word in words)


def first_difference(expected: str, found: str, unit: str = "text") -> str:
    """Say in a few words where two texts that are not equal begin to differ; words are counted from 1."""
    split = str.splitlines if unit == TIMED else str.split
    ours, theirs = split(expected), split(found)
    both = min(len(ours), len(theirs))
    at = next((index for index in range(both) if ours[index] != theirs[index]), both)
    if at == len(ours) == len(theirs):
        return "the same words, other spaces"
    if at == len(ours):
        return f"word {at + 1} {_shown(theirs[at], unit)} was not there"
    if at == len(theirs):
        return f"word {at + 1} {_shown(ours[at], unit)} is missing"
    if unit == TIMED and _text(ours[at]) == _text(theirs[at]):
        return f"word {at + 1} {_shown(ours[at], unit)} {_moved(ours[at], theirs[at])}"
    return f"word {at + 1} {_shown(ours[at], unit)} -> {_shown(theirs[at], unit)}"


def constancy(values: Found, unit: str) -> str:
    """Say whether every utterance gave the same text in all its trials, and where the first difference is.

    In the trials of all legs, where a run was taken up again: a seam is no reason for another text.
    """
    first: dict[str, str | None] = {}
    for trial, measurement in values:
        expected = first.setdefault(trial.utterance.id, measurement.text)
        if measurement.text != expected:
            leg = f", leg {trial.leg}" if trial.leg else ""
            where = f"trial {trial.index} (iteration {trial.iteration}, {trial.utterance.id}{leg})"
            return f"differs first in {where}: {first_difference(expected or '', measurement.text or '', unit)}"
    return UNCHANGED


def first_texts(values: Found) -> dict[str, str]:
    """Return the first text of each utterance that has one."""
    texts: dict[str, str] = {}
    for trial, measurement in values:
        if measurement.text is not None:
            texts.setdefault(trial.utterance.id, measurement.text)
    return texts


def add_changes(found: MutableMapping[tuple[str, str], list[tuple[Trial, Measurement]]]) -> None:
    """Add :data:`CHANGED` to what trials measured, by scope and metric: of each trial that is not an utterance's first.

    It is changed where its text or its word times are not those of the first; the first itself has nothing to differ
    from, and does not count.
    """
    for scope in dict.fromkeys(scope for scope, metric in found if metric in OUTPUTS):
        changed: dict[int, tuple[Trial, bool]] = {}
        for metric in OUTPUTS:
            _add_repeats(changed, found.get((scope, metric), ()))
        several = found.setdefault((scope, CHANGED), [])
        several += [(trial, ratio(scope, CHANGED, float(other), 1.0)) for trial, other in changed.values()]


def _add_repeats(changed: dict[int, tuple[Trial, bool]], values: Found) -> None:
    first: dict[str, str] = {}
    for trial, measurement in values:
        if measurement.text is None:
            continue
        expected = first.get(trial.utterance.id)
        if expected is None:
            first[trial.utterance.id] = measurement.text
        else:
            before = changed.get(trial.index, (trial, False))[1]
            changed[trial.index] = trial, before or measurement.text != expected


def differing(expected: Mapping[str, str], found: Mapping[str, str], unit: str) -> tuple[str, str] | None:
    """Return the first utterance of both whose texts differ, and the difference in words; None where there is none."""
    for utterance, text in expected.items():
        if utterance in found and found[utterance] != text:
            return utterance, first_difference(text, found[utterance], unit)
    return None


def _text(line: str) -> str:
    return line.split(" ", 2)[-1]


def _shown(word: str, unit: str) -> str:
    text = _text(word) if unit == TIMED else word
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}")


def _moved(ours: str, theirs: str) -> str:
    """Say by how many milliseconds the ends of a word moved."""
    parts = []
    for verb, before, after in zip(("starts", "ends"), ours.split(" "), theirs.split(" "), strict=False):
        by_ms = float(after) - float(before)
        if by_ms:
            parts.append(f"{verb} {abs(by_ms):g} ms {'later' if by_ms > 0 else 'earlier'}")
    return " and ".join(parts)
