import pytest

from harness.analysis.comparison.words import hurts, word
from harness.metrics import Better


@pytest.mark.parametrize(
    ("unit", "better", "lower_in_b", "higher_in_b"),
    [
        ("ms", "lower", "faster", "slower"),
        ("s/s", "lower", "faster", "slower"),
        ("s/s", "higher", "slower", "faster"),
        ("1/s", "higher", "slower", "faster"),
        ("MiB", "lower", "less", "more"),
        ("MiB", "higher", "less", "more"),
        ("MiB/iteration", "lower", "less", "more"),
        ("KiB/iteration", "lower", "less", "more"),
        ("edits/word", "lower", "better", "worse"),
        ("1", "higher", "worse", "better"),
        ("processes", "lower", "better", "worse"),
        ("cores", "neither", "lower", "higher"),
        ("MiB", "neither", "less", "more"),
        ("ms", "neither", "lower", "higher"),
    ],
)
def test_words(unit: str, better: Better, lower_in_b: str, higher_in_b: str) -> None:
    """Times are faster or slower, memory less or more, the rest better or worse, or lower or higher."""
    assert word(unit, better, higher=False) == lower_in_b
    assert word(unit, better, higher=True) == higher_in_b


def test_the_direction_that_hurts() -> None:
    """More of what should be low, less of what should be high, and neither of what is neither."""
    assert [hurts("lower", higher=higher) for higher in (True, False)] == [True, False]
    assert [hurts("higher", higher=higher) for higher in (True, False)] == [False, True]
    assert [hurts("neither", higher=higher) for higher in (True, False)] == [False, False]
