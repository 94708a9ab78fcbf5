import pytest

from harness.analysis.accuracy import Counts, character_counts, word_counts


def test_counts_add_up() -> None:
    """Edits are S + D + I, the reference's length S + D + H."""
    counts = Counts(substitutions=1, deletions=2, insertions=4, hits=8)
    assert (counts.edits, counts.length) == (7, 11)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("a b c", "a b c", Counts(0, 0, 0, 3)),
        ("a b c", "a x c d", Counts(1, 0, 1, 2)),
        ("a b c", "", Counts(0, 3, 0, 0)),
        ("a", "b c d", Counts(1, 0, 2, 0)),
        ("a b", "ab", Counts(1, 1, 0, 0)),
    ],
)
def test_word_counts(reference: str, hypothesis: str, expected: Counts) -> None:
    """Words are what spaces part."""
    assert word_counts(reference, hypothesis) == expected


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("a b", "ab", Counts(0, 1, 0, 2)),
        ("abc", "", Counts(0, 3, 0, 0)),
        ("\u4f60\u597d", "\u4f60", Counts(0, 1, 0, 1)),
    ],
)
def test_character_counts(reference: str, hypothesis: str, expected: Counts) -> None:
    """A space is a character."""
    assert character_counts(reference, hypothesis) == expected


@pytest.mark.parametrize("reference", ["", "  "])
def test_reference_without_words(reference: str) -> None:
    """A reference without words is refused: N would be 0."""
    with pytest.raises(ValueError, match="the reference has no words"):
        word_counts(reference, "a")


def test_reference_without_characters() -> None:
    """An empty reference is refused: N would be 0."""
    with pytest.raises(ValueError, match="the reference has no characters"):
        character_counts("", "a")
