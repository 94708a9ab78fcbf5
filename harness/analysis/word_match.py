"""Which timed words are the words of a reference, and how far their starts and ends are off.

The alignment of texts is jiwer's, of normalised words; only words that are equal there are matched. Both sides are
normalised a word at a time, so that every token has an owner with times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.records import Word

_REMEMBERED = 65_536
"""Words whose tokens are remembered: a language has few that are frequent, and normalising costs more than matching."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found of a reference: of each matched word the signed errors, in ms, positive where it is late.

    ``words`` counts the words of the reference, without those that normalise to nothing.
    """

    words: int
    start_ms: tuple[float, ...] = ()
    end_ms: tuple[float, ...] = ()


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
        said, found = self._owned(reference), self._owned(words)
        equal = _equal(said.texts, found.texts)
        starts, ends = [], []
        for word, (first, last) in zip(reference, said.spans, strict=True):
            mine = [equal.get(token) for token in range(first, last)]
            if mine and mine[0] is not None and mine == [*range(mine[0], mine[0] + len(mine))]:
                head, tail = found.owners[mine[0]], found.owners[mine[0] + len(mine) - 1]
                if found.spans[head][0] == mine[0] and found.spans[tail][1] == mine[0] + len(mine):
                    starts.append(words[head].start_ms - word.start_ms)
                    ends.append(words[tail].end_ms - word.end_ms)
        return Matched(sum(last > first for first, last in said.spans), tuple(starts), tuple(ends))

    def _owned(self, words: Sequence[Word]) -> "_Tokens":
        texts: list[str] = []
        owners: list[int] = []
        spans: list[tuple[int, int]] = []
        for number, word in enumerate(words):
            tokens = self._tokens(word.text)
            spans.append((len(texts), len(texts) + len(tokens)))
            texts += tokens
            owners += [number] * len(tokens)
        return _Tokens(texts, owners, spans)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of words: each one's word, and of each word its first token and the one after its last."""

    texts: list[str]
    owners: list[int]
    spans: list[tuple[int, int]]


def _equal(said: list[str], found: list[str]) -> dict[int, int]:
    """Return by the number of a token of the reference that of the equal one that it is aligned with."""
    if said == found:  # an aligner on the reference's own text: nothing to search
        return {number: number for number in range(len(said))}
    if not said or not found:
        return {}
    import jiwer  # with RapidFuzz, which only a run with reference times needs

    equal: dict[int, int] = {}
    for chunk in jiwer.process_words(" ".join(said), " ".join(found)).alignments[0]:
        if chunk.type == "equal":
            theirs = range(chunk.hyp_start_idx, chunk.hyp_end_idx)
            equal.update(zip(range(chunk.ref_start_idx, chunk.ref_end_idx), theirs, strict=True))
    return equal
