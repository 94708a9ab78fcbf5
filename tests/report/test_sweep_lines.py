import pytest

from harness.report.cell_marks import Mark, Panel
from harness.report.sweep_lines import HIGH, line_chart, shortened, thinned
from tests.report.test_charts import marks, rows, valid

FOUR = (
    Mark("0", ("1",), 40.0, 38.0, 42.0),
    Mark("1", ("8",), 10.0, 9.0, 11.0),
    Mark("2", ("2",), 20.0, state="cold"),
    Mark("3", ("12",), state="none"),
)


def panel(*made: Mark, keys: tuple[str, ...] = ("threads",)) -> Panel:
    """Return a metric over these marks."""
    return Panel("asr.latency_ms", "ms", "lower", ".2f", keys, made)


def test_line() -> None:
    """Points stand at their numbers, in their order, with their intervals; the cold one is hollow, without any."""
    chart = valid(line_chart(panel(*FOUR), 0))
    (line,) = marks(chart, "line")
    assert [(row["x"], row["y"]) for row in rows(line)] == [(1.0, 40.0), (2.0, 20.0), (8.0, 10.0)]
    (spans,) = marks(chart, "rule")
    assert [(row["x"], row["low"], row["high"]) for row in rows(spans)] == [(1.0, 38.0, 42.0), (8.0, 9.0, 11.0)]
    full, hollow, failed = marks(chart, "point")
    assert [(one["mark"]["filled"], [row["x"] for row in rows(one)]) for one in (full, hollow)] == [
        (True, [1.0, 8.0]),
        (False, [2.0]),
    ]
    assert ([row["x"] for row in rows(failed)], failed["encoding"]["y"]) == ([12.0], {"value": HIGH - 8})
    assert line["encoding"]["x"]["axis"] == {
        "grid": False,
        "values": [1.0, 2.0, 8.0, 12.0],
        "format": ",d",
        "tickMinStep": 1,
    }


def test_axes() -> None:
    """Logarithmic where values span more than thirty times, of either axis by itself."""
    chart = line_chart(panel(Mark("0", ("1",), 1.0), Mark("1", ("512",), 2.0)), 0)
    (line,) = marks(chart, "line")
    assert [line["encoding"][name]["scale"].get("type") for name in "xy"] == ["log", None]
    chart = line_chart(panel(Mark("0", ("1",), 1.0), Mark("1", ("2",), 31.0)), 0)
    (line,) = marks(chart, "line")
    assert [line["encoding"][name]["scale"].get("type") for name in "xy"] == [None, "log"]


def test_series() -> None:
    """A second key has a line for each value, of its own hue and shape, with its name beside it."""
    made = [Mark(f"{a}{b}", (str(a), b), a * factor) for a in (1, 2) for b, factor in (("x", 1.0), ("y", 1.01))]
    chart = valid(line_chart(panel(*made, keys=("threads", "order")), 0, 1))
    first, second = marks(chart, "line")
    assert first["mark"]["color"] != second["mark"]["color"]
    names = list(marks(chart, "text"))
    assert [name["mark"]["text"] for name in names] == ["x", "y"]
    places = [name["encoding"]["y"]["value"] for name in names]
    assert places[0] - places[1] == pytest.approx(15.0)
    shapes = [one["mark"]["shape"] for one in marks(chart, "point")]
    assert set(shapes) == {"circle", "square"}


def test_too_many_series() -> None:
    """Seven lines cannot be told apart."""
    made = [Mark(str(number), ("1", str(number)), 1.0) for number in range(7)]
    with pytest.raises(ValueError, match="7 lines in one chart cannot be told from each other"):
        line_chart(panel(*made, keys=("a", "b")), 0, 1)


def test_many_points() -> None:
    """Of more than 60 points the intervals are a band; of more than 500 every so manieth is drawn, and the best."""
    made = [Mark(str(x), (str(x),), 3.0 - (x == 1), 1.0, 4.0) for x in range(2000)]
    shown = thinned(panel(*made))
    assert (len(shown), made[1] in shown) == (501, True)
    chart = valid(line_chart(panel(*made), 0))
    assert (len(list(marks(chart, "area"))), list(marks(chart, "rule")), list(marks(chart, "point"))) == (1, [], [])


def test_nothing() -> None:
    """Without a figure there is no chart."""
    with pytest.raises(ValueError, match="no cell has a figure"):
        line_chart(panel(FOUR[3]), 0)


def test_shortened() -> None:
    """What is too long ends with an ellipsis."""
    assert (shortened("abcd", 4), shortened("abcde", 4)) == ("abcd", "abc\N{HORIZONTAL ELLIPSIS}")
