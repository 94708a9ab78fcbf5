import pytest

from harness.report.narrow import narrowed, screen_width, side_by_side
from harness.report.tables import Table


def table(*headers: str, cell: str = "x") -> Table:
    """Return a table of one row, the same cell in each column, with a note."""
    return Table("T", headers, (tuple(cell for _ in headers),), ("a note",))


def test_a_table_that_fits_is_left_alone() -> None:
    """One part, the same."""
    assert narrowed(table("a", "b", "c"), 1) == [table("a", "b", "c")]


def test_columns_go_on_below_with_the_stub_again() -> None:
    """Each part fits, none of the columns is lost, and the notes stand below the last."""
    wide = table("key", *(f"column{number:02}" for number in range(10)))
    parts = narrowed(wide, 1, 50)
    assert [part.headers[0] for part in parts] == ["key"] * 4
    assert [header for part in parts for header in part.headers[1:]] == list(wide.headers[1:])
    assert [part.notes for part in parts] == [(), (), (), ("a note",)]
    assert max(len(line) for part in parts for line in part.text().splitlines()) == 5 + 3 * (2 + 10)


def test_a_part_is_filled_to_the_last_column() -> None:
    """A table exactly as wide as the terminal is not split; one column less, and it is."""
    wide = table("key", "aaaa", "bbbb")
    assert max(map(len, wide.text().splitlines())) == 21
    assert len(narrowed(wide, 1, 21)) == 1
    assert len(narrowed(wide, 1, 20)) == 2


def test_a_column_wider_than_everything_is_shown() -> None:
    """Alone, for it has to stand somewhere."""
    parts = narrowed(table("key", "a" * 50, "b"), 1, 20)
    assert [part.headers for part in parts] == [("key", "a" * 50), ("key", "b")]


def test_long_texts_are_wrapped() -> None:
    """At words, into lines of one cell; what has lines keeps them."""
    (part,) = narrowed(table("key", "Outcome", cell="failed: threads: found 0, expected a whole number\nend"), 1)
    assert part.rows[0][1].split("\n") == ["failed: threads: found 0, expected a", "whole number", "end"]


def test_a_table_of_the_stub_alone() -> None:
    """Nothing beside it is no error."""
    assert narrowed(table("key"), 1) == [table("key")]


def test_side_by_side() -> None:
    """As many as fit beside each other, the others below."""
    assert side_by_side(["a\nbbb", "cc", "ddd"], 9).split("\n") == ["a      cc", "bbb", "", "ddd"]
    assert side_by_side(["a"], 0) == "a"


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("300", 120), ("20", 60)])
def test_screen_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    """The terminal's, but neither wider than can be read nor narrower than tables can be."""
    monkeypatch.setenv("COLUMNS", columns)
    assert screen_width() == width
