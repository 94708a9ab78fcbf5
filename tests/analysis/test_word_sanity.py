from math import nan

import pytest

from harness.analysis.word_sanity import Sanity, sanity
from harness.records import Word

A = Word("a", 100.0, 300.0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), Sanity()),
        ((A, Word("b", 300.0, 1000.0)), Sanity(words=2)),
        ((A, Word("b", 299.6, 1000.4)), Sanity(words=2)),
        ((A, Word("b", 299.0, 400.0)), Sanity(words=2, overlapping=1)),
        ((A, Word("b", 50.0, 90.0)), Sanity(words=2, out_of_order=1)),
        ((A, Word("b", 300.0, 1001.0)), Sanity(words=2, outside_audio=1)),
        ((Word("b", -1.0, 300.0),), Sanity(words=1, outside_audio=1)),
        ((A, Word("b", 400.0, 400.0)), Sanity(words=2, empty=1)),
        ((A, Word("b", 400.0, 399.0)), Sanity(words=2, negative=1)),
        ((Word("b", nan, 300.0),), Sanity(words=1, outside_audio=1, negative=1)),
    ],
    ids=["none", "sound", "rounded", "overlap", "order", "end", "start", "empty", "negative", "no number"],
)
def test_counts(words: tuple[Word, ...], expected: Sanity) -> None:
    """Each word is counted by what is wrong with it, in an audio of a second."""
    assert sanity(words, 1000.0) == expected


def test_sum() -> None:
    """Counts of several utterances are added; nothing wrong with any of them is sound."""
    total = Sanity(words=2, empty=1) + Sanity(words=3, empty=1, overlapping=2)
    assert total == Sanity(words=5, empty=2, overlapping=2)
    assert (total.sound, Sanity(words=5).sound) == (False, True)
