"""A manifest: JSON lines in NeMo's form, a stretch of audio with its text in each.

One pass checks every line and keeps its bounds; a line is read again when its entry is asked for.
"""

import json
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from harness.corpus.entry import BadEntry, Entry, quoted
from harness.corpus.headers import Headers
from harness.corpus.json_lines import JsonLines
from harness.corpus.keys import named
from harness.corpus.language import language_tag
from harness.corpus.lookup import file, found
from harness.corpus.naming import FileNames, Ids, stretch_name
from harness.corpus.transcript import one_line
from harness.corpus.word_times import check_words
from harness.errors import InputError
from harness.records import Word

SUBJECT = "dataset.manifest"
_EXPECTED = "a manifest: JSON lines in NeMo's form, plain or .gz"
_JSON = 'one JSON object a line: {"audio_filepath": ..., "text": ..., "duration": ..., "offset": ...}'
_KEYS = {
    "audio_filepath": "the path of an audio file",
    "text": "a text, or null where nobody knows what is said",
    "duration": "a number of seconds above 0",
    "offset": "a number of seconds of at least 0",
    "id": "a text or a whole number",
    "utt_id": "a text or a whole number",
    "speaker": "a text or a whole number",
    "lang": "a text: a language's tag",
    "language": "a text: a language's tag",
    "synthetic": "a text: how speech was made that nobody spoke",
    "words": 'a list of {"word": ..., "start": ..., "end": ...} in seconds, or with start_ms and end_ms',
}
_PATH = re.compile(r"(.*) - at `\$\.(\w+)")


@dataclass(frozen=True, slots=True)
class ManifestOptions:
    """The keys of a dataset of this form: ``manifest`` is the file."""

    manifest: str = named(f"the path of {_EXPECTED}")


class _Time(msgspec.Struct, gc=False):
    """A word of the key ``words``."""

    word: str | None = None
    text: str | None = None
    start: float | None = None
    end: float | None = None
    start_ms: float | None = None
    end_ms: float | None = None


class _Line(msgspec.Struct, gc=False):
    """A line of a manifest. What it says beyond this is passed over."""

    audio_filepath: str
    text: str | None
    duration: float | None = None
    offset: float | None = None
    id: str | int | None = None
    utt_id: str | int | None = None
    speaker: str | int | None = None
    lang: str | None = None
    language: str | None = None
    synthetic: str | None = None
    words: list[_Time] | None = None


_DECODER = msgspec.json.Decoder(_Line)


def read_manifest(options: ManifestOptions, shipped: Path) -> "Manifest":
    """Return the entries of a manifest. Raises :class:`InputError` where there is none; bad lines are in ``bad``."""
    return Manifest(file(options.manifest, shipped, SUBJECT, _EXPECTED))


class Manifest:
    """The entries of a manifest; of each, three numbers are in memory."""

    def __init__(self, path: Path) -> None:
        """Check every line. Raises :class:`InputError` for a file that cannot be read."""
        self._folder = path.parent
        self._prefix = "" if self._folder == Path() else f"{self._folder}/"
        self._lines = JsonLines(path, SUBJECT)
        self._durations_s = array("d")
        self._names = FileNames(self._folder)
        self._again: set[int] = set()
        self.bad: Sequence[BadEntry] = self._read()
        self._names.seen_all()

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> Entry:
        """Return an entry, its line read again. Raises :class:`InputError` where the file has changed."""
        try:
            line = _decoded(self._lines[number])
        except InputError:
            raise self._lines.changed(number) from None
        path, offset_s = self._path(line.audio_filepath), line.offset or 0.0
        recording = self._names.of(path)
        own = _first(line.id, line.utt_id) or stretch_name(recording, offset_s)
        text = one_line(line.text or "")
        return Entry(
            id=f"{own}#{self._lines.number(number)}" if number in self._again else own,
            audio=path,
            offset_s=offset_s,
            duration_s=self._durations_s[number],
            reference=text or None,
            no_reference=None if text else "its text in the manifest is empty",
            speaker=_first(line.speaker),
            language=language_tag(line.language or line.lang),
            words=_words(line),
            synthetic=line.synthetic or "",
            recording=recording,
        )

    def _read(self) -> Sequence[BadEntry]:
        bad, headers, ids, stretches = [], Headers(), Ids(), Ids()
        for number, content in self._lines:
            try:
                line = _decoded(content)
                path = self._path(line.audio_filepath)
                duration_s = _duration_s(line, path, headers)
                check_words(_words(line), duration_s)
                self._note_id(line, path, number, ids, stretches)
            except InputError as error:
                bad.append(BadEntry.of(f"line {number}", error))
                continue
            self._lines.keep()
            self._durations_s.append(duration_s)
            self._names.see(path)
        return bad

    def _note_id(self, line: _Line, path: str, number: int, ids: Ids, stretches: Ids) -> None:
        """Refuse an id that another line has; a stretch without one that is there twice gets its line's number."""
        own = _first(line.id, line.utt_id)
        if own is None:
            if stretches.earlier(f"{path}\0{line.offset or 0.0}", number) is not None:
                self._again.add(len(self._lines))
        elif (earlier := ids.earlier(own, number)) is not None:
            raise InputError(SUBJECT, f"the id {quoted(own)}, which line {earlier} has too", "an id of its own")

    def _path(self, name: str) -> str:
        if name[:1] == "~":
            name = str(found(name, self._folder))
        return name if name[:1] == "/" else self._prefix + name  # 100,000 times: a Path would take ten times as long


def _decoded(content: bytes) -> _Line:
    """Return a line's content. Raises :class:`InputError` with the key that is not as it should be."""
    try:
        return _DECODER.decode(content)
    except msgspec.ValidationError as error:
        raise _explained(str(error), _lenient(content)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _lenient(content)  # Python writes NaN, which is no JSON
    try:
        return msgspec.convert(value, _Line)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value) from None


def _lenient(content: bytes) -> Any:
    """Return what Python's own reader makes of a line, which knows NaN. Raises :class:`InputError`."""
    try:
        value = json.loads(content.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except UnicodeEncodeError:
        raise InputError(SUBJECT, "a text with half of a surrogate pair", "characters of Unicode") from None
    except UnicodeDecodeError as error:
        raise InputError(SUBJECT, f"bytes that are no UTF-8 ({error.reason})", "a line of JSON in UTF-8") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()).partition(": line")[0]
        shown = quoted(content.decode("utf-8", "replace"))
        raise InputError(SUBJECT, f"{shown} ({reason})", _JSON) from None
    return value


def _explained(message: str, value: Any) -> InputError:
    """Return what is wrong with a line, from msgspec's message and the line's value."""
    if not isinstance(value, dict):
        return InputError(SUBJECT, quoted(value), _JSON)
    lacking = next((key for key in ("audio_filepath", "text") if key not in value), None)
    if lacking:
        return InputError(SUBJECT, f"no key '{lacking}'", f"{lacking}: {_KEYS[lacking]}")
    match = _PATH.match(message)
    key = match[2] if match else ""
    if key not in _KEYS:
        return InputError(SUBJECT, message, _JSON)
    return InputError(SUBJECT, f"{key} {quoted(value[key])}", _KEYS[key])


def _duration_s(line: _Line, path: str, headers: Headers) -> float:
    """Return how long a line's stretch plays. The file's header is read only where the line leaves a question."""
    offset_s, duration_s = line.offset or 0.0, line.duration
    if not (isfinite(offset_s) and offset_s >= 0):
        raise InputError(SUBJECT, f"offset {offset_s:g}", _KEYS["offset"])
    if duration_s is not None and not (isfinite(duration_s) and duration_s > 0):
        raise InputError(SUBJECT, f"duration {duration_s:g}", _KEYS["duration"])
    headers.check(path)
    if duration_s is not None and not offset_s:
        return duration_s
    return headers.stretch_s(path, offset_s, duration_s)


def _words(line: _Line) -> tuple[Word, ...]:
    """Return the reference times of a line. Raises :class:`InputError` for a word without a text or a time."""
    words = []
    for one in line.words or ():
        text = one_line(one.text or "" if one.word is None else one.word)
        start_ms = one.start_ms if one.start is None else 1e3 * one.start
        end_ms = one.end_ms if one.end is None else 1e3 * one.end
        if not text or start_ms is None or end_ms is None:
            said = {key: value for key, value in msgspec.structs.asdict(one).items() if value is not None}
            raise InputError(SUBJECT, f"in words {quoted(said)}", _KEYS["words"])
        words.append(Word(text, start_ms, end_ms))
    return tuple(words)


def _first(*names: str | int | None) -> str | None:
    """Return the first name that is one, as a text on one line."""
    return next((one_line(str(name)) for name in names if name not in (None, "")), None)
