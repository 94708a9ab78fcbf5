"""What can be told of word times without a reference: whether they can be true at all."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import inf

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
    count = out_of_order = overlapping = outside_audio = empty = negative = 0
    before_start, before_end, latest = -inf, -inf, duration_ms + TOLERANCE_MS
    for word in words:
        start, end = word.start_ms, word.end_ms
        count += 1
        if not end > start:
            empty += end == start
            negative += end != start
        outside_audio += not (start >= -TOLERANCE_MS and start <= latest and end <= latest)
        if start < before_start - TOLERANCE_MS:
            out_of_order += 1
        elif start < before_end - TOLERANCE_MS:
            overlapping += 1
        before_start, before_end = start, end
    return Sanity(
        words=count,
        out_of_order=out_of_order,
        overlapping=overlapping,
        outside_audio=outside_audio,
        empty=empty,
        negative=negative,
    )
