"""Charts of a sweep over a number: a line with its intervals, or one for each value of a second key."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.cell_marks import Mark, Panel, axis_said, bounds, in_order, is_log, scale_of, share_of, ticks_of
from harness.report.chart_style import HUES, INK, data, styled
from harness.report.label_places import spread

Chart = dict[str, Any]
"""A Vega-Lite specification."""

WIDE, HIGH = 280, 190
"""Pixels of a small multiple: as wide as a phone."""
SERIES_HUES = (*HUES, "#56b4e9", "#e69f00")
SERIES_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "triangle-right")
FAILED_HUE = HUES[1]
MOST_SERIES = len(SERIES_HUES)
"""More lines in one chart cannot be told from each other."""
MOST_POINTS = 500
"""More points than there are pixels help nobody."""
_BARS_UP_TO = 60
"""Points with an error bar each; of more, the intervals are a band."""
_TICKS_UP_TO = 8


def line_chart(panel: Panel, x: int, series: int | None = None) -> Chart:
    """Draw a metric over the key number ``x``, at the numbers themselves; a line for each value of key ``series``.

    Raises ValueError where no cell has a figure, or where there are more lines than can be told apart.
    """
    shown = thinned(panel)
    if not shown:
        raise ValueError("no cell has a figure")
    names = in_order([mark.keys[series] for mark in panel.marks]) if series is not None else [""]
    if len(names) > MOST_SERIES:
        raise ValueError(f"{len(names)} lines in one chart cannot be told from each other")
    axes = _axes(panel, x, shown)
    layers: list[Chart] = []
    for index, name in enumerate(names):
        ours = [mark for mark in shown if series is None or mark.keys[series] == name]
        if ours:
            ours.sort(key=lambda mark: float(mark.keys[x]))
            layers += _series(ours, x, axes, SERIES_HUES[index], SERIES_SHAPES[index])
    layers += _failed(panel, x, axes["x"])
    if series is not None:
        layers += _names(shown, x, series, names, axes)
    chart = {"layer": layers, "width": WIDE, "height": HIGH}
    return styled(chart, panel.metric, panel.said + axis_said(bounds(shown)))


def thinned(panel: Panel, most: int = MOST_POINTS) -> list[Mark]:
    """Return the marks that have a figure; of too many every so manieth, and the best."""
    drawn = panel.drawn
    if len(drawn) <= most:
        return drawn
    chosen = {index * len(drawn) // most for index in range(most)}
    best = panel.best
    return [mark for index, mark in enumerate(drawn) if index in chosen or mark is best]


def _axes(panel: Panel, x: int, shown: Sequence[Mark]) -> dict[str, Chart]:
    at = sorted({float(mark.keys[x]) for mark in panel.marks})
    log = is_log(at)
    edge = (at[-1] / at[0]) ** 0.05 if log else 0.06 * (at[-1] - at[0]) or 0.5
    ends = [at[0] / edge, at[-1] * edge] if log else [at[0] - edge, at[-1] + edge]
    scale = {"domain": ends, "nice": False, "zero": False, **({"type": "log"} if log else {})}
    ticks: Chart = {"values": at} if len(at) <= _TICKS_UP_TO else {"tickCount": 5}
    if all(number.is_integer() for number in at):
        ticks |= {"format": ",d", "tickMinStep": 1}
    return {
        "x": {
            "field": "x",
            "type": "quantitative",
            "scale": scale,
            "title": panel.keys[x],
            "axis": {"grid": False, **ticks},
        },
        "y": {
            "field": "y",
            "type": "quantitative",
            "scale": scale_of(bounds(shown)),
            "title": None,
            "axis": {**ticks_of(bounds(shown), 5), **panel.axis()},
        },
    }


def _row(mark: Mark, x: int) -> dict[str, Any]:
    return {"x": float(mark.keys[x]), "y": mark.value, "low": mark.low, "high": mark.high}


def _series(marks: Sequence[Mark], x: int, axes: Mapping[str, Chart], hue: str, shape: str) -> list[Chart]:
    """Return one line with its intervals and points; those of jobs without steady figures are hollow."""
    full = [mark for mark in marks if mark.state == "steady"]
    hollow = [mark for mark in marks if mark.state != "steady"]
    few = len(marks) <= _BARS_UP_TO
    between = {"x": axes["x"], "y": {**axes["y"], "field": "low"}, "y2": {"field": "high"}}
    spans = data([_row(mark, x) for mark in marks if mark.low is not None])
    span = {"type": "rule", "strokeWidth": 2, "opacity": 0.7} if few else {"type": "area", "opacity": 0.22}
    line = {"type": "line", "color": hue, "strokeWidth": 1.8}
    layers: list[Chart] = [
        {"data": spans, "mark": {**span, "color": hue}, "encoding": between},
        {"data": data([_row(mark, x) for mark in marks]), "mark": line, "encoding": dict(axes)},
    ]
    for chosen, filled in ((full if few else [], True), (hollow, False)):
        point = {"type": "point", "shape": shape, "filled": filled, "size": 55, "opacity": 1, "color": hue}
        if chosen:
            layers.append({"data": data([_row(mark, x) for mark in chosen]), "mark": point, "encoding": dict(axes)})
    return layers


def _failed(panel: Panel, x: int, x_axis: Chart) -> list[Chart]:
    """Return a cross at the foot of the chart for each number at which a job has no figure because it failed."""
    rows = [{"x": at} for at in sorted({float(mark.keys[x]) for mark in panel.marks if mark.state == "none"})]
    if not rows:
        return []
    mark = {
        "type": "point",
        "shape": "cross",
        "angle": 45,
        "filled": True,
        "size": 110,
        "color": FAILED_HUE,
        "opacity": 1,
    }
    return [{"data": data(rows), "mark": mark, "encoding": {"x": x_axis, "y": {"value": HIGH - 8}}}]


def _names(shown: Sequence[Mark], x: int, series: int, names: Sequence[str], axes: Mapping[str, Chart]) -> list[Chart]:
    """Return each line's name beside its last point, moved up or down where two would cover each other."""
    last: dict[str, Mark] = {}
    for mark in shown:
        name = mark.keys[series]
        if name not in last or float(mark.keys[x]) >= float(last[name].keys[x]):
            last[name] = mark
    there = [name for name in names if name in last]
    up = share_of(bounds(shown))
    at_px = spread([HIGH * (1 - up(last[name].value or 0.0)) for name in there])
    layers = []
    for name, px in zip(there, at_px, strict=True):
        text = {"type": "text", "align": "left", "dx": 10, "fontSize": 12, "color": INK, "text": shortened(name)}
        at = {"x": {**axes["x"], "field": "x"}, "y": {"value": px}}
        point = {
            "type": "point",
            "shape": SERIES_SHAPES[names.index(name)],
            "filled": True,
            "size": 45,
            "color": SERIES_HUES[names.index(name)],
            "opacity": 1,
            "xOffset": 16,
        }
        rows = data([{"x": axes["x"]["scale"]["domain"][1]}])
        layers.append({"data": rows, "mark": {**text, "dx": 24}, "encoding": at})
        layers.append({"data": rows, "mark": point, "encoding": at})
    return layers


def shortened(text: str, most: int = 24) -> str:
    """Cut a text that would be wider than a small multiple has room for."""
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
