"""When each word of a reference is spoken, from the files that annotators and aligners write: TextGrid and CTM."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.audio import SLACK_S
from harness.corpus.entry import quoted
from harness.errors import InputError
from harness.records import Word

TEXTGRID = ".textgrid"
CTM = ".ctm"
SILENCES = frozenset(("", "sil", "sp", "<sil>", "<eps>", "<p:>", "#"))
"""Labels with which aligners (MFA, HTK, Kaldi, MAUS) mark that nobody speaks, in small letters."""
_WORD_TIER = re.compile(r"(.* - )?words?", re.IGNORECASE)
"""``words``, ``word``; and of the Montreal Forced Aligner, with several speakers, ``NAME - words``."""


def read_words(path: Path, recording: str | None = None) -> tuple[Word, ...]:
    """Return the words of a ``.TextGrid`` or ``.ctm`` in the order of their times; silences are no words.

    Of a CTM of several recordings, ``recording`` is the one that is meant: by default that of the file's name.
    Raises :class:`InputError` for a file that cannot be read, or whose times cannot be.
    """
    text = _text(path)
    read = _textgrid(path, text) if path.suffix.lower() == TEXTGRID else _ctm(path, text, recording or path.stem)
    words = tuple(sorted(read, key=lambda word: (word.start_ms, word.end_ms)))
    check_words(words, None, f"'{path}'")
    return words


def has_times(path: Path) -> bool:
    """Tell by its name whether a file holds words with times."""
    return path.suffix.lower() in (TEXTGRID, CTM)


def text_of(words: Sequence[Word]) -> str:
    """Return what is said, by words with times."""
    return " ".join(word.text for word in words)


def check_words(words: Sequence[Word], duration_s: float | None, where: str = "") -> None:
    """Raise :class:`InputError` for times that cannot be, or that lie past the end of ``duration_s`` of audio."""
    of = f" in {where}" if where else ""
    for word in words:
        if not 0 <= word.start_ms <= word.end_ms < float("inf"):
            found = f"the word {quoted(word.text)} from {word.start_ms / 1e3:g} to {word.end_ms / 1e3:g} s{of}"
            raise InputError("reference times", found, "words that start at 0 s or later and end no sooner")
    for before, after in pairwise(words):
        if after.start_ms < before.start_ms:
            found = f"the word {quoted(after.text)} before the one in front of it{of}"
            raise InputError("reference times", found, "words in the order of their times")
    if duration_s is not None and words and words[-1].start_ms / 1e3 > duration_s + SLACK_S:
        found = f"the word {quoted(words[-1].text)} at {words[-1].start_ms / 1e3:g} s of {duration_s:g} s of audio{of}"
        raise InputError("reference times", found, "times from the utterance's own start")


def _text(path: Path) -> str:
    """Return a file's text: UTF-8, or UTF-16 with its mark, which Praat writes."""
    try:
        content = path.read_bytes()
        coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return content.decode(coding)
    except OSError as error:
        raise InputError("reference times", f"'{path}' ({error.strerror})", "a TextGrid or a CTM") from None
    except UnicodeDecodeError as error:
        raise InputError("reference times", f"'{path}' ({error})", "a text file in UTF-8 or UTF-16") from None


def _textgrid(path: Path, text: str) -> Iterator[Word]:
    """Yield the words of the tiers named ``words`` (or ``word``), else of the first interval tier."""
    from praatio.utilities.errors import PraatioException
    from praatio.utilities.textgrid_io import parseTextgridStr  # openTextgrid would print what it mends

    try:
        tiers: list[Mapping[str, Any]] = parseTextgridStr(text)["tiers"]
        intervals = [tier for tier in tiers if tier["class"] == "IntervalTier"]
        named = [tier for tier in intervals if _WORD_TIER.fullmatch(tier["name"].strip())]
        chosen = [(tier["name"], [(*map(float, one[:2]), one[2]) for one in tier["entries"]]) for tier in intervals]
    except (PraatioException, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        told = isinstance(error, PraatioException | ValueError)  # the others name a line of praatio's own
        reason = " ".join(str(error).split())[:80] if told else "it ends too soon, or is something else"
        raise InputError("reference times", f"'{path}' ({reason})", "a TextGrid as Praat writes it") from None
    if not intervals:
        raise InputError(
            "reference times", f"'{path}' without an interval tier", "a tier 'words' with an interval a word"
        )
    names = {tier["name"] for tier in named} or {intervals[0]["name"]}
    for name, entries in chosen:
        if name in names:
            yield from _intervals(path, name, entries)


def _intervals(path: Path, tier: str, entries: Sequence[tuple[float, float, str]]) -> Iterator[Word]:
    for start_s, end_s, label in entries:
        label = label.strip()
        if label.lower() in SILENCES:
            continue
        if len(label.split()) > 1:
            found = f"the interval {quoted(label)} in the tier '{tier}' of '{path}'"
            raise InputError("reference times", found, "one word an interval, in a tier 'words'")
        yield Word(label, _ms(start_s), _ms(end_s))


def _ctm(path: Path, text: str, recording: str) -> Iterator[Word]:
    """Yield the words of a recording, or of the only one, whatever it is called.

    A line is ``recording channel start duration word [confidence]``, times in seconds (NIST SCTK); ``;;`` is a comment.
    """
    lines = [(n, line.split()) for n, line in enumerate(text.splitlines(), 1) if line.strip() and line[:2] != ";;"]
    recordings = dict.fromkeys(parts[0] for _, parts in lines)
    if len(recordings) > 1 and recording not in recordings:
        found = f"'{path}' of {len(recordings)} recordings, none of them '{recording}'"
        raise InputError("reference times", found, "a CTM of one recording, or with the audio file's name in it")
    for number, parts in lines:
        if len(recordings) == 1 or parts[0] == recording:
            word = _ctm_word(path, number, parts)
            if word.text.lower() not in SILENCES:
                yield word


def _ctm_word(path: Path, number: int, parts: Sequence[str]) -> Word:
    try:
        start_s, duration_s = float(parts[2]), float(parts[3])
        quality = float(parts[5]) if len(parts) > 5 and parts[5] != "NA" else None
        if quality is not None and not 0 <= quality <= 1:
            quality = None  # a score on another scale
        return Word(parts[4], _ms(start_s), _ms(start_s + duration_s), quality)
    except (ValueError, IndexError):
        found = f"{quoted(' '.join(parts))} in line {number} of '{path}'"
        raise InputError("reference times", found, "recording, channel, start and duration in seconds, word") from None


def _ms(seconds: float) -> float:
    """Return milliseconds as fine as anybody writes them: 0.1 s + 0.2 s is 300, and not a hair more."""
    return round(1e3 * seconds, 6)
