import pytest

from harness.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("over\rwritten", r"over\rwritten"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x00b\x7f", r"a\x00b\x7f"),
        ("abc\u202edef\u2066", r"abc\u202edef\u2066"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    """What a terminal would obey is written as its escape."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text", ["", "two\nlines\tand a tab", "\u4f60\u597d \u05e9\u05dc\u05d5\u05dd \U0001f600 \\x1b"]
)
def test_texts_stay_as_they_are(text: str) -> None:
    """Any language, line feeds and tabs."""
    assert printable(text) == text
