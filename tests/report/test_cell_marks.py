from dataclasses import replace

import pytest

from harness.report.cell_marks import (
    Mark,
    Panel,
    axis_said,
    extent,
    in_order,
    is_log,
    label_of,
    numbers,
    panels_of,
    share_of,
    ticks_of,
)
from tests.made_sweep import cell, near, sweep

PANEL = Panel("asr.rtf", "s/s", "lower", ".3f", ("a",), (Mark("0", ("1",), 2.0), Mark("1", ("2",), 1.0, state="cold")))


def test_panels() -> None:
    """Each cell is a mark with its keys as they are meant, its figure and interval, and what stands behind it."""
    cells = [
        cell(0, {"a": "'x'", "b": "1"}, {"asr.rtf": near(2.0)}),
        cell(1, {"a": "y"}, {"asr.rtf": 3.0}, cold=True),
        cell(2, {"a": "z", "b": "3"}, {}),
        replace(cell(3, {"a": "z", "b": "4"}, {"asr.rtf": 5.0}), ok=False),
        cell(4, {"a": "z", "b": "5"}, {"asr.rtf": None}),
    ]
    found = panels_of(sweep(cells))["asr.rtf"]
    assert (found.keys, found.unit, found.better) == (("a", "b"), "s/s", "lower")
    assert found.marks == (
        Mark("0", ("x", "1"), 2.0, 1.96, 2.04),
        Mark("1", ("y", "-"), 3.0, state="cold"),
        Mark("2", ("z", "3"), state="none"),
        Mark("3", ("z", "4"), 5.0, state="unfinished"),
        Mark("4", ("z", "5")),
    )


def test_best() -> None:
    """The best of the steady ones; the best cold one where there is no other; none without a direction."""
    first, second = PANEL.marks
    assert PANEL.best is first
    assert replace(PANEL, marks=(second,)).best is second
    assert replace(PANEL, marks=(first, Mark("2", ("3",), 9.0)), better="higher").best == Mark("2", ("3",), 9.0)
    assert replace(PANEL, better="neither").best is None
    assert replace(PANEL, marks=(Mark("0", ("1",), 2.0, state="unfinished"),)).best is None


def test_texts() -> None:
    """A figure with its unit; a share is a percentage without another unit."""
    assert (PANEL.text(1.0), PANEL.said, PANEL.axis()) == ("1.000 s/s", "s/s, lower is better", {})
    share = replace(PANEL, form=".2%", better="neither")
    assert (share.text(0.125), share.said, share.axis()) == ("12.50%", "%", {"format": ".2~%"})
    assert label_of(("a", "b"), ("1", "[x,y]")) == "a=1, b=[x,y]"


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["1", "2.5"], [1.0, 2.5]), (["1", "x"], None), (["1", "-"], None), (["nan"], None), (["inf"], None)],
)
def test_numbers(values: list[str], expected: list[float] | None) -> None:
    """Numbers that can stand on an axis, or none."""
    assert numbers(values) == expected


def test_in_order() -> None:
    """Numbers by size, texts as they came, each once."""
    assert in_order(["10", "9", "10"]) == ["9", "10"]
    assert in_order(["b", "a", "b"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0], (0.0, 2.16)),
        ([9.0, 10.0], (8.88, 10.12)),
        ([10.0, 10.0], (9.38, 10.62)),
        ([-1.0, 1.0], (-1.24, 1.24)),
        ([0.0, 0.0], (0.0, 0.5)),
        ([1.0, 100.0], (0.7585775750291838, 131.82567385564073)),
    ],
    ids=["from zero", "close", "flat", "about zero", "nothing", "logarithmic"],
)
def test_extent(values: list[float], expected: tuple[float, float]) -> None:
    """An axis begins at 0 where the figures differ much, fits them where little, and never blows up what is flat."""
    assert extent(values) == pytest.approx(expected)


def test_logarithmic_from_thirty_times_on() -> None:
    """And only above zero."""
    assert [is_log(values) for values in ([1.0, 30.0], [1.0, 31.0], [0.0, 31.0], [])] == [False, True, False, False]


def test_ticks() -> None:
    """Powers of ten alone on a logarithmic axis, so many at most."""
    assert ticks_of([1.0, 2.0], 5) == {"tickCount": 5}
    assert ticks_of([0.5, 2000.0], 5) == {"values": [1.0, 10.0, 100.0, 1000.0]}
    assert ticks_of([0.5, 2000.0], 2) == {"values": [1.0, 100.0]}


def test_share() -> None:
    """How far along the axis: linear, and by the logarithm where the axis is."""
    assert share_of([1.0, 2.0])(1.08) == pytest.approx(0.5)
    assert share_of([1.0, 100.0])(10.0) == pytest.approx(0.5)


def test_axis_said() -> None:
    """What a cut or a logarithmic axis hides is said; one from 0 needs no word."""
    assert axis_said([1.0, 2.0]) == ""
    assert axis_said([100.0, 101.0]) == "; axis not from 0"
    assert axis_said([1.0, 1000.0]) == "; logarithmic axis"
