"""The charts of words on the waveform: of which trial and which stretch, and what they say in words."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.analysis.edits import Heard, HeardWord, heard
from harness.analysis.envelope import envelope
from harness.records import Run, Trial
from harness.report.drawn import Sketch
from harness.report.figures import heading
from harness.report.waveform_chart import SIGNS, WIDE, Chart, Row, row_ends, waveform_chart

_LONGEST_S = 30.0
"""Of a longer recording a stretch of this length is shown."""
_EDITS = {
    "written": {"substitution": "was {} in the reference", "deletion": "is missing", "insertion": "is too much"},
    "said": {"substitution": "was written {}", "deletion": "was not written", "insertion": "was written, not said"},
}


def waveform_sketches(run: Run, trials: Sequence[Trial]) -> Iterator[Sketch]:
    """Yield the chart of the first utterance, and that of the one with the most edits where that is another.

    Each is of the utterance's last completed trial.
    """
    last = {trial.utterance.id: trial for trial in trials if trial.outcome.ok}
    first = next(iter(last), None)
    if first is None:
        return
    shown = [(first, "waveform", heard(run, last[first]))]
    if len(last) > 1:
        every = {name: heard(run, trial) for name, trial in last.items()}
        worst = max(last, key=lambda name: found.wrong_places if (found := every[name]) else -1)
        if worst != first:
            shown.append((worst, "waveform-worst", every[worst]))
    for name, file, found in shown:
        which = f" (most errors of {len(last):,} utterances)" if file == "waveform-worst" else ""
        yield _sketch(file, last[name], found, f"Words on the waveform: {name}{which}")


def _sketch(file: str, trial: Trial, found: Heard | None, title: str) -> Sketch:
    words = found.words if found else ()
    start_s, end_s = stretch(words, trial.utterance.duration_s)
    shown = [word for word in words if word.start_s < end_s and word.end_s >= start_s]
    sound, lacking = _sound(trial, start_s, end_s)
    rows = _rows(shown, sound, start_s, end_s)
    notes = [*lacking, *_of_words(found), *_cut(start_s, end_s, trial.utterance.duration_s)]
    subtitle = _subtitle(found)

    def chart() -> Chart:
        return waveform_chart(rows, title, subtitle)

    return Sketch(file, title, f"{title}. {_said(found, shown)}", chart, wide=True, caption=" ".join(notes))


def stretch(words: Sequence[HeardWord], duration_s: float) -> tuple[float, float]:
    """Return what is shown of a recording: all, or the stretch of 30 s with the most edits, else the first 30 s."""
    if duration_s <= _LONGEST_S:
        return 0.0, max(duration_s, 1e-3)
    wrong = [word.start_s for word in words if word.edit != "none"]
    starts = [min(max(0.0, at - 1.0), duration_s - _LONGEST_S) for at in wrong]
    start_s = max(starts, key=lambda start: sum(start <= at < start + _LONGEST_S for at in wrong), default=0.0)
    return start_s, start_s + _LONGEST_S


def _sound(trial: Trial, start_s: float, end_s: float) -> tuple[Sequence[tuple[float, float]], list[str]]:
    """Return the envelope of the canonical audio; without it the words are shown by themselves, with the reason."""
    parts = WIDE * len(row_ends(start_s, end_s))
    try:
        return envelope(Path(trial.utterance.canonical), start_s, end_s, parts), []
    except ValueError as error:
        return (), [
            f"Without the waveform: the audio that the engines heard was {trial.utterance.canonical}, and {error}."
        ]


def _rows(words: Sequence[HeardWord], sound: Sequence[tuple[float, float]], start_s: float, end_s: float) -> list[Row]:
    ends = row_ends(start_s, end_s)
    rows = []
    for number, (left, right) in enumerate(ends):
        first, last = (round(len(sound) * place / len(ends)) for place in (number, number + 1))
        here = [word for word in words if _lies_in(word, left, right, last=number == len(ends) - 1)]
        rows.append(Row(left, right, sound[first:last], here))
    return rows


def _lies_in(word: HeardWord, left: float, right: float, *, last: bool) -> bool:
    """Tell whether a word lies in a row; one that its end cuts lies in both, a missing one in one alone."""
    if word.start_s == word.end_s:
        return left <= word.start_s and (word.start_s < right or last)
    return word.end_s > left and word.start_s < right


def _subtitle(found: Heard | None) -> str:
    if found is None or not found.wrong_places:
        return "box: a word with its times" if found else ""
    texts = {
        "written": {"substitution": "what was said", "deletion": "not written", "insertion": "not said"},
        "said": {"substitution": "what was written", "deletion": "not written", "insertion": "written, not said"},
    }[found.text_is]
    return f"box: a word with its times; {', '.join(f'{SIGNS[kind]} {text}' for kind, text in texts.items())}"


def _of_words(found: Heard | None) -> Iterator[str]:
    if found is None:
        yield "No stage gave words with times."
        return
    of = "the reference" if found.text_is == "said" else "the transcript"
    yield f"Words of {of}, with the times of {heading(found.stage)}."
    if found.unknown:
        yield f"Errors are not marked: {found.unknown}."


def _cut(start_s: float, end_s: float, duration_s: float) -> Iterator[str]:
    if end_s - start_s < duration_s:
        which = "the first" if start_s == 0 else "the stretch with the most errors,"
        yield f"Of {duration_s:.0f} s, {which} {end_s - start_s:.0f} s are shown."


def _said(found: Heard | None, shown: Sequence[HeardWord]) -> str:
    """Return what a picture shows in words: how many, and each error."""
    if found is None:
        return "No stage gave words with times."
    wrong = [
        f"{word.text} {_EDITS[found.text_is][word.edit].format(word.other)}" for word in shown if word.edit != "none"
    ]
    return f"{len(shown)} words; errors: {'; '.join(wrong) or found.unknown or 'none'}."
