import pytest

from harness.report.cell_marks import Mark, Panel
from harness.report.sweep_rows import MOST_ROWS, chosen, groups_chart, rows_chart
from tests.report.test_charts import marks, rows, valid

MADE = (
    Mark("0", ("a", "x"), 3.0, 2.5, 3.5),
    Mark("1", ("a", "y"), 1.0, state="cold"),
    Mark("2", ("b", "x"), 2.0, 1.5, 2.5),
    Mark("3", ("b", "y"), state="none"),
)
PANEL = Panel("asr.latency_ms", "ms", "lower", ".2f", ("asr", "order"), MADE)
LABELS = ["a x", "a y", "b x", "b y"]


def test_ranked_rows() -> None:
    """The best first, what has no figure last and by its word; cold ones are hollow."""
    chart = valid(rows_chart(PANEL, LABELS, ranked=True))
    full, hollow = marks(chart, "point")
    assert [(row["row"], row["x"], row["best"]) for row in rows(full)] == [("b x", 2.0, True), ("a x", 3.0, False)]
    assert ([row["row"] for row in rows(hollow)], hollow["mark"]["filled"]) == (["a y"], False)
    assert full["encoding"]["y"]["scale"]["domain"] == ["a y", "b x", "a x", "b y"]
    (spans,) = marks(chart, "rule")
    assert [(row["low"], row["high"]) for row in rows(spans)] == [(1.5, 2.5), (2.5, 3.5)]
    (failed,) = marks(chart, "text")
    assert [(row["row"], row["said"]) for row in rows(failed)] == [("b y", "failed")]


def test_rows_as_they_came() -> None:
    """Not ranked, they are in the order of the cells."""
    (first, *_) = marks(rows_chart(PANEL, LABELS, ranked=False), "point")
    assert first["encoding"]["y"]["scale"]["domain"] == LABELS


def test_long_labels_stand_above_their_rows() -> None:
    """So that the figures keep their room on a phone; short ones stand beside the axis."""
    chart = valid(rows_chart(PANEL, [f"a rather long label {label}" for label in LABELS], ranked=False))
    labels, _ = marks(chart, "text")
    assert rows(labels)[0]["row"] == "a rather long label a x"
    assert labels["encoding"]["y"]["axis"]["labels"] is False


def test_most_rows_and_equal_labels() -> None:
    """Of many the best are drawn, in the direction of the metric; equal labels are told apart by their jobs."""
    many = tuple(Mark(str(number), ("k",), float(number)) for number in range(100))
    panel = Panel("m", "ms", "higher", ".2f", ("k",), many)
    found = chosen(panel, ["same"] * 100, ranked=True)
    assert (len(found), found[0][1], found[-1][1]) == (MOST_ROWS, "same (99)", "same (60)")


def test_groups() -> None:
    """A row for each value of one key, a hue and shape for each of the other, which the legend names."""
    chart = valid(groups_chart(PANEL, 0, 1))
    points = [one for one in marks(chart, "point") if one["mark"]["opacity"]]
    assert [(row["row"], row["series"]) for one in points for row in rows(one)] == [("a", "x"), ("b", "x"), ("a", "y")]
    assert len({(one["mark"]["color"], one["mark"]["shape"]) for one in points}) == 2
    assert len({one["mark"]["yOffset"] for one in points}) == 2
    (legend,) = [one for one in marks(chart, "point") if not one["mark"]["opacity"]]
    assert legend["encoding"]["color"]["scale"]["domain"] == ["x", "y"]
    (failed,) = marks(chart, "text")
    assert [(row["row"], row["series"]) for row in rows(failed)] == [("b", "y")]


def test_too_many_groups() -> None:
    """Seven hues cannot be told apart."""
    made = tuple(Mark(str(number), ("a", str(number)), 1.0) for number in range(7))
    with pytest.raises(ValueError, match="1 x 7 points"):
        groups_chart(Panel("m", "ms", "lower", ".2f", ("a", "b"), made), 0, 1)


@pytest.mark.parametrize("draw", [lambda one: rows_chart(one, ["l"], ranked=True), lambda one: groups_chart(one, 0, 1)])
def test_nothing(draw: object) -> None:
    """Without a figure there is no chart."""
    assert callable(draw)
    with pytest.raises(ValueError, match="no cell has a figure"):
        draw(Panel("m", "ms", "lower", ".2f", ("a", "b"), (MADE[3],)))
