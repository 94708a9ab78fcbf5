"""How right a transcript is: word and character error counts through jiwer.

WER = (S + D + I) / N with N the words of the reference (Morris, Maier and Green, 2004, "From WER and RIL to MER and
WIL"); CER is the same over characters, spaces included. Both may exceed 1.
"""

from dataclasses import dataclass
from functools import lru_cache

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


@lru_cache(_REMEMBERED)
def word_counts(reference: str, hypothesis: str) -> Counts:
    """Count word edits. Raises ValueError for a reference without words."""
    if not reference.split():
        raise ValueError("the reference has no words")
    import jiwer  # with RapidFuzz, which a run needs only after its first trial

    output = jiwer.process_words(reference, hypothesis)
    return Counts(output.substitutions, output.deletions, output.insertions, output.hits)


@lru_cache(_REMEMBERED)
def character_counts(reference: str, hypothesis: str) -> Counts:
    """Count character edits, spaces included. Raises ValueError for an empty reference."""
    if not reference:
        raise ValueError("the reference has no characters")
    import jiwer

    output = jiwer.process_characters(reference, hypothesis)
    return Counts(output.substitutions, output.deletions, output.insertions, output.hits)
