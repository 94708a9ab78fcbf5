"""A cut set of lhotse: JSON lines, a cut in each. lhotse itself is not needed, which would bring PyTorch along.

Field names are those that lhotse 1.33 writes. Of its kinds of cut a ``MonoCut`` is read whose recording is one file
with one channel: one stretch of audio, as it is on the disk.
"""

from array import array
from collections.abc import Mapping, Sequence
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
from harness.corpus.lookup import file, is_there
from harness.corpus.naming import Ids
from harness.corpus.transcript import one_line
from harness.corpus.word_times import SILENCES, check_words
from harness.errors import InputError
from harness.records import Word

SUBJECT = "dataset.cuts"
_EXPECTED = "lhotse's cuts as JSON lines, plain or .gz"
_CUT = "a MonoCut as lhotse writes it"
_WORD = "word"
"""The kind of alignment that is read."""


@dataclass(frozen=True, slots=True)
class LhotseOptions:
    """The keys of a dataset of this form: ``cuts`` is the file."""

    cuts: str = named(f"the path of {_EXPECTED}")


class _Supervision(msgspec.Struct, gc=False):
    start: float = 0.0
    text: str | None = None
    language: str | None = None
    speaker: str | None = None
    alignment: Mapping[str, Sequence[tuple[Any, ...] | Mapping[str, Any]]] | None = None


class _Source(msgspec.Struct, gc=False):
    type: str
    channels: Sequence[int]
    source: str = ""


class _Recording(msgspec.Struct, gc=False):
    id: str
    sources: Sequence[_Source]
    transforms: Sequence[Any] | None = None


class _Cut(msgspec.Struct, gc=False):
    """A line. What it says beyond this (features, custom fields) is passed over."""

    type: str
    id: str
    start: float = 0.0
    duration: float = 0.0
    supervisions: Sequence[_Supervision] = ()
    recording: _Recording | None = None


_DECODER = msgspec.json.Decoder(_Cut)


def read_lhotse(options: LhotseOptions, shipped: Path) -> "Cuts":
    """Return the entries of a cut set. Raises :class:`InputError` where there is none; bad cuts are in ``bad``."""
    return Cuts(file(options.cuts, shipped, SUBJECT, _EXPECTED))


class Cuts:
    """The entries of a cut set; of each, three numbers are in memory."""

    def __init__(self, path: Path) -> None:
        """Check every line. Raises :class:`InputError` for a file that cannot be read."""
        self._folder = path.parent
        self._lines = JsonLines(path, SUBJECT)
        self._durations_s = array("d")
        self.bad: Sequence[BadEntry] = self._read()

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> Entry:
        """Return an entry, its line read again. Raises :class:`InputError` where the file has changed."""
        try:
            cut = _decoded(self._lines[number])
            recording = _recording(cut)
        except InputError:
            raise self._lines.changed(number) from None
        said = sorted(cut.supervisions, key=lambda one: one.start)
        text = one_line(" ".join(one.text or "" for one in said))
        nothing = "its supervisions hold no text" if said else "the cut has no supervision"
        return Entry(
            id=cut.id,
            audio=self._path(recording),
            offset_s=cut.start,
            duration_s=self._durations_s[number],
            reference=text or None,
            no_reference=None if text else nothing,
            speaker=_only(one.speaker for one in said),
            language=language_tag(_only(one.language for one in said)),
            words=_words(cut),
            recording="-".join(recording.id.split("/")),
        )

    def _read(self) -> Sequence[BadEntry]:
        bad, headers, ids = [], Headers(), Ids()
        for number, content in self._lines:
            try:
                cut = _decoded(content)
                path = self._path(_recording(cut))
                _check_bounds(cut)
                duration_s = headers.stretch_s(path, cut.start, cut.duration)
                check_words(_words(cut), duration_s)
                if (earlier := ids.earlier(cut.id, number)) is not None:
                    found = f"the id {quoted(cut.id)}, which line {earlier} has too"
                    raise InputError(SUBJECT, found, "an id of its own")
            except InputError as error:
                bad.append(BadEntry.of(f"line {number}", error))
                continue
            self._lines.keep()
            self._durations_s.append(duration_s)
        return bad

    def _path(self, recording: _Recording) -> str:
        """Return a recording's file: as lhotse does from the working directory, else beside the cut set."""
        source = recording.sources[0].source
        if source[:1] == "/":
            return source
        path, beside = Path(source), self._folder / source
        return str(beside if not is_there(path) and is_there(beside) else path)


def _decoded(content: bytes) -> _Cut:
    try:
        return _DECODER.decode(content)
    except msgspec.ValidationError as error:
        raise _explained(content, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = quoted(content.decode("utf-8", "replace"))
        raise InputError(SUBJECT, f"{shown} ({error})", f"one JSON object a line: {_CUT}") from None


def _explained(content: bytes, error: Exception) -> InputError:
    """Return what is wrong with a line that is JSON and no cut, which its kind may say better than its fields."""
    value = msgspec.json.decode(content)
    kind = value.get("type", "nothing under the key 'type'") if isinstance(value, dict) else quoted(value)
    return InputError(SUBJECT, f"{str(kind)[:60]} ({error})" if kind == "MonoCut" else str(kind)[:60], _CUT)


def _recording(cut: _Cut) -> _Recording:
    """Return the recording of a cut, which is one file with one channel as it is. Raises :class:`InputError`."""
    if cut.type != "MonoCut":
        raise InputError(SUBJECT, f"a {cut.type[:60]}", f"{_CUT}: one stretch of one recording")
    recording = cut.recording
    if recording is None:
        raise InputError(SUBJECT, "a cut without a recording (features only)", "a cut with its recording")
    if recording.transforms:
        names = ", ".join(str(one.get("name", one) if isinstance(one, dict) else one) for one in recording.transforms)
        raise InputError(SUBJECT, f"a recording to be transformed ({names[:60]})", "audio as it is on the disk")
    kinds = [source.type for source in recording.sources]
    if kinds != ["file"]:
        found = f"a recording from {' and '.join(kinds)[:60] or 'nowhere'}"
        raise InputError(SUBJECT, found, "one source of the type file")
    channels = recording.sources[0].channels
    if len(channels) != 1:
        raise InputError(SUBJECT, f"one channel of a file with {len(channels)}", "a file with one channel")
    return recording


def _check_bounds(cut: _Cut) -> None:
    if not (isfinite(cut.start) and cut.start >= 0):
        raise InputError(SUBJECT, f"start {cut.start:g}", "a number of seconds of at least 0")
    if not (isfinite(cut.duration) and cut.duration > 0):
        raise InputError(SUBJECT, f"duration {cut.duration:g}", "a number of seconds above 0")


def _words(cut: _Cut) -> tuple[Word, ...]:
    """Return the aligned words of a cut, which lhotse counts from the start of the recording.

    A word is ``[symbol, start, duration, score]``; an object with those values before lhotse 1.8.
    """
    words = []
    for supervision in cut.supervisions:
        for item in (supervision.alignment or {}).get(_WORD, ()):
            values = tuple(item.values()) if isinstance(item, Mapping) else item
            try:
                text, start_s, duration_s = one_line(values[0]), float(values[1]), float(values[2])
            except (IndexError, TypeError, ValueError, AttributeError):
                found = f"in the alignment {quoted(list(values))}"
                raise InputError(SUBJECT, found, "[word, start, duration, score] in seconds") from None
            if text.lower() not in SILENCES:
                start_ms = round(1e3 * (start_s - cut.start), 5)  # as fine as lhotse rounds
                words.append(Word(text, start_ms, round(start_ms + 1e3 * duration_s, 5)))
    return tuple(sorted(words, key=lambda word: (word.start_ms, word.end_ms)))


def _only(names: Any) -> str | None:
    """Return the one name that all say, None where they differ or nobody says."""
    said = set(names)
    return said.pop() if len(said) == 1 else None
