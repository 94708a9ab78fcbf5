"""Word timings as files that other programs read: SRT, WebVTT, TextGrid, CTM and JSON; times come in as ms."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.records import Run, Trial, Word

_CUE_CHARACTERS = 42
"""The usual limit of a subtitle's line (Netflix and BBC guidelines: 42 and 37)."""
_CUE_PAUSE_MS = 700.0
"""A pause that ends a cue."""


def word_files(run: Run, trials: Sequence[Trial]) -> Iterator[tuple[str, str]]:
    """Yield name and content of each file that the run asked for: a recording, an aligner and a format each.

    The last completed pass over the dataset gives the words; those of a recording's chunks are put in one file, each
    moved by its chunk's offset.
    """
    last: dict[tuple[str, str], tuple[Trial, Sequence[Word]]] = {}
    for trial in trials:
        for visit in trial.visits:
            if trial.outcome.ok and visit.role == "aligner":
                last[trial.utterance.id, visit.stage] = trial, visit.words
    recordings: dict[tuple[str, str], list[tuple[Trial, Sequence[Word]]]] = {}
    for (_, stage), (trial, words) in last.items():
        recordings.setdefault((trial.utterance.recording, stage), []).append((trial, words))
    for (recording, stage), parts in recordings.items():
        words = [_moved(word, trial.utterance.offset_s * 1e3) for trial, part in parts for word in part]
        duration_ms = max(1e3 * (trial.utterance.offset_s + trial.utterance.duration_s) for trial, _ in parts)
        for form in run.subtitles:
            yield f"{recording}.{stage}.{form}", FORMATS[form](words, duration_ms, recording)


def srt(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return SubRip cues of one line each."""
    lines = []
    for number, cue in enumerate(_cues(words), start=1):
        times = f"{_clock(cue[0].start_ms, ',')} --> {_clock(cue[-1].end_ms, ',')}"
        lines += [str(number), times, _text(cue), ""]
    return "\n".join(lines)


def vtt(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return WebVTT cues of one line each (W3C WebVTT: ``&`` and ``<`` are escaped)."""
    lines = ["WEBVTT", ""]
    for cue in _cues(words):
        text = _text(cue).replace("&", "&amp;").replace("<", "&lt;")
        lines += [f"{_clock(cue[0].start_ms, '.')} --> {_clock(cue[-1].end_ms, '.')}", text, ""]
    return "\n".join(lines)


def textgrid(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return a Praat TextGrid with one interval tier, ``words``; what no word covers is an empty interval."""
    end_s = duration_ms / 1e3
    intervals = list(_intervals(words, end_s))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end_s:.3f}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        '        name = "words"',
        "        xmin = 0",
        f"        xmax = {end_s:.3f}",
        f"        intervals: size = {len(intervals)}",
    ]
    for number, (start_s, stop_s, text) in enumerate(intervals, start=1):
        quoted = text.replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {start_s:.3f}",
            f"            xmax = {stop_s:.3f}",
            f'            text = "{quoted}"',
        ]
    return "\n".join(lines) + "\n"


def ctm(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return NIST CTM: recording, channel, start and duration in seconds, word."""
    recording = "_".join(name.split())
    return "".join(
        f"{recording} 1 {word.start_ms / 1e3:.3f} {(word.end_ms - word.start_ms) / 1e3:.3f} {word.text}\n"
        for word in words
    )


def as_json(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return a list of ``start`` and ``end`` in milliseconds and ``text``, as the original's aligner prints it."""
    items = [{"start": word.start_ms, "end": word.end_ms, "text": word.text} for word in words]
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Word], float, str], str]] = {
    "srt": srt,
    "vtt": vtt,
    "TextGrid": textgrid,
    "ctm": ctm,
    "json": as_json,
}


def _moved(word: Word, by_ms: float) -> Word:
    return Word(word.text, word.start_ms + by_ms, word.end_ms + by_ms)


def _cues(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Group words into lines: a new one after a pause, or where the line would be too long."""
    cue: list[Word] = []
    for word in words:
        too_long = len(_text([*cue, word])) > _CUE_CHARACTERS
        if cue and (too_long or word.start_ms - cue[-1].end_ms >= _CUE_PAUSE_MS):
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _text(words: Sequence[Word]) -> str:
    return " ".join(" ".join(word.text.split()) for word in words)


def _clock(time_ms: float, point: str) -> str:
    seconds, milliseconds = divmod(round(time_ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _intervals(words: Sequence[Word], end_s: float) -> Iterator[tuple[float, float, str]]:
    """Yield intervals that cover everything once: Praat refuses gaps and overlaps."""
    at_s = 0.0
    for word in words:
        start_s, stop_s = max(at_s, word.start_ms / 1e3), min(end_s, word.end_ms / 1e3)
        if stop_s <= start_s:
            continue
        if start_s > at_s:
            yield at_s, start_s, ""
        yield start_s, stop_s, word.text
        at_s = stop_s
    if at_s < end_s:
        yield at_s, end_s, ""
