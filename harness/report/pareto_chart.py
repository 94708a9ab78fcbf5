"""The chart of a trade: error rate against what it costs, with the cells that no other one beats in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.analysis.pareto import front
from harness.report.cell_marks import scale_of, share_of, ticks_of
from harness.report.chart_style import HUES, INK, data, styled
from harness.report.label_places import places
from harness.report.sweep_lines import Chart, shortened

WIDE, HIGH = 330, 250
_LABELS = 20
_POINTS = 400
"""Dominated points that are drawn; the front is always whole."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One cost: its metric's name, its unit, and how an axis writes its numbers."""

    name: str
    unit: str
    axis: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One cell by its two costs; ``cold`` says that either is the first trial's, for there is no other."""

    label: str
    x: float
    y: float
    cold: bool = False


def pareto_chart(choices: Sequence[Choice], x: Axis, y: Axis) -> Chart:
    """Draw the choices by two costs, lower better in both; the front is a step line, what it beats is fainter.

    Raises ValueError where there is no choice.
    """
    if not choices:
        raise ValueError("no cell has both figures")
    best = front([(choice.x, choice.y) for choice in choices])
    ahead = [choices[index] for index in best]
    on_front = set(best)
    behind = [choice for index, choice in enumerate(choices) if index not in on_front][:_POINTS]
    axes = {"x": _channel([choice.x for choice in choices], x, "x"), "y": _channel([c.y for c in choices], y, "y")}
    faint = {"type": "point", "size": 45, "color": INK, "opacity": 0.5}
    strong = {"type": "point", "size": 75, "color": HUES[0], "opacity": 1}
    step = {"type": "line", "interpolate": "step-after", "color": HUES[0], "strokeWidth": 1.8}
    layers: list[Chart] = [{"data": data(_steps(ahead, axes)), "mark": step, "encoding": axes}]
    for chosen, mark in ((behind, faint), (ahead, strong)):
        for cold in (False, True):
            rows = [{"x": choice.x, "y": choice.y} for choice in chosen if choice.cold == cold]
            if rows:
                layers.append({"data": data(rows), "mark": {**mark, "filled": not cold}, "encoding": axes})
    layers += _labels(ahead, behind, choices, axes)
    chart = {"layer": layers, "width": WIDE, "height": HIGH}
    return styled(chart, f"{y.name} against {x.name}", "lower left is better; line: what none beats in both")


def _channel(values: Sequence[float], axis: Axis, name: str) -> Chart:
    scale = scale_of(values)
    shown = {**ticks_of(values, 5), **axis.axis}
    return {
        "field": name,
        "type": "quantitative",
        "scale": scale,
        "title": f"{axis.name} ({axis.unit})",
        "axis": shown,
    }


def _steps(ahead: Sequence[Choice], axes: dict[str, Chart]) -> list[dict[str, float]]:
    """Return the corners of the front, from the upper edge to the right one."""
    top, right = axes["y"]["scale"]["domain"][1], axes["x"]["scale"]["domain"][1]
    corners = [{"x": choice.x, "y": choice.y} for choice in ahead]
    return [{"x": ahead[0].x, "y": top}, *corners, {"x": right, "y": ahead[-1].y}]


def _labels(
    ahead: Sequence[Choice], behind: Sequence[Choice], choices: Sequence[Choice], axes: dict[str, Chart]
) -> list[Chart]:
    """Return the names of the front's points, then of the others while there is room."""
    named = [*ahead, *behind][:_LABELS]
    across, up = share_of([choice.x for choice in choices]), share_of([choice.y for choice in choices])
    points = [(WIDE * across(one.x), HIGH * (1 - up(one.y))) for one in named]
    others = [(WIDE * across(one.x), HIGH * (1 - up(one.y))) for one in [*ahead, *behind][_LABELS:]]
    others += _on_line([(WIDE * across(one.x), HIGH * (1 - up(one.y))) for one in ahead])
    labels = [shortened(choice.label, 44) for choice in named]
    layers = []
    for choice, label, place in zip(named, labels, places(points, labels, (WIDE, HIGH), others), strict=True):
        if place is None:
            continue
        mark = {"type": "text", "align": place.align, "dx": place.dx, "dy": place.dy, "fontSize": 12, "color": INK}
        mark |= {"text": label, "opacity": 1 if choice in ahead else 0.75}
        layers.append({"data": data([{"x": choice.x, "y": choice.y}]), "mark": mark, "encoding": axes})
    return layers


def _on_line(corners_px: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points along the step line, so close that no label fits between two."""
    whole = [(corners_px[0][0], 0.0), *corners_px, (float(WIDE), corners_px[-1][1])]
    found = []
    for (x, y), (next_x, next_y) in pairwise(whole):
        found += [(x + step, y) for step in range(0, int(next_x - x) + 1, 9)]
        found += [(next_x, min(y, next_y) + step) for step in range(0, int(abs(next_y - y)) + 1, 9)]
    return found
