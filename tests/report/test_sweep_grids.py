from itertools import product

import pytest

from harness.report.cell_marks import Mark, Panel
from harness.report.sweep_grids import colour, grid_chart, text_colour
from tests.report.test_charts import marks, rows, valid

MADE = (
    Mark("0", ("1", "x"), 10.0),
    Mark("1", ("2", "x"), 20.0, state="cold"),
    Mark("2", ("1", "y"), 30.0, state="unfinished"),
    Mark("3", ("2", "y"), state="none"),
)


def panel(*made: Mark, better: str = "lower") -> Panel:
    """Return a metric over two keys."""
    return Panel("asr.rtf", "s/s", better, ".1f", ("threads", "order"), made)  # type: ignore[arg-type]


def test_grid() -> None:
    """Every figure is written; the best is outlined and strongest; what failed says so, without a colour."""
    chart = valid(grid_chart(panel(*MADE), 1, 0))
    (text,) = marks(chart, "text")
    assert [(row["row"], row["column"], row["said"]) for row in rows(text)] == [
        ("x", "1", "10.0"),
        ("x", "2", "20.0 cold"),
        ("y", "1", "30.0 *"),
        ("y", "2", "failed"),
    ]
    fills, outline = marks(chart, "rect")
    assert [row["fill"] for row in rows(fills)] == [colour(1.0), colour(0.5), colour(0.0)]
    assert [(row["row"], row["column"]) for row in rows(outline)] == [("x", "1")]
    assert [text["encoding"][axis]["sort"] for axis in "xy"] == [["1", "2"], ["x", "y"]]


def test_higher_is_better() -> None:
    """Then the highest is the strongest."""
    (fills, _) = marks(grid_chart(panel(*MADE[:2], better="higher"), 1, 0), "rect")
    assert [row["fill"] for row in rows(fills)] == [colour(0.0), colour(1.0)]


def test_equal_figures() -> None:
    """None is stronger than another."""
    (fills, _) = marks(grid_chart(panel(Mark("0", ("1", "x"), 1.0), Mark("1", ("2", "x"), 1.0)), 1, 0), "rect")
    assert {row["fill"] for row in rows(fills)} == {colour(0.5)}


def test_contrast() -> None:
    """The text on each colour of the ramp reaches 4.5:1 (WCAG 2.1, 1.4.3)."""
    for step in range(101):
        fill = colour(step / 100)
        low, high = sorted((luminance(fill), luminance(text_colour(fill))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def luminance(fill: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.1)."""
    parts = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ([MADE[3]], "no cell has a figure"),
        ([MADE[0], MADE[0]], "two jobs have the same keys"),
        ([Mark("", (str(a), str(b)), 1.0) for a, b in product(range(13), range(2))], "2 x 13 cells"),
        ([Mark("", (str(a), str(b)), 1.0) for a, b in product(range(12), range(13))], "13 x 12 cells"),
    ],
    ids=["nothing", "twice", "too wide", "too many"],
)
def test_no_grid(made: list[Mark], why: str) -> None:
    """What cannot be read in one picture is not drawn."""
    with pytest.raises(ValueError, match=why):
        grid_chart(panel(*made), 1, 0)
