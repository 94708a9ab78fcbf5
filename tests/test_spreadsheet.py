import pytest

from harness.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+x", "-x", "\t=1", "\r=1", "\n=1", "--1"])
def test_what_would_be_a_formula_stands_behind_an_apostrophe(text: str) -> None:
    """A spreadsheet shows it and runs nothing."""
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1.5", "+2", "a=b", "", "'=1", "1e-5"])
def test_other_texts_stay(text: str) -> None:
    """Numbers too, whatever their sign."""
    assert harmless(text) == text
