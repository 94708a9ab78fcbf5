import json
from collections.abc import Iterator
from typing import Any

import altair
import pytest

from harness.analysis.ledger import LedgerRow, StageLedger
from harness.analysis.timeline import Curve, Seam, Span, Window
from harness.report.charts import Chart, growth_chart, ledger_chart, memory_chart

NAMES = {"asr": "ASR (made up)", "aligner": "Aligner (made up)"}
CURVE = Curve(0, [0.0, 1.0, 3.0], [20.0, 120.0, 30.0], [10.0, 80.0, 15.0], stepped=True)
SPANS = [Span("asr", "load", 0.5, 1.0, 125.0), Span("asr", "run", 1.0, 3.0, 140.0), Span("aligner", "load", 3.5, 3.6)]
ASR = StageLedger(
    "asr",
    (
        LedgerRow("load", 3, 1.0, 1.0, 116.0, 72.0, 40.0, 4.0, 120.0, 64.0),
        LedgerRow("unload", 3, 1.0, 1.0, 30.0, 16.0, 14.0, 0.0, 126.0, -64.0),
    ),
)


def valid(chart: Chart) -> Chart:
    """Check a chart against Vega-Lite's schema, and return it."""
    altair.Chart.from_dict(chart).to_dict()
    return chart


def marks(node: Any, kind: str) -> Iterator[Chart]:
    """Yield the layers of a chart that have a kind of mark, wherever they stand."""
    if isinstance(node, dict):
        mark = node.get("mark")
        if mark == kind or (isinstance(mark, dict) and mark["type"] == kind):
            yield node
        for value in node.values():
            yield from marks(value, kind)
    elif isinstance(node, list):
        for value in node:
            yield from marks(value, kind)


def rows(layer: Chart) -> list[dict[str, Any]]:
    """Return what a layer is drawn from."""
    found: list[dict[str, Any]] = layer["data"]["values"]
    return found


def test_memory_chart_has_both_lines() -> None:
    """Anon dashed and RSS solid, in steps where the curve is stepped, on one axis from 0 to above the highest peak."""
    chart = valid(memory_chart([CURVE], SPANS, [Window("", 0.0, 4.0)], NAMES))
    anon, rss = marks(chart, "line")
    assert [row["mib"] for row in rows(rss)] == [20.0, 120.0, 30.0, 30.0]
    assert [row["mib"] for row in rows(anon)] == [10.0, 80.0, 15.0, 15.0]
    assert {line["mark"]["interpolate"] for line in (anon, rss)} == {"step-after"}
    assert (anon["mark"]["strokeDash"], rss["mark"]["strokeDash"]) == ([3, 3], [1, 0])
    assert rss["encoding"]["y"]["scale"]["domain"] == [0, pytest.approx(1.06 * 140)]


def test_memory_chart_shades_phases_and_names_models() -> None:
    """Each phase is a rectangle of its stage's hue; the legend has the models' names; an unknown peak is no bar."""
    chart = valid(memory_chart([CURVE], SPANS, [Window("", 0.0, 4.0)], NAMES))
    (shades,) = marks(chart, "rect")
    assert [(row["stage"], row["phase"], row["start"], row["end"], row["peak"]) for row in rows(shades)] == [
        ("ASR (made up)", "load", 0.5, 1.0, 125.0),
        ("ASR (made up)", "run", 1.0, 3.0, 140.0),
        ("Aligner (made up)", "load", 3.5, 3.6, None),
    ]
    assert shades["encoding"]["color"]["scale"]["domain"] == ["ASR (made up)", "Aligner (made up)"]
    assert len(set(shades["encoding"]["color"]["scale"]["range"])) == 2


def test_memory_chart_of_a_sampled_curve() -> None:
    """Samples are joined by straight lines."""
    chart = valid(memory_chart([Curve(0, [0.0, 1.0], [1.0, 2.0], [1.0, 1.0])], [], [Window("", 0.0, 1.0)], NAMES))
    assert {line["mark"]["interpolate"] for line in marks(chart, "line")} == {"linear"}


def test_memory_chart_in_panels() -> None:
    """Each window is a panel with its part of the spans; only the first writes the axis."""
    chart = valid(memory_chart([CURVE], SPANS, [Window("a", 0.0, 1.0), Window("b", 3.0, 4.0)], NAMES))
    assert [panel["title"]["text"] for panel in chart["hconcat"]] == ["a", "b"]
    assert [[row["start"] for row in rows(shades)] for shades in marks(chart, "rect")] == [[0.5], [3.5]]
    assert [line["encoding"]["y"]["axis"].get("labels", True) for line in marks(chart, "line")] == [
        True,
        True,
        False,
        False,
    ]


def test_memory_chart_of_nothing() -> None:
    """There is nothing to draw without a reading."""
    with pytest.raises(ValueError, match="no memory was read over time"):
        memory_chart([], SPANS, [], NAMES)


def test_growth_chart() -> None:
    """The points, the line through their medians with the slope, the band between the interval's two lines."""
    chart = valid(growth_chart([1, 2, 3, 4, 5], [10.0, 11.0, 12.0, 13.0, 14.0], 1.0, (0.5, 1.5), "leak", 9.0))
    points, cold = marks(chart, "point")
    (band,), (line,) = marks(chart, "area"), marks(chart, "line")
    assert [(row["n"], row["mib"]) for row in rows(points)] == [(2, 10.0), (3, 11.0), (4, 12.0), (5, 13.0), (6, 14.0)]
    assert (rows(line)[0]["n"], rows(line)[0]["mib"], rows(line)[-1]["mib"]) == (2.0, 10.0, 14.0)
    first, middle, last = (rows(band)[at] for at in (0, 20, 40))
    assert [(row["low"], row["high"]) for row in (first, middle, last)] == [(9.0, 11.0), (12.0, 12.0), (13.0, 14.4)]
    assert [(row["n"], row["mib"], row["said"]) for row in rows(cold)] == [(1, 9.0, "cold")]
    assert chart["title"] == {
        "text": "Anonymous memory after unload: leak",
        "subtitle": "+1 MiB an iteration, 95 % interval +0.5 .. +1.5",
    }


@pytest.mark.parametrize(
    ("cold_mib", "shape", "at", "said"),
    [
        (10.1, "diamond", 10.1, "cold"),
        (2.0, "triangle-down", 10.0, "cold: 2.0"),
        (99.0, "triangle-up", 11.0, "cold: 99.0"),
    ],
)
def test_growth_chart_keeps_its_scale(cold_mib: float, shape: str, at: float, said: str) -> None:
    """A cold iteration far from the others stands at the edge with its value, and does not flatten them."""
    chart = valid(growth_chart([1, 2, 3], [10.0, 10.5, 11.0], 0.5, (0.5, 0.5), "undecided", cold_mib))
    points, cold = marks(chart, "point")
    assert (cold["mark"]["shape"], rows(cold)[0]["mib"], rows(cold)[0]["said"]) == (shape, at, said)
    assert points["encoding"]["y"]["scale"]["domain"] == [pytest.approx(9.92), pytest.approx(11.08)]


def test_growth_chart_of_a_flat_series() -> None:
    """A series that does not move is shown half a MiB high, so that it looks flat."""
    chart = valid(growth_chart([1, 2, 3], [10.0, 10.0, 10.0], 0.0, (0.0, 0.0), "stable"))
    (points,) = marks(chart, "point")
    assert points["encoding"]["y"]["scale"]["domain"] == [pytest.approx(9.71), pytest.approx(10.29)]


def test_growth_chart_without_a_slope() -> None:
    """Two points have no slope, and are drawn."""
    chart = valid(growth_chart([1, 2], [10.0, 11.0], None, None, "undecided", 9.9))
    assert (list(marks(chart, "line")), list(marks(chart, "area"))) == ([], [])
    assert chart["title"]["subtitle"] == "no slope"


def test_growth_chart_of_nothing() -> None:
    """One cold iteration is no series."""
    with pytest.raises(ValueError, match="no iteration after the cold one has a value"):
        growth_chart([], [], None, None, "undecided", 9.9)


def test_ledger_chart() -> None:
    """Each bar is anon, then file, then shared memory; the peak stands with each of its parts."""
    chart = valid(ledger_chart([ASR, StageLedger("aligner", ())], NAMES))
    (panel,) = chart["vconcat"]
    assert panel["title"]["text"] == "ASR (made up)"
    assert [(row["phase"], row["kind"], row["start"], row["end"], row["peak"]) for row in rows(panel)] == [
        ("load", "anon", 0.0, 72.0, 120.0),
        ("load", "file", 72.0, 112.0, 120.0),
        ("load", "shmem", 112.0, 116.0, 120.0),
        ("unload", "anon", 0.0, 16.0, 126.0),
        ("unload", "file", 16.0, 30.0, 126.0),
    ]
    (bars,) = marks(panel, "bar")
    assert bars["encoding"]["x"]["scale"]["domain"] == [0, pytest.approx(1.03 * 126)]


def test_ledger_chart_where_only_rss_is_known() -> None:
    """A machine without anon and peaks has one undivided bar a phase and no tick."""
    chart = valid(ledger_chart([StageLedger("asr", (LedgerRow("load", 1, 1.0, 1.0, 50.0),))], NAMES))
    assert rows(chart["vconcat"][0]) == [{"phase": "load", "kind": "anon", "start": 0.0, "end": 50.0, "peak": None}]


def test_ledger_chart_of_nothing() -> None:
    """Without memory there is no bar."""
    with pytest.raises(ValueError, match="no memory was read at the end of a phase"):
        ledger_chart([StageLedger("asr", (LedgerRow("load", 1, 1.0, 1.0),))], NAMES)


def test_growth_of_few_iterations_has_whole_ticks() -> None:
    """A tick for each iteration, and none for a part of one."""
    chart = growth_chart([1, 2], [18.0, 18.1], None, None, "undecided", 18.0)
    assert '"values": [1, 2, 3]' in json.dumps(chart)


def test_memory_chart_marks_seams() -> None:
    """A dashed rule with the leg's number, in the panel in which it lies; lines of two legs are two lines."""
    later = Curve(0, [3.4, 3.9], [20.0, 30.0], [10.0, 15.0], leg=1)
    shown = [Window("a", 0.0, 1.0), Window("b", 3.0, 4.0)]
    chart = valid(memory_chart([CURVE, later], SPANS, shown, NAMES, [Seam(1, 3.25)]))
    texts = [rows(layer) for layer in marks(chart, "text")]
    assert texts == [[{"at": 3.25, "leg": "leg 1"}]]
    assert {row["worker"] for layer in marks(chart, "line") for row in rows(layer)} == {0, "1/0"}


def test_growth_chart_of_a_run_with_legs() -> None:
    """The judged leg's points are full, the others hollow; each further leg begins at a rule."""
    chart = valid(
        growth_chart([4, 5, 6], [18.5, 19.0, 19.5], 0.5, None, "stable", 18.0, [(1, 18.2), (2, 18.4)], [(3, 1)])
    )
    assert [rows(layer) for layer in marks(chart, "rule")] == [[{"n": 3.5, "leg": "leg 1"}]]
    hollow = [rows(layer) for layer in marks(chart, "point") if layer["mark"].get("filled") is False]
    assert hollow == [[{"n": 2, "mib": 18.2}, {"n": 3, "mib": 18.4}]]
    assert chart["title"]["subtitle"][-1] == "full points: the leg that is judged; hollow: others"
