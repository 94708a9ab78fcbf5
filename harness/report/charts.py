"""The charts of a run's memory, as Vega-Lite specifications made from plain values.

:mod:`harness.report.pictures` turns a specification into SVG or PNG. They are plain dictionaries, because a charting
library would cost every run a second more to import and to build them; the tests check each against Vega-Lite's schema
through altair. Hues are Okabe and Ito's, which colour-blind people tell apart and which show on white and on black; a
stage has one hue, its phases differ in strength.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from harness.analysis.ledger import StageLedger
from harness.analysis.statistics import Interval
from harness.analysis.timeline import Curve, Seam, Span, Window, inside
from harness.report.chart_style import HUES, INK, data, field, legend, linear, ordered, styled, title
from harness.report.thinning import extremes

Chart = dict[str, Any]
"""A Vega-Lite specification."""

_PHASES = ("import", "run", "load", "restart", "unload")
"""Phases from the faintest shade to the strongest; the longest is faint, the shortest strong."""
_SHADES = (0.14, 0.6)
_NAMES = {"prepare": "import"}
_KINDS = {"anon": 1.0, "file": 0.5, "shmem": 0.25}
_WIDE, _NARROW, _HIGH = 720, 340, 240
_TICKS_UP_TO = 10
"""Iterations that have a tick each; between so few, a tick for a part of one would be drawn too."""
_POINTS = 1200
"""Points of a curve in one window; more than there are pixels help nobody."""


def memory_chart(
    curves: Sequence[Curve],
    spans: Sequence[Span],
    windows: Sequence[Window],
    names: Mapping[str, str],
    seams: Sequence[Seam] = (),
) -> Chart:
    """Draw RSS and anon over time, a panel a window, phases shaded behind them; ``names`` are the stages' in a legend.

    Where a leg begins (``seams``) there is a dashed rule with its number. Raises ValueError where there is nothing to
    draw.
    """
    shown = [[part for curve in curves if (part := inside(curve, window, _POINTS)).at_s] for window in windows]
    levels = [level for parts in shown for part in parts for level in part.rss_mib]
    if not levels:
        raise ValueError("no memory was read over time")
    room = 1.16 if seams else 1.06
    top_mib = room * max([*levels, *(span.peak_mib for span in spans if span.peak_mib is not None)])
    width = _WIDE // len(windows)
    panels = []
    for index, (parts, window) in enumerate(zip(shown, windows, strict=True)):
        lines = _lines(parts, window, top_mib, first=index == 0)
        begun = [(seam.at_s, seam.leg) for seam in seams if window.start_s <= seam.at_s <= window.end_s]
        marks = _seams(begun, field("at", linear(window.start_s, window.end_s)))
        panels.append(_panel(_shades(spans, window, names), [*lines, *marks], window, width, top_mib))
    chart = {"hconcat": panels, "spacing": 14, "resolve": {"scale": {"color": "shared", "opacity": "shared"}}}
    return styled(chart, "Memory over time", "solid line: RSS; dashed: its anonymous part; bar: exact peak of a phase")


def _seams(begun: Sequence[tuple[float, int]], x: Chart) -> list[Chart]:
    """Return a rule over the whole height where each leg begins, and its number beside it."""
    if not begun:
        return []
    rows = data([{x["field"]: _short(at), "leg": f"leg {leg}"} for at, leg in begun])
    rule = {"type": "rule", "color": INK, "strokeDash": [6, 4], "strokeWidth": 1.4}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "color": INK, "fontSize": 13}
    named = {"x": x, "y": {"value": 0}, "text": {"field": "leg", "type": "nominal"}}
    return [
        {"data": rows, "mark": rule, "encoding": {"x": x}},
        {"data": rows, "mark": text, "encoding": named},
    ]


def _panel(shades: Chart, lines: list[Chart], window: Window, width: int, top_mib: float) -> Chart:
    x = {"field": "start", "type": "quantitative", "title": "seconds", "scale": linear(window.start_s, window.end_s)}
    x["axis"] = {"grid": False, "tickCount": max(2, width // 90)}
    peak = field("peak", linear(0, top_mib))
    peaks = {
        "data": shades["data"],
        "transform": [{"filter": "datum.peak !== null"}],
        "mark": {"type": "rule", "strokeWidth": 2.5, "color": INK},
        "encoding": {"x": x, "x2": {"field": "end"}, "y": peak},
    }
    shades["encoding"] |= {"x": x, "x2": {"field": "end"}}
    return {"width": width, "height": _HIGH, "title": title(window.title, 12), "layer": [shades, *lines, peaks]}


def _shades(spans: Sequence[Span], window: Window, names: Mapping[str, str]) -> Chart:
    """Return a rectangle a phase, cut at the window's edges; every window has the same scales."""
    there = {_NAMES.get(span.phase, span.phase) for span in spans}
    phases = [phase for phase in _PHASES if phase in there]
    rows = []
    for span in spans:
        phase = _NAMES.get(span.phase, span.phase)
        start, end = max(span.start_s, window.start_s), min(span.end_s, window.end_s)
        if phase in phases and start < end and span.stage in names:
            peak = None if span.peak_mib is None else _short(span.peak_mib)
            row = {"stage": names[span.stage], "phase": phase, "start": _short(start), "end": _short(end)}
            rows.append({**row, "peak": peak})
    hues = ordered(names.values(), [HUES[index % len(HUES)] for index in range(len(names))])
    return {
        "data": data(rows),
        "mark": "rect",
        "encoding": {
            "color": {"field": "stage", "type": "nominal", "title": None, "scale": hues, "legend": {}},
            "opacity": legend("phase", ordered(phases, _SHADES)),
        },
    }


def _lines(curves: Sequence[Curve], window: Window, top_mib: float, *, first: bool) -> list[Chart]:
    """Return a line of anon and one of RSS for each worker; only the first panel writes its numbers."""
    axis = {"title": "MiB", "tickCount": 5} if first else {"title": None, "labels": False, "tickCount": 5}
    lines = []
    for counter, dash in (("anon_mib", [3, 3]), ("rss_mib", [1, 0])):
        rows = [
            {"worker": f"{curve.leg}/{curve.worker}" if curve.leg else curve.worker, "at": _short(at_s)}
            | {"mib": _short(level)}
            for curve in curves
            for at_s, level in zip(curve.at_s, getattr(curve, counter), strict=True)
        ]
        stepped = any(curve.stepped for curve in curves)
        mark = {"type": "line", "color": INK, "strokeWidth": 1.6, "strokeDash": dash}
        encoding = {
            "x": field("at", linear(window.start_s, window.end_s)),
            "y": {**field("mib", linear(0, top_mib)), "axis": axis},
            "detail": {"field": "worker", "type": "nominal"},
        }
        mark["interpolate"] = "step-after" if stepped else "linear"
        lines.append({"data": data(rows), "mark": mark, "encoding": encoding})
    return lines


def growth_chart(
    iterations: Sequence[float],
    anon_mib: Sequence[float],
    slope: float | None,
    interval: Interval | None,
    word: str,
    cold_mib: float | None = None,
    other_legs: Sequence[tuple[float, float]] = (),
    begun: Sequence[tuple[float, int]] = (),
) -> Chart:
    """Draw anon after each iteration's unload, the slope through its median, and the slope's 95 % interval as a band.

    Of a run with legs the points of the judged one are full, ``other_legs`` are hollow points, and ``begun`` has the
    iteration that each further leg began with, and its number.

    The cold iteration (number 1) stands apart; where it is far from the others it stands at the edge with its value.
    Raises ValueError where there is no point.
    """
    if not anon_mib:
        raise ValueError("no iteration after the cold one has a value")
    numbers = [iteration + 1 for iteration in iterations]
    others = [(iteration + 1, level) for iteration, level in other_legs]
    low, high = _frame([*anon_mib, *(level for _, level in others)])
    if cold_mib is not None and low - (high - low) <= cold_mib <= high + (high - low):
        low, high = min(low, cold_mib), max(high, cold_mib)
    margin = 0.08 * (high - low)
    every = [*numbers, *(number for number, _ in others)]
    first = 1 if cold_mib is not None else min(every)
    edge = max(0.5, 0.03 * (max(every) - first))
    y = field("mib", linear(low - margin, high + margin))
    x = field("n", linear(first - edge, max(every) + edge))
    layers = [] if slope is None else _slope(numbers, anon_mib, (slope, interval or (slope, slope)), (x, y))
    shown = extremes(list(zip(numbers, anon_mib, strict=True)), _POINTS)
    layers.append(_points(shown, (x, y), range(int(first), int(max(every)) + 1)))
    if others:
        layers.append(_hollow(extremes(others, _POINTS), (x, y)))
    layers += _seams([(number + 0.5, leg) for number, leg in begun], x)
    if cold_mib is not None:
        layers += _cold(cold_mib, (low, high), (x, y))
    said = "no slope" if slope is None else f"{slope:+.3g} MiB an iteration"
    bounds = "" if interval is None else f", 95 % interval {interval[0]:+.3g} .. {interval[1]:+.3g}"
    thinned = () if len(shown) == len(numbers) else (f"{len(numbers):,} iterations: lows and highs are shown",)
    chart = {"layer": layers, "width": _NARROW, "height": _HIGH}
    hollow = ("full points: the leg that is judged; hollow: others",) if others else ()
    subtitle = (said + bounds, *thinned, *hollow) if thinned or hollow else said + bounds
    return styled(chart, f"Anonymous memory after unload: {word}", subtitle)


def _frame(values: Sequence[float]) -> tuple[float, float]:
    """Return lowest and highest, at least half a MiB apart: a flat series shall look flat."""
    low, high = min(values), max(values)
    missing = max(0.0, 0.5 - (high - low)) / 2
    return low - missing, high + missing


def _points(points: Sequence[tuple[float, float]], axes: tuple[Chart, Chart], iterations: range) -> Chart:
    rows = [{"n": number, "mib": _short(level)} for number, level in points]
    ticks: Chart = {"values": list(iterations)} if len(iterations) <= _TICKS_UP_TO else {"tickMinStep": 1}
    x = {**axes[0], "title": "iteration", "axis": {"grid": False, "format": "d", **ticks}}
    y = {**axes[1], "title": "MiB", "axis": {"tickCount": 5}}
    mark = {"type": "point", "filled": True, "opacity": 1, "size": 45 if len(rows) <= 30 else 18, "color": INK}
    return {"data": data(rows), "mark": mark, "encoding": {"x": x, "y": y}}


def _hollow(points: Sequence[tuple[float, float]], axes: tuple[Chart, Chart]) -> Chart:
    """Return the points of legs that the slope is not of."""
    mark = {"type": "point", "filled": False, "opacity": 0.8, "size": 45 if len(points) <= 30 else 18, "color": INK}
    rows = data([{"n": number, "mib": _short(level)} for number, level in points])
    return {"data": rows, "mark": mark, "encoding": {"x": axes[0], "y": axes[1]}}


def _slope(
    numbers: Sequence[float],
    anon_mib: Sequence[float],
    slopes: tuple[float, Interval],
    axes: tuple[Chart, Chart],
) -> list[Chart]:
    """Turn the slope and its bounds about the medians of both axes; what leaves the frame is cut off."""
    middle, level = median(numbers), median(anon_mib)
    bottom, top = axes[1]["scale"]["domain"]
    rows = []
    for step in range(41):
        away = min(numbers) + (max(numbers) - min(numbers)) * step / 40 - middle
        low, high = sorted(min(max(level + bound * away, bottom), top) for bound in slopes[1])
        here = level + slopes[0] * away
        line = here if bottom <= here <= top else None
        rows.append({"n": middle + away, "mib": line, "low": low, "high": high})
    x, y = axes
    band = {"type": "area", "color": HUES[1], "opacity": 0.22}
    line_mark = {"type": "line", "color": HUES[1], "strokeWidth": 2}
    between = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    return [
        {"data": data(rows), "mark": band, "encoding": between},
        {"data": data(rows), "mark": line_mark, "encoding": {"x": x, "y": y}},
    ]


def _cold(cold_mib: float, frame: tuple[float, float], axes: tuple[Chart, Chart]) -> list[Chart]:
    """Return the cold iteration's mark with its word; an arrow and its value where it lies beyond the frame."""
    at = min(max(cold_mib, frame[0]), frame[1])
    shape = "diamond" if at == cold_mib else "triangle-down" if cold_mib < at else "triangle-up"
    said = "cold" if at == cold_mib else f"cold: {cold_mib:.1f}"
    x, y = axes
    rows = data([{"n": 1, "mib": at, "said": said}])
    mark = {"type": "point", "shape": shape, "size": 80, "color": INK, "strokeWidth": 1.8, "opacity": 1}
    beside = -16 if at < sum(frame) / 2 else 16  # towards the middle, off the line that the others stand on
    text = {"type": "text", "align": "left", "dx": -5, "dy": beside, "color": INK, "fontSize": 13}
    return [
        {"data": rows, "mark": mark, "encoding": {"x": x, "y": y}},
        {"data": rows, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "said", "type": "nominal"}}},
    ]


def ledger_chart(ledgers: Sequence[StageLedger], names: Mapping[str, str]) -> Chart:
    """Draw each stage's rows as bars of anon, file and shared memory at the phase's end, its exact peak as a tick.

    Raises ValueError where no row has memory.
    """
    found = {stage.stage: rows for stage in ledgers if (rows := _bars(stage))}
    every = [row for rows in found.values() for row in rows]
    if not every:
        raise ValueError("no memory was read at the end of a phase")
    top_mib = 1.03 * max(max(row["end"], row["peak"] or 0.0) for row in every)
    kinds = [kind for kind in _KINDS if any(row["kind"] == kind for row in every)]
    shades = legend("kind", {"domain": kinds, "range": [_KINDS[kind] for kind in kinds], "type": "ordinal"})
    hues = {key: HUES[index % len(HUES)] for index, key in enumerate(names)}
    panels = [_stage_panel(rows, names[key], hues[key], top_mib, shades) for key, rows in found.items()]
    chart = {"vconcat": panels, "spacing": 12, "resolve": {"scale": {"opacity": "shared"}}}
    return styled(chart, "Memory at the end of each phase", "MiB; tick: exact peak inside the phase")


def _bars(stage: StageLedger) -> list[dict[str, Any]]:
    """Return a row for each part of each bar, from where to where it goes; RSS undivided where there is no anon."""
    rows = []
    for row in stage.rows:
        parts = {"anon": row.anon_mib, "file": row.file_mib, "shmem": row.shmem_mib}
        if row.anon_mib is None:
            parts = {"anon": row.rss_mib}
        start = 0.0
        for kind, size in parts.items():
            if size is not None and (size > 0 or kind == "anon"):
                peak = None if row.peak_mib is None else _short(row.peak_mib)
                bar = {"phase": row.phase, "kind": kind, "start": _short(start), "end": _short(start + size)}
                rows.append({**bar, "peak": peak})
                start += size
    return rows


def _stage_panel(rows: Sequence[Mapping[str, Any]], name: str, hue: str, top_mib: float, shades: Chart) -> Chart:
    phases = list(dict.fromkeys(row["phase"] for row in rows))
    axis = {"ticks": False, "domain": False, "labelPadding": 8}
    y = {"field": "phase", "type": "nominal", "sort": phases, "title": None, "axis": axis}
    x = {**field("start", linear(0, top_mib)), "axis": {"title": None, "tickCount": 5}}
    bars = {
        "mark": {"type": "bar", "color": hue, "height": 13},
        "encoding": {"x": x, "x2": {"field": "end"}, "y": y, "opacity": shades},
    }
    ticks = {
        "transform": [{"filter": "datum.peak !== null && datum.start === 0"}],
        "mark": {"type": "tick", "color": INK, "thickness": 2.5, "height": 19, "opacity": 1},
        "encoding": {"x": {**x, "field": "peak"}, "y": y},
    }
    size = {"width": _NARROW, "height": {"step": 23}}
    return {"data": data(rows), **size, "title": title(name, 14), "layer": [bars, ticks]}


def _short(value: float) -> float:
    """Round to what a pixel could show; it makes the picture smaller."""
    return round(value, 4)
