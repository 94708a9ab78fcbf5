"""Charts of a sweep with a row for each cell: a point and its interval, for keys that are texts or that are many."""

from collections.abc import Sequence
from typing import Any

from harness.report.cell_marks import Mark, Panel, axis_said, bounds, in_order, scale_of, ticks_of
from harness.report.chart_style import INK, data, ordered, styled
from harness.report.sweep_lines import (
    FAILED_HUE,
    MOST_SERIES,
    SERIES_HUES,
    SERIES_SHAPES,
    WIDE,
    Chart,
    shortened,
)

MOST_ROWS = 40
_STEP, _STEP_OF_TWO_LINES = 26, 34
_BESIDE_UP_TO = 16
"""Characters of a label that has room beside the axis; longer ones stand above their row."""
_LABEL_UP_TO = 50


def rows_chart(panel: Panel, labels: Sequence[str], *, ranked: bool) -> Chart:
    """Draw a row for each cell, named by ``labels``; ``ranked`` by the metric, best first, else as they came.

    Where there are more than :data:`MOST_ROWS`, the first of them are drawn. Raises ValueError without a figure.
    """
    pairs = chosen(panel, labels, ranked=ranked)
    if not any(mark.value is not None for mark, _ in pairs):
        raise ValueError("no cell has a figure")
    return _chart(panel, [(mark, label, "") for mark, label in pairs], [label for _, label in pairs])


def chosen(panel: Panel, labels: Sequence[str], *, ranked: bool) -> list[tuple[Mark, str]]:
    """Return the marks that a chart of rows has, with their labels; the same label is told apart by its job."""
    sign = -1.0 if panel.better == "higher" else 1.0
    pairs = [(mark, shortened(label, _LABEL_UP_TO)) for mark, label in zip(panel.marks, labels, strict=True)]
    if ranked:
        pairs.sort(key=lambda pair: (pair[0].value is None, sign * (pair[0].value or 0.0)))
    seen = [label for _, label in pairs]
    return [(mark, label if seen.count(label) == 1 else f"{label} ({mark.job})") for mark, label in pairs[:MOST_ROWS]]


def groups_chart(panel: Panel, rows: int, series: int) -> Chart:
    """Draw a row for each value of the key ``rows``, and in it a point for each value of the key ``series``.

    Raises ValueError where no cell has a figure, or where there are more series than can be told apart.
    """
    names, series_names = (
        in_order([mark.keys[rows] for mark in panel.marks]),
        in_order([mark.keys[series] for mark in panel.marks]),
    )
    if len(series_names) > MOST_SERIES or len(names) > MOST_ROWS:
        raise ValueError(f"{len(names)} x {len(series_names)} points in one chart cannot be told from each other")
    if not panel.drawn:
        raise ValueError("no cell has a figure")
    triples = [(mark, mark.keys[rows], mark.keys[series]) for mark in panel.marks]
    return _chart(panel, triples, names, series_names, panel.keys[series])


def _chart(
    panel: Panel,
    triples: Sequence[tuple[Mark, str, str]],
    names: Sequence[str],
    series: Sequence[str] = ("",),
    series_key: str = "",
) -> Chart:
    above = max(map(len, names)) > _BESIDE_UP_TO
    step = max(_STEP_OF_TWO_LINES if above else _STEP, 13 * len(series) + (20 if above else 8))
    y: Chart = {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "title": None,
        "scale": {"domain": list(names), "padding": 0},
    }
    beside = {"ticks": False, "domain": False, "labelPadding": 8, "labelLimit": 160, "labelOverlap": False}
    y["axis"] = {"labels": False, "ticks": False, "domain": False} if above else beside
    values = bounds([mark for mark, _, _ in triples])
    x = {"field": "x", "type": "quantitative", "scale": scale_of(values), "title": None}
    x["axis"] = {**ticks_of(values, 4), **panel.axis()}
    moved = {name: _moved(index, len(series), above=above) for index, name in enumerate(series)}
    best = panel.best
    rows = [_row(best, mark, row, name, moved[name]) for mark, row, name in triples]
    layers = _layers(rows, x, y, series, series_key)
    if above:
        layers.insert(0, _labels(names, y, step))
    chart = {"layer": layers, "width": WIDE, "height": {"step": step}}
    return styled(chart, panel.metric, panel.said + axis_said(values))


def _moved(index: int, count: int, *, above: bool) -> float:
    """Return how far below the middle of its row a series stands, in pixels."""
    return (8 if above else 0) + 13 * (index - (count - 1) / 2)


def _row(best: Mark | None, mark: Mark, row: str, series: str, moved: float) -> dict[str, Any]:
    return {
        "row": row,
        "series": series,
        "x": mark.value,
        "low": mark.low,
        "high": mark.high,
        "state": mark.state,
        "moved": moved,
        "best": best is not None and mark is best,
        "said": "failed" if mark.state == "none" else "",
    }


def _layers(rows: Sequence[dict[str, Any]], x: Chart, y: Chart, series: Sequence[str], series_key: str) -> list[Chart]:
    """Return rules, points and words for each series; offsets are the mark's own, for each series has one."""
    layers: list[Chart] = []
    for index, name in enumerate(series):
        ours = [row for row in rows if row["series"] == name]
        moved, hue, shape = (ours[0]["moved"] if ours else 0.0), SERIES_HUES[index], SERIES_SHAPES[index]
        span = {"type": "rule", "strokeWidth": 2.2, "opacity": 0.7, "color": hue, "yOffset": moved}
        low = {**x, "field": "low"}
        spans = [row for row in ours if row["low"] is not None]
        if spans:
            layers.append({"data": data(spans), "mark": span, "encoding": {"x": low, "x2": {"field": "high"}, "y": y}})
        for filled in (True, False):
            points = [row for row in ours if row["x"] is not None and (row["state"] == "steady") == filled]
            mark = {"type": "point", "filled": filled, "size": 60, "opacity": 1, "color": hue, "yOffset": moved}
            if points:
                encoding = {"x": x, "y": y}
                layers.append({"data": data(points), "mark": {**mark, "shape": shape}, "encoding": encoding})
        failed = [row for row in ours if row["said"]]
        if failed:
            word = {"type": "text", "align": "left", "dx": 4, "fontSize": 12, "color": FAILED_HUE, "yOffset": moved}
            text = {"field": "said", "type": "nominal"}
            layers.append({"data": data(failed), "mark": word, "encoding": {"x": {"value": 0}, "y": y, "text": text}})
    if len(series) > 1:
        layers.append(_legend(series, series_key, x, y, rows[0]["row"]))
    return layers


def _legend(series: Sequence[str], key: str, x: Chart, y: Chart, row: str) -> Chart:
    """Return points that are not seen and whose legend is: it names each series by its hue and shape."""
    names = [shortened(name, 40) for name in series]
    shown = {"field": "series", "type": "nominal", "title": key}
    legend = {"orient": "bottom", "direction": "vertical", "symbolOpacity": 1, "titleFontWeight": "normal"}
    hues = {**shown, "scale": ordered(names, SERIES_HUES[: len(names)]), "legend": legend}
    shapes = {**shown, "scale": ordered(names, SERIES_SHAPES[: len(names)]), "legend": legend}
    rows = [{"row": row, "x": x["scale"]["domain"][0], "series": name} for name in names]
    mark = {"type": "point", "filled": True, "opacity": 0, "size": 60}
    return {"data": data(rows), "mark": mark, "encoding": {"x": x, "y": y, "color": hues, "shape": shapes}}


def _labels(names: Sequence[str], y: Chart, step: int) -> Chart:
    """Return each row's name above its points, from the left edge on."""
    mark = {"type": "text", "align": "left", "baseline": "top", "fontSize": 12, "color": INK, "yOffset": 3 - step / 2}
    text = {"field": "row", "type": "nominal"}
    rows = data([{"row": name} for name in names])
    return {"data": rows, "mark": mark, "encoding": {"x": {"value": 2}, "y": y, "text": text}}
