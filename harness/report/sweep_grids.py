"""Grids of a sweep over two keys: a heat map with each figure written in its cell."""

from math import log
from typing import Any

from harness.report.cell_marks import Mark, Panel, in_order, is_log
from harness.report.chart_style import INK, data, styled
from harness.report.figures import figure
from harness.report.sweep_lines import FAILED_HUE, Chart, shortened

MOST_CELLS = 150
"""More figures in one picture are read in the table."""
MOST_COLUMNS = 12
_CELL, _HIGH = 62, 34
_PALE, _STRONG = (232, 240, 247), (8, 69, 126)
"""Ends of the ramp: of one hue, so that only lightness has to be told, which everybody can."""
_NO_FIGURE = "none"


def grid_chart(panel: Panel, rows: int, columns: int) -> Chart:
    """Draw a metric over two keys; the stronger the colour, the better; the best cell is outlined.

    Raises ValueError where no cell has a figure, where two jobs have the same keys, or where there are too many.
    """
    found = {(mark.keys[rows], mark.keys[columns]): mark for mark in panel.marks}
    row_names, column_names = (in_order([mark.keys[key] for mark in panel.marks]) for key in (rows, columns))
    if len(found) != len(panel.marks):
        raise ValueError("two jobs have the same keys")
    if len(row_names) * len(column_names) > MOST_CELLS or len(column_names) > MOST_COLUMNS:
        raise ValueError(f"{len(row_names)} x {len(column_names)} cells are more than can be read in one picture")
    if not panel.drawn:
        raise ValueError("no cell has a figure")
    cells = [_cell(panel, mark, row, column) for (row, column), mark in found.items()]
    x: Chart = {"field": "column", "type": "nominal", "sort": column_names, "title": panel.keys[columns]}
    x["axis"] = {"labelAngle": 0, "labelLimit": _CELL * 2, "ticks": False, "domain": False, "orient": "top"}
    y: Chart = {"field": "row", "type": "nominal", "sort": row_names, "title": panel.keys[rows]}
    y["axis"] = {"ticks": False, "domain": False, "labelLimit": 130}
    wide = max(_CELL, 7 * max(len(shortened(name, 18)) for name in column_names))
    layers = _layers(cells, {"x": x, "y": y})
    chart = {"layer": layers, "width": {"step": wide}, "height": {"step": _HIGH}}
    return styled(chart, panel.metric, f"{panel.said}; stronger: better; outlined: best")


def colour(share: float) -> str:
    """Return the colour of a cell, from 0 (the worst) to 1 (the best)."""
    red, green, blue = (round(pale + (strong - pale) * share) for pale, strong in zip(_PALE, _STRONG, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def text_colour(fill: str) -> str:
    """Return black or white, whichever has the higher contrast on a colour (relative luminance, WCAG 2.1)."""
    parts = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"


def _cell(panel: Panel, mark: Mark, row: str, column: str) -> dict[str, Any]:
    place = {"row": row, "column": column, "best": mark is panel.best}
    if mark.value is None:
        said = "failed" if mark.state == "none" else "-"
        return {**place, "fill": _NO_FIGURE, "ink": FAILED_HUE if said == "failed" else INK, "said": said}
    fill = colour(_share(panel, mark.value))
    star = {"cold": " cold", "unfinished": " *"}.get(mark.state, "")
    return {**place, "fill": fill, "ink": text_colour(fill), "said": figure(mark.value, panel.form) + star}


def _share(panel: Panel, value: float) -> float:
    """Return how far a value is on the way from the worst to the best one; 0.5 where all are the same."""
    values = [mark.value for mark in panel.drawn if mark.value is not None]
    low, high = min(values), max(values)
    if low == high:
        return 0.5
    way = log(value / low) / log(high / low) if is_log(values) else (value - low) / (high - low)
    return way if panel.better == "higher" else 1 - way


def _layers(cells: list[dict[str, Any]], axes: dict[str, Chart]) -> list[Chart]:
    raw = {"type": "nominal", "scale": None}
    filled = [cell for cell in cells if cell["fill"] != _NO_FIGURE]
    layers: list[Chart] = [
        {
            "data": data(filled),
            "mark": {"type": "rect", "cornerRadius": 2, "width": {"band": 0.96}, "height": {"band": 0.92}},
            "encoding": {**axes, "fill": {"field": "fill", **raw}},
        }
    ]
    outline = {"type": "rect", "filled": False, "stroke": INK, "strokeWidth": 3, "cornerRadius": 2}
    best = [cell for cell in cells if cell["best"]]
    if best:
        layers.append({"data": data(best), "mark": outline, "encoding": axes})
    text = {"text": {"field": "said", "type": "nominal"}, "color": {"field": "ink", **raw}}
    layers.append({"data": data(cells), "mark": {"type": "text", "fontSize": 12}, "encoding": {**axes, **text}})
    return layers
