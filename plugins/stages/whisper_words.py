"""From the engine's units to words with times: grouping, joining quality, trimming pauses; and sharing a long text out.

A unit is what the tokenizer takes for a piece of a word: a word, a part of one after a hyphen, or a punctuation mark.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.stage import Word

WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""The languages that faster-whisper's tokenizer splits at characters, for they are written without spaces."""
_SPACED = re.compile(r"\s*\S+")
_CHARACTER = re.compile(r"\s*\S")
_LONGEST_SHARE = 3
"""Of the text that is left, a window is searched for in so many times the words that were heard in it."""
_FRAME_MS = 10.0
_QUIET_MS = 100.0
"""Shorter than that, a quiet edge is a closure or a fricative of the word itself."""
_KEPT_MS = 30.0
"""What of a pause stays with the word: speech does not begin and end from one frame to the next."""
_QUIET_PART = 0.25
"""A frame is quiet below this part of the way, in dB, from the recording's quiet to its loud frames."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a word: times in milliseconds, and the mean probability of its tokens."""

    text: str
    start_ms: float
    end_ms: float
    probability: float
    tokens: int


def units_of(aligned: Iterable[Mapping[str, Any]], offset_ms: float) -> Iterator[Unit]:
    """Yield what faster-whisper's ``find_alignment`` returns (seconds) as units, from the recording's start."""
    for one in aligned:
        start_ms, end_ms = (offset_ms + 1e3 * float(one[name]) for name in ("start", "end"))
        yield Unit(one["word"], start_ms, end_ms, float(one["probability"]), len(one["tokens"]))


def words_of(units: Iterable[Unit], language: str = "en") -> Iterator[Word]:
    """Group units to words as they are written: punctuation belongs to the word's text, not to its time.

    In the engine's path a mark after a word takes the pause that follows; who counts it to the word makes the word
    longer by that. What has no letter and no digit at all is no word. ``quality`` is the mean probability of the tokens
    that are spoken.
    """
    word: list[Unit] = []
    for unit in units:
        begins = unit.text[:1].isspace() or (language in WITHOUT_SPACES and bool(_spoken([unit])))
        if begins and word:
            yield from _word(word)
            word = []
        word.append(unit)
    yield from _word(word)


def _spoken(units: Iterable[Unit]) -> list[Unit]:
    return [unit for unit in units if any(character.isalnum() for character in unit.text)]


def _word(units: Sequence[Unit]) -> Iterator[Word]:
    spoken = _spoken(units)
    if spoken:
        tokens = sum(unit.tokens for unit in spoken)
        quality = sum(unit.probability * unit.tokens for unit in spoken) / tokens
        text = "".join("".join(unit.text for unit in units).split())
        yield Word(text, round(spoken[0].start_ms, 1), round(spoken[-1].end_ms, 1), round(quality, 4))


def fit_of(words: Sequence[Word]) -> float:
    """Return how well a text fits the audio, 0 to 1: the mean quality of its words, 0 for none."""
    return sum(word.quality or 0.0 for word in words) / len(words) if words else 0.0


# --- pauses at the edges of words


def trimmed(words: Iterable[Word], powers: Any) -> Iterator[Word]:
    """Take the pauses off the edges of words, by the energy of the recording.

    ``powers`` are the mean squares of each 10 ms. The recording's own quiet and loud (the 10th and the 95th percentile
    of its frames, in dB) say what a pause is: a frame less than a quarter of the way up. A stretch of such frames at
    a word's edge that lasts at least 100 ms is cut off but for its last 30 ms; a word that is all quiet stays as it
    is, for there is nothing to tell where in it the word would be. So a word may get shorter and never longer, and
    what the engine put in a wrong place stays there.
    """
    import numpy as np

    levels = 10.0 * np.log10(np.maximum(powers, 1e-3))
    if not len(levels):
        yield from words
        return
    quiet, loud = np.percentile(levels, [10, 95])
    is_loud = levels > quiet + _QUIET_PART * (loud - quiet)
    for word in words:
        first = int(word.start_ms / _FRAME_MS)
        inside = np.flatnonzero(is_loud[first : int(word.end_ms / _FRAME_MS)])
        if len(inside):
            begins_ms = (first + int(inside[0])) * _FRAME_MS
            ends_ms = (first + int(inside[-1]) + 1) * _FRAME_MS
            start_ms = begins_ms - _KEPT_MS if begins_ms - word.start_ms >= _QUIET_MS else word.start_ms
            end_ms = ends_ms + _KEPT_MS if word.end_ms - ends_ms >= _QUIET_MS else word.end_ms
            word = replace(word, start_ms=start_ms, end_ms=end_ms)
        yield word


# --- a text that is longer than a window


def pieces_of(text: str, language: str = "en") -> list[str]:
    """Split a text into words, or characters where there are no spaces; each with the space before it."""
    return (_CHARACTER if language in WITHOUT_SPACES else _SPACED).findall(text)


def share(heard: Sequence[str], left: Sequence[str]) -> int:
    """Return how many of the pieces that are left of a text were spoken in a window, by what was heard in it.

    The beginning of the text that the heard differs least from (Levenshtein, over words without case and punctuation);
    of equally near ones the longest, for a last word that was heard wrongly is one that was spoken.
    """
    said = [_bare(piece) for piece in left[: _LONGEST_SHARE * len(heard) + _LONGEST_SHARE]]
    row = list(range(len(said) + 1))
    for word in map(_bare, heard):
        previous, row = row, [row[0] + 1]
        for at, other in enumerate(said):
            row.append(min(previous[at] + (word != other), previous[at + 1] + 1, row[at] + 1))
    nearest = min(row)
    return max(at for at, distance in enumerate(row) if distance == nearest) if heard else 0


def _bare(piece: str) -> str:
    return "".join(character for character in piece.casefold() if character.isalnum())
