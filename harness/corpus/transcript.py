"""What is said in one audio file, by a text file, a TextGrid or a CTM."""

from dataclasses import dataclass
from pathlib import Path

from harness.corpus.word_times import has_times, read_words, text_of
from harness.errors import InputError
from harness.records import Word


@dataclass(frozen=True, slots=True)
class Transcript:
    """A text on one line, or why there is none; and when each word is spoken, where the file says so."""

    text: str | None = None
    reason: str | None = None
    words: tuple[Word, ...] = ()


def read_transcript(path: Path, name: str, subject: str) -> Transcript:
    """Return what a file says is said; ``name`` is what the user calls it. One without a word is no error.

    Raises :class:`InputError`, with ``subject``, for a file that cannot be read.
    """
    if has_times(path):
        try:
            words = read_words(path)
        except InputError as error:
            raise InputError(subject, error.found, error.expected) from None
        return (
            Transcript(text_of(words), None, words) if words else Transcript(reason=f"the transcript '{name}' is empty")
        )
    try:
        text = one_line(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(subject, f"'{path}' ({error})", "a text file in UTF-8") from None
    return Transcript(text) if text else Transcript(reason=f"the transcript '{name}' is empty")


def one_line(text: str) -> str:
    """Return a text with a single space wherever there is white space in it."""
    return " ".join(text.split())
