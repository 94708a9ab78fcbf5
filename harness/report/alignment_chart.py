"""How errors of word times are distributed, as a Vega-Lite specification made from plain values.

Curves rise from 0 to 1: what share of words has a smaller signed error. A bias is where a curve crosses one half, a
spread is how flat it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.chart_style import HUES, INK, data, linear, ordered, styled

Chart = dict[str, Any]
"""A Vega-Lite specification."""

_WIDE, _HIGH = 560, 260
_LEAST_MS = 50.0
"""Half the axis at least: what is off by a millisecond shall look as if it were right."""
_EDGES = ("starts", "ends")
_DASHES = ([1, 0], [5, 4])


@dataclass(frozen=True, slots=True)
class Errors:
    """The quantiles of a stage's signed errors, in ms, from the least to the largest in equal steps."""

    name: str
    start_ms: Sequence[float]
    end_ms: Sequence[float]


def errors_chart(shown: Sequence[Errors], heading: str) -> Chart:
    """Draw two curves for each; the axis leaves out the outermost steps, which one word may stretch.

    Raises ValueError where there is no error.
    """
    if not shown:
        raise ValueError("no word of a reference with times was found")
    rows = [
        {"ms": error, "share": round(step / (len(values) - 1), 4), "text": one.name, "edge": edge}
        for one in shown
        for edge, values in zip(_EDGES, (one.start_ms, one.end_ms), strict=True)
        for step, error in enumerate(values)
    ]
    most = max(abs(values[at]) for one in shown for values in (one.start_ms, one.end_ms) for at in (1, -2))
    reach = max(_LEAST_MS, 1.1 * most)
    key = {"title": None, "symbolType": "stroke"}
    names = [one.name for one in shown]
    hues = [HUES[number % len(HUES)] for number in range(len(shown))]
    x = {"field": "ms", "type": "quantitative", "scale": linear(-reach, reach), "title": "ms, positive: late"}
    y = {"field": "share", "type": "quantitative", "scale": linear(0, 1), "title": None, "axis": {"format": ".0%"}}
    colour = {"field": "text", "type": "nominal", "scale": ordered(names, hues), "legend": key}
    dash = {"field": "edge", "type": "nominal", "scale": ordered(_EDGES, _DASHES), "legend": key}
    line = {"type": "line", "strokeWidth": 2, "clip": True}
    layers = [
        {"data": data([{"ms": 0}]), "mark": {"type": "rule", "color": INK}, "encoding": {"x": x}},
        {
            "data": data([{"share": 0.5}]),
            "mark": {"type": "rule", "color": INK, "strokeDash": [2, 3]},
            "encoding": {"y": y},
        },
        {
            "data": data(rows),
            "mark": line,
            "encoding": {"x": x, "y": y, "color": colour, "strokeDash": dash, "order": {"field": "share"}},
        },
    ]
    said = "share of words whose error is less; dotted: one half, where the bias is read"
    return styled({"width": _WIDE, "height": _HIGH, "layer": layers}, heading, said)
