"""What can be told of word times without a reference: whether they can be true at all."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from harness.records import Word

TOLERANCE_MS = 0.5
"""Times that are rounded to whole milliseconds are off by so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanity:
    """How many words there are, and how many of them cannot be.

    ``out_of_order`` begin before the word before them begins, ``overlapping`` before it ends; ``outside_audio`` begin
    before the audio or end after it; ``empty`` end where they begin, ``negative`` before that.
    """

    words: int = 0
    out_of_order: int = 0
    overlapping: int = 0
    outside_audio: int = 0
    empty: int = 0
    negative: int = 0

    def __add__(self, other: "Sanity") -> "Sanity":
        sums = {one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        return Sanity(**sums)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with any word."""
        return self == Sanity(words=self.words)


def sanity(words: Iterable[Word], duration_ms: float) -> Sanity:
    """Count the words of one utterance. A time that is no number is outside the audio."""
    counts = dict.fromkeys((one.name for one in fields(Sanity)), 0)
    before: Word | None = None
    for word in words:
        counts["words"] += 1
        counts["negative"] += not word.end_ms >= word.start_ms
        counts["empty"] += word.end_ms == word.start_ms
        inside = word.start_ms >= -TOLERANCE_MS and max(word.start_ms, word.end_ms) <= duration_ms + TOLERANCE_MS
        counts["outside_audio"] += not inside
        if before is not None and word.start_ms < before.start_ms - TOLERANCE_MS:
            counts["out_of_order"] += 1
        elif before is not None and word.start_ms < before.end_ms - TOLERANCE_MS:
            counts["overlapping"] += 1
        before = word
    return Sanity(**counts)
