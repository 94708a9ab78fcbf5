"""How right a transcript is: word and character error counts through jiwer.

WER = (S + D + I) / N with N the words of the reference (Morris, Maier and Green, 2004, "From WER and RIL to MER and
WIL"); CER is the same over characters. Both may exceed 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

_REMEMBERED = 256
"""Pairs of texts whose counts are remembered: the same audio gives the same text, iteration after iteration."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Edits that turn a reference into a hypothesis: substitutions, deletions, insertions; and hits."""

    substitutions: int
    deletions: int
    insertions: int
    hits: int

    @property
    def edits(self) -> int:
        """Return S + D + I."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def length(self) -> int:
        """Return N = S + D + H, the length of the reference."""
        return self.substitutions + self.deletions + self.hits

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.hits + other.hits,
        )


@lru_cache(_REMEMBERED)
def word_counts(reference: str, hypothesis: str) -> Counts:
    """Count word edits. Raises ValueError for a reference without words."""
    said, written = reference.split(), hypothesis.split()
    if not said:
        raise ValueError("the reference has no words")
    if said == written:
        return Counts(0, 0, 0, len(said))
    return _counts(aligned_words(said, written))


@lru_cache(_REMEMBERED)
def character_counts(reference: str, hypothesis: str) -> Counts:
    """Count character edits, spaces included but at the ends. Raises ValueError for a reference of spaces alone."""
    reference, hypothesis = reference.strip(), hypothesis.strip()
    if not reference:
        raise ValueError("the reference has no characters")
    if reference == hypothesis:
        return Counts(0, 0, 0, len(reference))
    import jiwer

    return _counts(jiwer.process_characters(reference, hypothesis, *_as_characters()))


def aligned_words(said: Sequence[str], written: Sequence[str]) -> Any:
    """Return jiwer's output for words, none of which has a space in it."""
    import jiwer  # with RapidFuzz, which a run needs only after its first trial

    return jiwer.process_words(" ".join(said), " ".join(written), *_as_words())


@cache
def _as_words() -> Any:
    """Return the transformation of either text: no more than the split, for the rest of jiwer's takes as long as it."""
    from jiwer import ReduceToListOfListOfWords

    return (ReduceToListOfListOfWords(),) * 2


@cache
def _as_characters() -> Any:
    from jiwer import ReduceToListOfListOfChars

    return (ReduceToListOfListOfChars(),) * 2


def _counts(output: Any) -> Counts:
    return Counts(output.substitutions, output.deletions, output.insertions, output.hits)
