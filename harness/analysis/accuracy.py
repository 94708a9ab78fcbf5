"""How right a transcript is: text normalisers, and word and character error counts through jiwer.

WER = (S + D + I) / N with N the words of the reference (Morris, Maier and Green, 2004, "From WER and RIL to MER and
WIL"); CER is the same over characters, spaces included. Both may exceed 1.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_LONE_APOSTROPHE = re.compile(r"(?<!\S)'+|'+(?!\S)|''+")


def none(text: str) -> str:
    """Fold spaces, and leave everything else as it is."""
    return " ".join(text.split())


def basic(text: str) -> str:
    """Lower-case, strip punctuation, fold spaces; an apostrophe inside a word stays."""
    text = unicodedata.normalize("NFC", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    kept, inside = [], False
    for character in text:
        kind = unicodedata.category(character)[0]
        inside = kind in "LN" or (kind == "M" and inside)  # a mark belongs to the letter that it stands on
        kept.append(character if inside or character == "'" else " ")
    return " ".join(_LONE_APOSTROPHE.sub(" ", "".join(kept)).split())


_REMEMBERED = 256
"""Pairs of texts whose counts are remembered: the same audio gives the same text, iteration after iteration."""
NORMALIZERS: Mapping[str, Callable[[str], str]] = {"none": none, "basic": basic}
NORMALIZER_VERSION = 1
"""Raised whenever a normaliser's output changes for any text; part of what a record calls it."""


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
