import pytest

from harness.analysis.word_match import Matched, Matcher
from harness.normalizer import basic, none
from harness.records import Word


def words(text: str, start_ms: float = 0.0) -> list[Word]:
    """Return words of 100 ms each, without pauses."""
    return [
        Word(word, start_ms + 100.0 * number, start_ms + 100.0 * (number + 1))
        for number, word in enumerate(text.split())
    ]


REFERENCE = words("the cat sat on the mat")


@pytest.mark.parametrize(
    ("heard", "start_ms", "end_ms"),
    [
        ("the cat sat on the mat", (5,) * 6, (5,) * 6),
        ("The CAT, sat on the mat.", (5,) * 6, (5,) * 6),
        ("the bat sat on the mat", (5,) * 5, (5,) * 5),
        ("the sat on the mat", (5, -95, -95, -95, -95), (5, -95, -95, -95, -95)),
        ("the big cat sat on the mat", (5, 105, 105, 105, 105, 105), (5, 105, 105, 105, 105, 105)),
        ("the cat sat - on the mat", (5, 5, 5, 105, 105, 105), (5, 5, 5, 105, 105, 105)),
        ("dogs bark", (), ()),
        ("", (), ()),
    ],
    ids=["equal", "normalised", "substituted", "deleted", "inserted", "nothing of a word", "none", "no words"],
)
def test_errors_of_equal_words(heard: str, start_ms: tuple[float, ...], end_ms: tuple[float, ...]) -> None:
    """All is 5 ms late, and 100 ms more for a word that is too much, less for one that is missing."""
    assert Matcher(basic).match(REFERENCE, words(heard, 5.0)) == Matched(6, start_ms, end_ms)


@pytest.mark.parametrize(
    ("said", "heard", "n", "start_ms", "end_ms"),
    [
        ("twenty-one men", "twenty-one men", 2, (0, 0), (0, 0)),
        ("twenty-one men", "twenty one men", 2, (0, 100), (100, 100)),
        ("twenty one men", "twenty-one men", 3, (-100,), (-100,)),
        ("twenty-one men", "twenty-two men", 2, (0,), (0,)),
        ("twenty-one men", "twenty or one men", 2, (200,), (200,)),
        ("-- men ...", "men", 1, (-100,), (-100,)),
        ("-- ...", "men", 0, (), ()),
    ],
    ids=["as one", "as two", "two as one", "half of it", "something between", "nothing to match", "nothing"],
)
def test_words_of_several_tokens(
    said: str, heard: str, n: int, start_ms: tuple[float, ...], end_ms: tuple[float, ...]
) -> None:
    """One that was found as two has the first one's start and the last one's end; two that are one have no times."""
    assert Matcher(basic).match(words(said), words(heard)) == Matched(n, start_ms, end_ms)


def test_the_normaliser_decides() -> None:
    """What was written otherwise is another word where nothing is normalised."""
    assert Matcher(none).match(words("Ask not"), words("ask not")) == Matched(2, (0,), (0,))


def test_sums_of_one_utterance() -> None:
    """A boundary at a tolerance is within it, whatever seconds lose as they become milliseconds."""
    three = Matched(4, (10.0, -10.0, 0.0), (-10.0, 20.000_000_000_1, 100.0))
    assert three.total_ms == pytest.approx(150.0)
    assert [three.boundaries_within(limit) for limit in (5, 10, 20, 50, 100)] == [1, 4, 5, 5, 6]
