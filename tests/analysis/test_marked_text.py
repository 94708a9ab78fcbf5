import pytest

from harness.analysis.marked_text import ELLIPSIS, Piece, edits, pieces, shortened, tokens


def test_each_kind_of_edit() -> None:
    """Right words in a row, then what was said and what was written instead."""
    found = pieces(
        ["ask", "not", "what", "your", "country", "is", "for"], ["ask", "knot", "what", "country", "is", "for", "you"]
    )
    assert found == [
        Piece("none", ("ask",), ("ask",)),
        Piece("substitution", ("not",), ("knot",)),
        Piece("none", ("what",), ("what",)),
        Piece("deletion", ("your",), ()),
        Piece("none", ("country", "is", "for"), ("country", "is", "for")),
        Piece("insertion", (), ("you",)),
    ]
    assert list(edits(found)) == [("substitution", "not", "knot"), ("deletion", "your", ""), ("insertion", "", "you")]


def test_nothing_written_and_nothing_said() -> None:
    """An empty transcript is one deletion of all; a reference without words cannot be aligned."""
    assert pieces(["and", "so"], []) == [Piece("deletion", ("and", "so"), ())]
    with pytest.raises(ValueError, match="no words"):
        pieces([], ["so"])


def test_characters_where_words_have_no_spaces() -> None:
    """A space is no token there."""
    assert tokens("\u4f60\u597d \u4e16", spaceless=True) == ["\u4f60", "\u597d", "\u4e16"]
    assert tokens("and so", spaceless=False) == ["and", "so"]


def test_long_stretches_are_cut() -> None:
    """Sixteen right words stay; of seventeen six remain at either end, and of very many pieces the first sixty."""
    words = tuple(map(str, range(17)))
    assert shortened([Piece("none", words[:16], words[:16])])[0].said == words[:16]
    assert shortened([Piece("none", words, words)])[0].said == (*words[:6], ELLIPSIS, *words[-6:])
    many = shortened([Piece("insertion", (), ("uh",))] * 61)
    assert (len(many), many[-1]) == (61, Piece("none", (ELLIPSIS,), (ELLIPSIS,)))
