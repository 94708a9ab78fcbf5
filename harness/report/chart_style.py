"""What all charts share: one ink, the hues, the parts of a specification that each of them needs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

INK = "#767676"
"""Of text, axes and lines: read on white and on black, and replaced by the page's own colour where there is one."""
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")

_TEXT = {"labelColor": INK, "titleColor": INK, "labelFontSize": 13, "titleFontSize": 13}
_LINES = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.25}
_CONFIG = {
    "background": "transparent",
    "font": "sans-serif",
    "aria": False,  # the picture has one text as a whole; a word for each of a thousand marks helps nobody
    "padding": 4,
    "view": {"strokeOpacity": 0},
    "axis": {**_TEXT, **_LINES, "titleFontWeight": "normal", "labelOverlap": True},
    "legend": {**_TEXT, "orient": "bottom", "direction": "horizontal", "labelLimit": 600, "symbolType": "square"},
    "title": {
        "color": INK,
        "subtitleColor": INK,
        "anchor": "start",
        "fontSize": 16,
        "subtitleFontSize": 13,
        "offset": 10,
    },
}


def styled(chart: Mapping[str, Any], heading: str, subtitle: str | Sequence[str]) -> dict[str, Any]:
    """Give a chart its title and the look that all of ours have: no background, texts that a phone shows.

    A subtitle may have several lines.
    """
    subtitle = subtitle if isinstance(subtitle, str) else list(subtitle)
    return {**chart, "title": {"text": heading, "subtitle": subtitle}, "config": _CONFIG}


def data(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows as inline data."""
    return {"values": list(rows)}


def linear(low: float, high: float) -> dict[str, Any]:
    """Return a scale with exactly these ends."""
    return {"domain": [low, high], "nice": False, "zero": False}


def ordered(names: Iterable[str], values: Sequence[object]) -> dict[str, Any]:
    """Return a scale that gives each name its value."""
    return {"domain": list(names), "range": list(values)}


def field(name: str, scale: Mapping[str, Any]) -> dict[str, Any]:
    """Return a channel of numbers on a scale."""
    return {"field": name, "type": "quantitative", "scale": dict(scale)}


def legend(name: str, scale: Mapping[str, Any]) -> dict[str, Any]:
    """Return an opacity that is explained below the chart, in ink, because it means the same in every hue."""
    symbols = {"symbolFillColor": INK}
    return {"field": name, "type": "nominal", "title": None, "scale": dict(scale), "legend": symbols}


def title(text: str, size: int) -> dict[str, Any]:
    """Return the title of a panel."""
    return {"text": text, "fontSize": size, "fontWeight": "normal", "offset": 4}
