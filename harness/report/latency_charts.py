"""How times are distributed, every trial a point, as a Vega-Lite specification made from plain values.

Points are spread across their strip by a sequence that fills it evenly, so that the same run always gives the same
picture. Where there are too many points to tell them apart, and to put them into a page, a strip has the counts of
equal parts instead, and its title says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.statistics import Interval
from harness.report.chart_style import INK, data, linear, styled, title

Chart = dict[str, Any]
"""A Vega-Lite specification."""

MOST_POINTS = 2_000
"""Points in a chart; of more, counts are drawn."""
_WIDE, _HIGH = 340, 80
_TOP = 0.74
"""The steady trials' share of a strip's height; the cold one stands above them."""
_BINS = 100
_GOLDEN = 0.6180339887498949
"""Multiples of the golden ratio, less their whole part, fill 0 .. 1 evenly however many there are (Weyl's sequence)."""


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one stage: the steady trials', the cold one's by itself, and the summary's median and interval."""

    name: str
    hue: str
    steady_ms: Sequence[float]
    cold_ms: float | None = None
    median_ms: float | None = None
    interval_ms: Interval | None = None


def times_chart(strips: Sequence[Times], heading: str) -> Chart:
    """Draw a strip a stage, each on its own axis: points, the median as a line, its 95 % interval as a band.

    Raises ValueError where no stage has a time.
    """
    shown = [strip for strip in strips if strip.steady_ms or strip.cold_ms is not None]
    if not shown:
        raise ValueError("no trial has such a time")
    counted = sum(len(strip.steady_ms) for strip in shown) > MOST_POINTS
    panels = [_strip(strip, counted=counted, last=strip is shown[-1]) for strip in shown]
    each = "height: number of trials" if counted else "point: a trial"
    said = (f"{each}; hollow: the cold trial", "line: median; band: its 95 % interval")
    return styled({"vconcat": panels, "spacing": 14}, heading, said)


def _strip(strip: Times, *, counted: bool, last: bool) -> Chart:
    low, high = _ends(strip)
    x = {"type": "quantitative", "scale": linear(low, high), "title": "ms" if last else None}
    x["axis"] = {"grid": False, "tickCount": 6}
    y = {"type": "quantitative", "scale": linear(0, 1), "axis": None}
    layers = [*_interval(strip, (x, y)), *(_counts if counted else _points)(strip, (x, y)), *_median(strip, (x, y))]
    if strip.cold_ms is not None:
        layers += _cold(strip.cold_ms, (low, high), (x, y))
    trials = f"{len(strip.steady_ms):,} trials" if counted else ""
    name = ": ".join(filter(None, (strip.name, trials)))
    return {"width": _WIDE, "height": _HIGH, "title": title(name, 14), "layer": layers}


def _ends(strip: Times) -> tuple[float, float]:
    """Return the axis' ends: round the steady trials, and round the cold one where it is not far from them."""
    values = list(strip.steady_ms) or [strip.cold_ms or 0.0]
    low, high = min(values), max(values)
    if high - low < 0.02 * high:  # what hardly moves shall look as if it hardly moved
        low, high = low - 0.01 * high, high + 0.01 * high
    reach = high - low
    if strip.cold_ms is not None and low - reach <= strip.cold_ms <= high + reach:
        low, high = min(low, strip.cold_ms), max(high, strip.cold_ms)
    margin = 0.05 * (high - low) or 0.5
    return max(0.0, low - margin), high + margin


def _points(strip: Times, axes: tuple[Chart, Chart]) -> list[Chart]:
    rows = [
        {"ms": _short(value), "at": round(_TOP * (0.1 + 0.8 * (number * _GOLDEN % 1)), 3)}
        for number, value in enumerate(strip.steady_ms, start=1)
    ]
    many = len(rows) > 200
    mark = {"type": "point", "filled": True, "color": strip.hue}
    mark |= {"size": 16 if many else 48, "opacity": 0.45 if many else 0.9}
    return [_layer(rows, mark, axes)] if rows else []


def _counts(strip: Times, axes: tuple[Chart, Chart]) -> list[Chart]:
    """Return a bar for each part of the axis that has a trial, about the middle of the strip; one trial is seen too."""
    low, high = axes[0]["scale"]["domain"]
    step = (high - low) / _BINS
    counts: dict[int, int] = {}
    for value in strip.steady_ms:
        part = min(_BINS - 1, int((value - low) / step))
        counts[part] = counts.get(part, 0) + 1
    most = max(counts.values(), default=1)
    rows = []
    for part, count in sorted(counts.items()):
        half = max(0.02, 0.47 * count / most) * _TOP
        ends = {"ms": _short(low + part * step), "end": _short(low + (part + 1) * step)}
        rows.append({**ends, "low": round(_TOP / 2 - half, 3), "high": round(_TOP / 2 + half, 3)})
    encoding = {"x": {**axes[0], "field": "ms"}, "x2": {"field": "end"}, **_height(axes)}
    return [{"data": data(rows), "mark": {"type": "rect", "color": strip.hue}, "encoding": encoding}]


def _median(strip: Times, axes: tuple[Chart, Chart]) -> list[Chart]:
    if strip.median_ms is None:
        return []
    mark = {"type": "rule", "color": INK, "strokeWidth": 2.5}
    encoding = {"x": {**axes[0], "field": "ms"}, **_height(axes)}
    return [
        {"data": data([{"ms": _short(strip.median_ms), "low": 0, "high": _TOP}]), "mark": mark, "encoding": encoding}
    ]


def _interval(strip: Times, axes: tuple[Chart, Chart]) -> list[Chart]:
    if strip.interval_ms is None:
        return []
    rows = [{"ms": _short(strip.interval_ms[0]), "end": _short(strip.interval_ms[1]), "low": 0, "high": _TOP}]
    mark = {"type": "rect", "color": INK, "opacity": 0.16}
    encoding = {"x": {**axes[0], "field": "ms"}, "x2": {"field": "end"}, **_height(axes)}
    return [{"data": data(rows), "mark": mark, "encoding": encoding}]


def _height(axes: tuple[Chart, Chart]) -> Chart:
    return {"y": {**axes[1], "field": "low"}, "y2": {"field": "high"}}


def _cold(cold_ms: float, ends: tuple[float, float], axes: tuple[Chart, Chart]) -> list[Chart]:
    """Return the cold trial's mark with its word; beyond the axis an arrow at its end, with the value."""
    low, high = ends
    margin = 0.02 * (high - low)
    inside = low <= cold_ms <= high
    at = cold_ms if inside else low + margin if cold_ms < low else high - margin
    shape = "diamond" if inside else "triangle-left" if cold_ms < low else "triangle-right"
    rows = [{"ms": _short(at), "at": (1 + _TOP) / 2, "said": "cold" if inside else f"cold: {cold_ms:.0f}"}]
    left = at > (low + high) / 2
    mark = {"type": "point", "shape": shape, "size": 110, "color": INK, "strokeWidth": 2, "opacity": 1}
    text = {"type": "text", "align": "right" if left else "left", "dx": -10 if left else 10, "color": INK}
    text |= {"fontSize": 13, "baseline": "middle"}
    layer = _layer(rows, mark, axes)
    named = {**layer["encoding"], "text": {"field": "said", "type": "nominal"}}
    return [layer, {"data": layer["data"], "mark": text, "encoding": named}]


def _layer(rows: Sequence[dict[str, Any]], mark: dict[str, Any], axes: tuple[Chart, Chart]) -> Chart:
    x, y = axes
    return {"data": data(rows), "mark": mark, "encoding": {"x": {**x, "field": "ms"}, "y": {**y, "field": "at"}}}


def _short(value: float) -> float:
    """Round to what a pixel could show; it makes the picture smaller."""
    return round(value, 3)
