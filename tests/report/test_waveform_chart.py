from typing import Any

import pytest

from harness.analysis.edits import HeardWord
from harness.report.waveform_chart import WIDE, Row, row_ends, waveform_chart
from tests.report.test_charts import marks, rows, valid

WORDS = (
    HeardWord("and", 0.5, 1.0),
    HeardWord("yellow", 1.0, 2.0, "substitution", "fellow"),
    HeardWord("my", 2.5, 2.5, "deletion"),
    HeardWord("so", 3.0, 4.0, "insertion"),
)


def texts(chart: dict[str, Any]) -> dict[str, list[str]]:
    """Return the texts of a chart by their weight."""
    return {layer["mark"]["fontWeight"]: [row["text"] for row in rows(layer)] for layer in marks(chart, "text")}


def one_row(*words: HeardWord, envelope: tuple[tuple[float, float], ...] = ()) -> dict[str, Any]:
    """Return the chart of one row of five seconds."""
    return valid(waveform_chart([Row(0.0, 5.0, envelope, words)], "Words", "box: a word"))


def test_row_ends() -> None:
    """Rows are equally long, and none is longer than 7.5 s."""
    assert row_ends(0.0, 7.5) == [(0.0, 7.5)]
    assert row_ends(1.0, 12.0) == [(1.0, 6.5), (6.5, 12.0)]
    assert len(row_ends(0.0, 30.0)) == 4


def test_words() -> None:
    """A box a word at its times; a right one's text is plain."""
    chart = one_row(*WORDS[:1])
    (box,) = marks(chart, "rect")
    assert [(row["start"], row["end"]) for row in rows(box)] == [(0.5, 1.0)]
    assert texts(chart) == {"normal": ["and"]}


def test_edits_are_marked_without_colour() -> None:
    """A wrong word is bold and underlined, and a sign with what should be there stands below it."""
    labels = [layer for layer in marks(one_row(*WORDS), "text") if layer["mark"]["fontWeight"] == "bold"]
    assert [[row["text"] for row in rows(layer)] for layer in labels] == [
        ["yellow", "so"],
        ["\N{NOT EQUAL TO} fellow", "\N{MINUS SIGN} my", "+"],
    ]
    lines = [layer for layer in marks(one_row(*WORDS), "rule") if layer["mark"].get("strokeWidth") == 4]
    assert [[(row["start"], row["end"]) for row in rows(line)] for line in lines] == [[(1.0, 2.0), (3.0, 4.0)]]
    gaps = [layer for layer in marks(one_row(*WORDS), "rule") if layer["mark"].get("strokeDash") == [4, 3]]
    assert [[row["start"] for row in rows(gap)] for gap in gaps] == [[2.5]]


def test_labels_do_not_overlap() -> None:
    """Where words are shorter than their texts, the next goes a line higher."""
    words = [HeardWord("country", 0.1 * number, 0.1 * number + 0.1) for number in range(4)]
    (layer,) = marks(one_row(*words), "text")
    labels = [(row["px"], row["y"]) for row in rows(layer)]
    assert len({y for _, y in labels}) == 4
    assert all(0 < px < WIDE for px, _ in labels)


def test_waveform() -> None:
    """Lowest and highest of each part, on both sides of the middle, louder further from it."""
    chart = one_row(envelope=((-1.0, 1.0), (-0.5, 0.25)))
    (area,) = marks(chart, "area")
    assert [row["at"] for row in rows(area)] == [1.25, 3.75]
    first, second = rows(area)
    assert first["low"] < second["low"] < second["high"] < first["high"]


def test_row_of_nothing() -> None:
    """A row without sound and words is a line, so that the picture can be drawn."""
    chart = valid(waveform_chart([Row(0.0, 5.0, (), WORDS), Row(5.0, 10.0, (), ())], "Words", ""))
    assert all(row["layer"] for row in chart["vconcat"])


def test_nothing() -> None:
    """Without audio and words there is no chart."""
    with pytest.raises(ValueError, match="there is neither audio nor a word"):
        waveform_chart([Row(0.0, 5.0, (), ())], "Words", "")
