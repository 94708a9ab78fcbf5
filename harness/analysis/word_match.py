"""Which timed words are the words of a reference, and how far their starts and ends are off.

The alignment of texts is jiwer's, of normalised words; only words that are equal there are matched. Both sides are
normalised a word at a time, so that every token has an owner with times.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from harness.analysis.accuracy import aligned_words
from harness.records import Word

_REMEMBERED = 65_536
"""Words whose tokens are remembered: a language has few that are frequent, and normalising costs more than matching."""
WITHIN_MS = (20, 50, 100, 200)
"""The tolerances whose shares are told."""
ROUNDING_MS = 1e-6
"""What a difference of times in seconds may be off, in ms."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found of a reference: of each matched word the signed errors, in ms, positive where it is late.

    ``words`` counts the words of the reference, without those that normalise to nothing.
    """

    words: int
    start_ms: tuple[float, ...] = ()
    end_ms: tuple[float, ...] = ()

    @property
    def total_ms(self) -> float:
        """The sum of |start error| + |end error|: AAS is this / 2N."""
        return sum(map(abs, self.start_ms)) + sum(map(abs, self.end_ms))

    def boundaries_within(self, tolerance_ms: float) -> int:
        """Count the starts and ends that are off by at most so much."""
        most = tolerance_ms + ROUNDING_MS
        return sum(abs(error) <= most for error in (*self.start_ms, *self.end_ms))


class Matcher:
    """Matches timed words by a normaliser, which it asks once a word."""

    def __init__(self, normalize: Callable[[str], str]) -> None:
        @lru_cache(_REMEMBERED)
        def tokens(text: str) -> tuple[str, ...]:
            return tuple(normalize(text).split())

        self._tokens = tokens

    def match(self, reference: Sequence[Word], words: Sequence[Word]) -> Matched:
        """Return the errors of the words that are in both, in the reference's order.

        A word of several tokens is matched where all of them are. So is one that was found as several words, from the
        first one's start to the last one's end; words of the reference that were found as one have no times.
        """
        said, found = self._tokens_of(reference), self._tokens_of(words)
        equal = _equal(said.texts, found.texts)
        if said.spans is None and found.spans is None:  # nearly always: a token is a word
            pairs = [(reference[mine], words[theirs], words[theirs]) for mine, theirs in equal.items()]
        else:
            pairs = list(_whole_words(reference, said, words, found, equal))
        return Matched(
            sum(last > first for first, last in said.spans) if said.spans else len(said.texts),
            tuple(head.start_ms - word.start_ms for word, head, _ in pairs),
            tuple(tail.end_ms - word.end_ms for word, _, tail in pairs),
        )

    def _tokens_of(self, words: Sequence[Word]) -> "_Tokens":
        each = [self._tokens(word.text) for word in words]
        spans = None
        if any(len(tokens) != 1 for tokens in each):
            ends = list(accumulate((len(tokens) for tokens in each), initial=0))
            spans = list(pairwise(ends))
        return _Tokens([token for tokens in each for token in tokens], spans)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of words, and each word's first and the one after its last; no spans where each has one."""

    texts: list[str]
    spans: list[tuple[int, int]] | None


def _whole_words(
    reference: Sequence[Word], said: _Tokens, words: Sequence[Word], found: _Tokens, equal: Mapping[int, int]
) -> Iterator[tuple[Word, Word, Word]]:
    """Yield the words of the reference whose tokens are those of whole words, with the first and last of these."""
    said_spans = said.spans or [(number, number + 1) for number in range(len(reference))]
    found_spans = found.spans or [(number, number + 1) for number in range(len(words))]
    starting = {first: number for number, (first, last) in enumerate(found_spans) if last > first}
    ending = {last: number for number, (first, last) in enumerate(found_spans) if last > first}
    for word, (first, last) in zip(reference, said_spans, strict=True):
        at = equal.get(first) if last > first else None
        if at is None or any(equal.get(first + step) != at + step for step in range(1, last - first)):
            continue
        stop = at + last - first
        if at in starting and stop in ending:
            yield word, words[starting[at]], words[ending[stop]]


def _equal(said: list[str], found: list[str]) -> dict[int, int]:
    """Return by the number of a token of the reference that of the equal one that it is aligned with."""
    if said == found:  # an aligner on the reference's own text: nothing to search
        return {number: number for number in range(len(said))}
    if not said or not found:
        return {}
    equal: dict[int, int] = {}
    for chunk in aligned_words(said, found).alignments[0]:
        if chunk.type == "equal":
            theirs = range(chunk.hyp_start_idx, chunk.hyp_end_idx)
            equal.update(zip(range(chunk.ref_start_idx, chunk.ref_end_idx), theirs, strict=True))
    return equal
