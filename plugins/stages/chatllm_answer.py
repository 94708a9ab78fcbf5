"""What chatllm.cpp answers, taken apart: the transcript behind its tag, statistics lines, word timings.

Pure functions of texts; the formats are those that the engine's sources print.
"""

import json
import re
from typing import Any

from harness.stage import Word

_LANGUAGE = "language "
_TAG = "<asr_text>"
_LONGEST_LANGUAGE = 40
"""Characters: a header is held back until its tag comes, and no name of a language is longer."""

_TIMING = re.compile(r"timings:\s*(prompt eval|eval|total) time\s*=\s*([\d.]+) ms\s*/\s*(\d+) tokens")
_NAMES = {"prompt eval": "prompt", "eval": "eval", "total": "total"}

_SRT_TIME = r"(?:(\d+):)?(\d+):(\d+)[,.](\d{1,3})"
_SRT = re.compile(rf"^\s*{_SRT_TIME}\s*-->\s*{_SRT_TIME}\s*\n(.*?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


class Spoken:
    """Takes an ASR's chunks, however they are cut, and gives what was spoken.

    Qwen3-ASR sends ``language English<asr_text>`` or ``<asr_text>`` before the transcript. Only at the very
    start is it a header: the word "language" can be spoken too. A model that never sends the tag has all of
    its text taken as spoken.
    """

    def __init__(self) -> None:
        self.text = ""
        """Everything spoken so far."""
        self.language: str | None = None
        """What the engine says it heard, ``"None"`` where it heard no speech; None where it did not say."""
        self._held = ""
        self._open = False

    def feed(self, chunk: str) -> str:
        """Take a chunk; return what is spoken, of it and of what was held back, from the first word on."""
        if not self._open:
            self._held += chunk
            if not self._decided():
                return ""
            chunk, self._held, self._open = self._held, "", True
        if not self.text:
            chunk = chunk.lstrip()
        self.text += chunk
        return chunk

    def finish(self) -> str:
        """Return what was held back for a tag that did not come: the engine has nothing more to say."""
        self._open = True
        held, self._held = self._held, ""
        return self.feed(held)

    def _decided(self) -> bool:
        """Whether what is held is known to be a header (which is then taken off) or known to be none."""
        held = self._held.lstrip()
        name, bracket, rest = held.partition("<")
        if bracket:
            if not self._may_be_language(name):
                return True
            tag = bracket + rest
            if tag.startswith(_TAG):
                self.language = name.removeprefix(_LANGUAGE).strip() or None
                self._held = tag.removeprefix(_TAG)
                return True
            return not _TAG.startswith(tag)
        return not self._may_be_language(held)

    @staticmethod
    def _may_be_language(text: str) -> bool:
        if len(text) <= len(_LANGUAGE):
            return _LANGUAGE.startswith(text)
        name = text.removeprefix(_LANGUAGE)
        return text.startswith(_LANGUAGE) and len(name) <= _LONGEST_LANGUAGE and not set(name) & set(".!?\n")


def totals(lines: list[str]) -> dict[str, float]:
    """Return milliseconds and tokens from the engine's statistics lines; lines of another form are left out.

    ``engine_prompt_*`` covers the audio encoder and the prefill, not the decoding of the audio file.
    """
    found: dict[str, float] = {}
    for line in lines:
        if match := _TIMING.search(line):
            name = f"engine_{_NAMES[match[1]]}"
            found[f"{name}_ms"] = float(match[2])
            found[f"{name}_tokens"] = int(match[3])
    return found


def since(now: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Return what the last run added to the totals.

    chatllm.cpp adds every run of an object to the same totals, and ``restart`` does not clear them. A total
    that has become smaller was cleared, and is the run's own.
    """
    return {
        name: round(value - before.get(name, 0), 2) if value >= before.get(name, 0) else value
        for name, value in now.items()
    }


def words_in(answer: str) -> tuple[Word, ...]:
    """Return the aligner's word timings, from JSON or SRT. Raises ValueError with the answer's start."""
    text = answer.strip()
    if text.startswith("["):
        return tuple(_word(item, answer) for item in _array(text, answer))
    words = tuple(_cue(match) for match in _SRT.finditer(text))
    if not words:
        raise ValueError(f"the aligner's answer is no JSON array and no SRT; it begins with {answer[:80]!r}")
    return words


def _array(text: str, answer: str) -> list[Any]:
    try:
        # strict=False: the engine escapes quotes, and nobody promises that it escapes control characters
        items = json.loads(text, strict=False)
    except ValueError as error:
        raise ValueError(f"the aligner's JSON is broken ({error}); it begins with {answer[:80]!r}") from None
    assert isinstance(items, list)  # it begins with a bracket
    return items


def _word(item: Any, answer: str) -> Word:
    try:
        return Word(text=str(item["text"]), start_ms=float(item["start"]), end_ms=float(item["end"]))
    except (KeyError, TypeError, ValueError):
        found = f"{str(item)[:80]} among the aligner's words"
        raise ValueError(f"{found}, expected start, end and text; it begins with {answer[:80]!r}") from None


def _cue(match: re.Match[str]) -> Word:
    *times, text = match.groups()
    return Word(" ".join(text.split()), start_ms=_milliseconds(times[:4]), end_ms=_milliseconds(times[4:]))


def _milliseconds(parts: list[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return float(((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0")))


def alignable(text: str, delimiter: str | None) -> tuple[str, list[str]]:
    """Return the text as the aligner can take it, and the segments that had to be left out.

    The engine keeps a segment's letters, digits and apostrophes, and ends the process on a segment that has
    none. It reads ``{{`` as the start of a file's name, and a zero byte as the text's end.
    """
    clean = text.replace("\0", " ").replace("{{", " ")
    segments = clean.split(delimiter) if delimiter else clean.split()
    kept = [segment for segment in segments if _has_sound(segment)]
    left_out = [segment.strip() for segment in segments if segment.strip() and not _has_sound(segment)]
    return (delimiter or " ").join(kept), left_out


def _has_sound(segment: str) -> bool:
    return any(character.isalnum() for character in segment)
