import pytest

from harness.report.pareto_chart import Axis, Choice, pareto_chart
from tests.report.test_charts import marks, rows, valid

X, Y = Axis("asr.rtf", "s/s", {}), Axis("asr.wer", "%", {"format": ".2~%"})
CHOICES = [
    Choice("slow", 3.0, 0.1),
    Choice("fast", 1.0, 0.3),
    Choice("beaten", 3.5, 0.35),
    Choice("cold", 2.0, 0.2, cold=True),
]


def test_pareto() -> None:
    """The front is a step line from edge to edge; what it beats is fainter; cold points are hollow; all have names."""
    chart = valid(pareto_chart(CHOICES, X, Y))
    (line,) = marks(chart, "line")
    corners = [(row["x"], row["y"]) for row in rows(line)]
    assert corners[1:-1] == [(1.0, 0.3), (2.0, 0.2), (3.0, 0.1)]
    assert corners[0] == (1.0, line["encoding"]["y"]["scale"]["domain"][1])
    assert corners[-1] == (line["encoding"]["x"]["scale"]["domain"][1], 0.1)
    assert line["mark"]["interpolate"] == "step-after"
    behind, ahead, cold = marks(chart, "point")
    assert [[row["x"] for row in rows(one)] for one in (behind, ahead, cold)] == [[3.5], [1.0, 3.0], [2.0]]
    assert [one["mark"]["filled"] for one in (behind, ahead, cold)] == [True, True, False]
    assert behind["mark"]["opacity"] < ahead["mark"]["opacity"]
    assert {one["mark"]["text"] for one in marks(chart, "text")} == {"slow", "fast", "beaten", "cold"}
    assert [line["encoding"][name]["title"] for name in "xy"] == ["asr.rtf (s/s)", "asr.wer (%)"]


def test_thousands() -> None:
    """Of many dominated points 400 are drawn and a few named; the front is whole."""
    many = [Choice(str(number), 2.0 + number / 1000, 0.5) for number in range(2000)]
    chart = pareto_chart([*many, Choice("best", 1.0, 0.1)], X, Y)
    behind, ahead = marks(chart, "point")
    assert (len(rows(behind)), len(rows(ahead))) == (400, 1)
    assert len(list(marks(chart, "text"))) <= 20


def test_nothing() -> None:
    """Without a choice there is no trade."""
    with pytest.raises(ValueError, match="no cell has both figures"):
        pareto_chart([], X, Y)
