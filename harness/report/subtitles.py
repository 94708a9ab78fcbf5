"""Word timings as files that other programs read: SRT, WebVTT, TextGrid, CTM and JSON; times come in as ms."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.records import Run, Trial, Word

FOLDER = "words"
"""Where the files of a run over several recordings stand, for there may be thousands."""
_CUE_CHARACTERS = 42
"""The usual limit of a subtitle's line (Netflix and BBC guidelines: 42 and 37)."""
_CUE_PAUSE_MS = 700.0
"""A pause that ends a cue."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
"""What no format can hold, or what ends its lines: control characters, separators, halves of surrogate pairs."""
_ARROW = "-->", "\u2192"
"""What makes a line of times in SRT, which knows no escapes, and what stands for it in a cue."""
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]')
"""What some file system refuses in a name."""


@dataclass(frozen=True, slots=True)
class Timed:
    """The words of one recording by one stage, in ms from the recording's start, and the recording's length."""

    recording: str
    stage: str
    words: Sequence[Word]
    duration_ms: float


def word_files(run: Run, trials: Sequence[Trial]) -> Iterator[tuple[str, str]]:
    """Yield name and content of each file that the run asked for: a recording, an aligner and a format each.

    The last completed pass over the dataset gives the words; those of a recording's chunks are put in one file, each
    moved by its chunk's offset. Of several recordings, formats that hold more than one (CTM, JSON) have one file for
    all of them, and the files of the others stand in the folder :data:`FOLDER`.
    """
    timed = list(_timed(trials)) if run.subtitles else []
    several = len({one.recording for one in timed}) > 1
    names = _file_names(one.recording for one in timed)
    for form in run.subtitles:
        if several and form in _TOGETHER:
            for stage in dict.fromkeys(one.stage for one in timed):
                yield f"{FOLDER}.{stage}.{form}", _TOGETHER[form]([one for one in timed if one.stage == stage])
            continue
        for one in timed:
            name = f"{names[one.recording]}.{one.stage}.{form}"
            content = FORMATS[form](one.words, one.duration_ms, one.recording)
            yield f"{FOLDER}/{name}" if several else name, content


def _timed(trials: Sequence[Trial]) -> Iterator[Timed]:
    last: dict[tuple[str, str], tuple[Trial, Sequence[Word]]] = {}
    for trial in trials:
        for visit in trial.visits:
            if trial.outcome.ok and visit.role == "aligner":
                last[trial.utterance.id, visit.stage] = trial, visit.words
    recordings: dict[tuple[str, str], list[tuple[Trial, Sequence[Word]]]] = {}
    for (_, stage), (trial, words) in last.items():
        recordings.setdefault((trial.utterance.recording or trial.utterance.id, stage), []).append((trial, words))
    for (recording, stage), parts in recordings.items():
        words = [_moved(word, trial.utterance.offset_s * 1e3) for trial, part in parts for word in part]
        duration_ms = max(1e3 * (trial.utterance.offset_s + trial.utterance.duration_s) for trial, _ in parts)
        yield Timed(recording, stage, words, duration_ms)


def _file_names(recordings: Iterable[str]) -> dict[str, str]:
    """Give each recording a name that any file system takes, and no two the same one where letters' case is nothing."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for recording in dict.fromkeys(recordings):
        plain = _NO_NAME.sub("_", recording).strip(". ")[:150] or "recording"
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.casefold())
        names[recording] = name
    return names


def srt(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return SubRip cues of one line each, which no text can end: an arrow in one becomes another character."""
    lines = []
    for number, cue in enumerate(_cues(words), start=1):
        lines += [str(number), _times(cue, ","), _text(cue).replace(*_ARROW), ""]
    return "\n".join(lines)


def vtt(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return WebVTT cues of one line each (W3C WebVTT: ``&``, ``<`` and ``>`` are escaped)."""
    lines = ["WEBVTT", ""]
    for cue in _cues(words):
        text = _text(cue).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        lines += [_times(cue, "."), text, ""]
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
    """Return NIST CTM: recording, channel, start and duration in seconds, word, and its quality where that is known."""
    recording = "_".join(_clean(name).split()) or "recording"
    return "".join(f"{recording} 1 {_ctm_fields(word)}\n" for word in words)


def _ctm_fields(word: Word) -> str:
    """Return the fields from the start on; a field has no spaces, and no reader takes a negative number."""
    text = "_".join(_clean(word.text).split()) or "_"
    times = f"{max(0.0, word.start_ms) / 1e3:.3f} {max(0.0, word.end_ms - word.start_ms) / 1e3:.3f}"
    return f"{times} {text}" if word.quality is None else f"{times} {text} {word.quality:.3f}"


def as_json(words: Sequence[Word], duration_ms: float, name: str) -> str:
    """Return a list of ``start`` and ``end`` in milliseconds and ``text``, as the original's aligner prints it.

    A word whose quality is known has that too.
    """
    return json.dumps(_items(words), ensure_ascii=False, indent=1) + "\n"


def _items(words: Sequence[Word]) -> list[dict[str, object]]:
    return [
        {"start": word.start_ms, "end": word.end_ms, "text": word.text}
        | ({} if word.quality is None else {"quality": word.quality})
        for word in words
    ]


def _ctm_of_all(timed: Sequence[Timed]) -> str:
    return "".join(ctm(one.words, one.duration_ms, one.recording) for one in timed)


def _json_of_all(timed: Sequence[Timed]) -> str:
    """Return an object with a list of words by recording, a recording a line."""
    lines = (
        f"{json.dumps(one.recording, ensure_ascii=False)}: {json.dumps(_items(one.words), ensure_ascii=False)}"
        for one in timed
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


FORMATS: Mapping[str, Callable[[Sequence[Word], float, str], str]] = {
    "srt": srt,
    "vtt": vtt,
    "TextGrid": textgrid,
    "ctm": ctm,
    "json": as_json,
}


_TOGETHER: Mapping[str, Callable[[Sequence[Timed]], str]] = {"ctm": _ctm_of_all, "json": _json_of_all}


def _moved(word: Word, by_ms: float) -> Word:
    return replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)


def _cues(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Group words into lines: a new one after a pause, or where the line would be too long."""
    cue: list[Word] = []
    for word in words:
        if not _text([word]):
            continue  # an empty line would end the cue
        too_long = len(_text([*cue, word])) > _CUE_CHARACTERS
        if cue and (too_long or word.start_ms - cue[-1].end_ms >= _CUE_PAUSE_MS):
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _text(words: Sequence[Word]) -> str:
    return " ".join(" ".join(_clean(word.text).split()) for word in words)


def _clean(text: str) -> str:
    """Return a text of one line that every format can hold."""
    return _CONTROL.sub(" ", text)


def _times(cue: Sequence[Word], point: str) -> str:
    """Return the line of times; a cue has to last, and a millisecond is the least that can be written."""
    start_ms = max(0, round(cue[0].start_ms))
    end_ms = max(start_ms + 1, *(round(word.end_ms) for word in cue))
    return f"{_clock(start_ms, point)} --> {_clock(end_ms, point)}"


def _clock(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _intervals(words: Sequence[Word], end_s: float) -> Iterator[tuple[float, float, str]]:
    """Yield intervals that cover everything once, each with a length as it is printed: Praat refuses anything else."""
    at_s, end_s = 0.0, round(end_s, 3)
    for word in words:
        start_s = max(at_s, round(word.start_ms / 1e3, 3))
        stop_s = min(end_s, round(word.end_ms / 1e3, 3))
        if stop_s <= start_s:
            continue
        if start_s > at_s:
            yield at_s, start_s, ""
        yield start_s, stop_s, " ".join(_clean(word.text).split())
        at_s = stop_s
    if at_s < end_s:
        yield at_s, end_s, ""
