"""From a chart to a picture: SVG and PNG through vl-convert, which brings its fonts and needs no network."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from harness.report.chart_style import INK

_PRINT_INK = "#333333"
_SCALE = 2.0


def svg(chart: Mapping[str, Any], alt_text: str = "") -> str:
    """Return a picture that takes the text colour of where it stands, with an alternative text.

    By itself, in a viewer, it has a grey that shows on white and on black. It refers to nothing outside.
    """
    import vl_convert  # half a second of V8, which only the end of a run needs

    drawn = vl_convert.vegalite_to_svg(dict(chart), allowed_base_urls=[])
    drawn = drawn.replace(INK, "currentColor")
    said = escape(alt_text, quote=True)
    root = re.match(r"<svg[^>]*>", drawn)
    if root is None:
        raise ValueError("vl-convert returned no SVG")
    opening = f'{root[0][:-1]} color="{INK}" role="img" aria-label="{said}"><title>{said}</title>'
    return opening + drawn[root.end() :]


def inline(picture: str) -> str:
    """Return an SVG as it stands inside an HTML page, where namespaces are known and the page gives the colour."""
    opening, _, rest = picture.partition(">")
    return re.sub(r' (?:xmlns(?::\w+)?|color)="[^"]*"', "", opening) + ">" + rest


def png(chart: Mapping[str, Any]) -> bytes:
    """Return a picture on white, at twice the size of the SVG."""
    import vl_convert

    specification = _inked(dict(chart), _PRINT_INK)
    specification["background"] = "white"
    return vl_convert.vegalite_to_png(specification, scale=_SCALE, allowed_base_urls=[])


def _inked(node: Any, ink: str) -> Any:
    if isinstance(node, dict):
        return {key: _inked(value, ink) for key, value in node.items()}
    if isinstance(node, list):
        return [_inked(value, ink) for value in node]
    return ink if node == INK else node
