"""Words on the waveform, as a Vega-Lite specification: where an aligner put each word, and where the text is wrong.

A recording is drawn in rows like lines of a text, so that words have room. Everything is placed in pixels of a row:
labels above the waveform on as many lines as keep them apart, edits below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.edits import HeardWord
from harness.report.chart_style import HUES, INK, data, linear, styled

Chart = dict[str, Any]
"""A Vega-Lite specification."""

WIDE = 720
ROW_S = 7.5
"""Longest row; a word of a fast speaker then has some 20 pixels."""
_WAVE = 64
_LINE = 17
_FONT = 13
_LETTER = 7.2
"""Width of a mean letter at that size, a little more than it is."""
_GAP = 6.0
_RIGHT, _WRONG = HUES[0], HUES[1]
SIGNS = {"substitution": "\N{NOT EQUAL TO}", "deletion": "\N{MINUS SIGN}", "insertion": "+"}
"""What stands before each kind of edit, which no colour has to be seen for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of the recording: its ends, its envelope (empty where the audio is gone) and its words."""

    start_s: float
    end_s: float
    envelope: Sequence[tuple[float, float]]
    words: Sequence[HeardWord]


@dataclass(frozen=True, slots=True)
class _Label:
    """A text in a row: where its middle is, on which line, and of what it is the label."""

    at: float
    line: int
    text: str
    word: HeardWord


def row_ends(start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Return the rows of a stretch: equally long, none longer than :data:`ROW_S`."""
    count = max(1, -int(-(end_s - start_s) // ROW_S))
    step = (end_s - start_s) / count
    return [(start_s + number * step, start_s + (number + 1) * step) for number in range(count)]


def waveform_chart(rows: Sequence[Row], heading: str, subtitle: str) -> Chart:
    """Draw each row: the waveform, a box a word, its text above, and below it what is wrong with it.

    Raises ValueError where there is neither sound nor a word.
    """
    if not any(row.words or row.envelope for row in rows):
        raise ValueError("there is neither audio nor a word")
    return styled({"vconcat": [_row(row) for row in rows], "spacing": 6}, heading, subtitle)


def _row(row: Row) -> Chart:
    above = _placed(row, [(word.text, word) for word in row.words if word.end_s > word.start_s])
    below = _placed(row, [(_edit_text(word), word) for word in row.words if word.edit != "none"])
    depth = _LINE * _lines(below)
    bottom, top = depth, depth + _WAVE
    height = top + _LINE * _lines(above)
    x = {"type": "quantitative", "scale": linear(row.start_s, row.end_s), "title": None}
    x["axis"] = {"grid": False, "tickCount": 8, "format": "~g", "labelExpr": "datum.label + ' s'"}
    y = {"type": "quantitative", "scale": linear(0, height), "axis": None}
    layers = [
        *_boxes(row, bottom, top, (x, y)),
        *_waveform(row, bottom, (x, y)),
        *_labels(above, top, (x, y), upwards=True),
        *_labels(below, bottom, (x, y), upwards=False),
    ]
    return {"width": WIDE, "height": height, "layer": layers}


def _edit_text(word: HeardWord) -> str:
    text = word.other if word.edit == "substitution" else word.text if word.end_s == word.start_s else ""
    return f"{SIGNS[word.edit]} {text}".strip()


def _placed(row: Row, texts: Sequence[tuple[str, HeardWord]]) -> list[_Label]:
    """Give each label the first line on which it touches no other, and keep it inside the row."""
    ends: list[float] = []
    labels = []
    for text, word in texts:
        half = len(text) * _LETTER / 2
        middle = ((word.start_s + word.end_s) / 2 - row.start_s) / (row.end_s - row.start_s) * WIDE
        middle = min(max(middle, half), WIDE - half)
        line = next((line for line, end in enumerate(ends) if end + _GAP <= middle - half), len(ends))
        ends[line : line + 1] = [middle + half]
        labels.append(_Label(middle, line, text, word))
    return labels


def _lines(labels: Sequence[_Label]) -> int:
    return max((label.line + 1 for label in labels), default=0)


def _boxes(row: Row, bottom: float, top: float, axes: tuple[Chart, Chart]) -> list[Chart]:
    """Return a box a word; a wrong one has another hue and a thick line below it, a missing one a dashed line."""
    spans = [
        {
            "start": _short(max(word.start_s, row.start_s)),
            "end": _short(min(word.end_s, row.end_s)),
            "wrong": word.edit != "none",
            "bottom": bottom,
            "top": top,
        }
        for word in row.words
    ]
    x, y = axes
    sides = {"x": {**x, "field": "start"}, "x2": {"field": "end"}}
    heights = {"y": {**y, "field": "bottom"}, "y2": {"field": "top"}}
    box = {"type": "rect", "color": _RIGHT, "fillOpacity": 0.13, "stroke": _RIGHT, "strokeOpacity": 0.6}
    gap = {"type": "rule", "color": _WRONG, "strokeWidth": 2.5, "strokeDash": [4, 3]}
    under = {"type": "rule", "color": _WRONG, "strokeWidth": 4}
    layers: list[tuple[list[dict[str, Any]], Mapping[str, Any], Mapping[str, Any]]] = [
        ([span for span in spans if span["start"] < span["end"] and not span["wrong"]], box, {**sides, **heights}),
        (
            [span for span in spans if span["start"] < span["end"] and span["wrong"]],
            {**box, "color": _WRONG, "stroke": _WRONG, "fillOpacity": 0.22},
            {**sides, **heights},
        ),
        (
            [span for span in spans if span["start"] < span["end"] and span["wrong"]],
            under,
            {**sides, "y": heights["y"]},
        ),
        ([span for span in spans if span["start"] >= span["end"]], gap, {"x": sides["x"], **heights}),
    ]
    return [{"data": data(rows), "mark": mark, "encoding": encoding} for rows, mark, encoding in layers if rows]


def _waveform(row: Row, bottom: float, axes: tuple[Chart, Chart]) -> list[Chart]:
    if not row.envelope:  # a line where there would be silence: a row without anything could not be drawn
        x, y = axes
        rows = [{"at": _short(row.start_s), "end": _short(row.end_s), "low": bottom + _WAVE / 2}]
        encoding = {"x": {**x, "field": "at"}, "x2": {"field": "end"}, "y": {**y, "field": "low"}}
        return [{"data": data(rows), "mark": {"type": "rule", "color": INK, "opacity": 0.5}, "encoding": encoding}]
    step = (row.end_s - row.start_s) / len(row.envelope)
    middle, half = bottom + _WAVE / 2, _WAVE / 2 - 2
    points = [
        {
            "at": _short(row.start_s + (number + 0.5) * step),
            "low": round(middle + half * low - 0.4, 1),
            "high": round(middle + half * high + 0.4, 1),
        }
        for number, (low, high) in enumerate(row.envelope)
    ]
    x, y = axes
    encoding = {"x": {**x, "field": "at"}, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    return [{"data": data(points), "mark": {"type": "area", "color": INK, "opacity": 1}, "encoding": encoding}]


def _labels(labels: Sequence[_Label], edge: float, axes: tuple[Chart, Chart], *, upwards: bool) -> list[Chart]:
    """Return the texts on their lines, away from the waveform; what stands further off has a thin line to its word."""
    if not labels:
        return []
    sign = 1 if upwards else -1
    rows = [
        {
            "px": round(label.at, 1),
            "text": label.text,
            "y": edge + sign * (label.line + 0.5) * _LINE,
            "weight": "bold" if label.word.edit != "none" else "normal",
            "edge": edge,
            "foot": edge + sign * (label.line * _LINE + 2),
            "at": _short((label.word.start_s + label.word.end_s) / 2),
        }
        for label in labels
    ]
    x, y = axes
    return [
        {
            "data": data([row for row in rows if row["foot"] != edge + sign * 2]),
            "mark": {"type": "rule", "color": INK, "opacity": 0.5},
            "encoding": {"x": {**x, "field": "at"}, "y": {**y, "field": "edge"}, "y2": {"field": "foot"}},
        },
        *(
            {
                "data": data([row for row in rows if row["weight"] == weight]),
                "mark": {"type": "text", "color": INK, "fontSize": _FONT, "fontWeight": weight, "baseline": "middle"},
                "encoding": {
                    "x": {"field": "px", "type": "quantitative", "scale": None, "axis": None},
                    "y": {**y, "field": "y"},
                    "text": {"field": "text", "type": "nominal"},
                },
            }
            for weight in ("normal", "bold")
            if any(row["weight"] == weight for row in rows)
        ),
    ]


def _short(value: float) -> float:
    """Round to what a pixel could show."""
    return round(value, 3)
