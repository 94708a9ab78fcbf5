"""Word times from a Praat TextGrid or a NIST CTM."""

from pathlib import Path

from harness.errors import InputError
from harness.records import Word

ENDINGS = (".textgrid", ".ctm")
_TIERS = ("words", "word")


def read_words(path: Path, recording: str) -> tuple[Word, ...]:
    """Return the words of a file; of a CTM those of one recording, where it has several.

    Raises :class:`InputError` for a file that is none, or holds no word.
    """
    words = _textgrid(path) if path.suffix.lower() == ".textgrid" else _ctm(path, recording)
    if not words:
        raise InputError("--from", f"'{path}', which holds no word", "a file with word times")
    return words


def _textgrid(path: Path) -> tuple[Word, ...]:
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    except (OSError, ValueError, IndexError, KeyError, PraatioException) as error:
        raise _unreadable(path, error, "a TextGrid") from None
    tiers = {tier.name.lower(): tier for tier in grid.tiers if isinstance(tier, IntervalTier)}
    tier = next((tiers[name] for name in _TIERS if name in tiers), None)
    if tier is None:
        raise InputError("--from", f"'{path}' without a tier 'words'", "an interval tier of words", tiers)
    return tuple(
        Word(" ".join(one.label.split()), one.start * 1e3, one.end * 1e3) for one in tier.entries if one.label.strip()
    )


def _ctm(path: Path, recording: str) -> tuple[Word, ...]:
    words: dict[str, list[Word]] = {}
    try:
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            if line.strip() and not line.startswith(";;"):
                name, _, start_s, duration_s, text = line.split()[:5]
                start_ms = float(start_s) * 1e3
                words.setdefault(name, []).append(Word(text, start_ms, start_ms + float(duration_s) * 1e3))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error, "lines of recording, channel, start, duration, word") from None
    if recording not in words and len(words) > 1:
        raise InputError("--from", f"'{path}' of {len(words)} recordings, none of them '{recording}'", "one of", words)
    return tuple(words.get(recording) or next(iter(words.values()), ()))


def _unreadable(path: Path, error: Exception, expected: str) -> InputError:
    return InputError("--from", f"'{path}' ({' '.join(str(error).split()) or type(error).__name__})", expected)
