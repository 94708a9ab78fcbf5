from typing import Any

from harness.report.drawn import Drawn, Sketch, draw

CHART = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}}


def test_draw() -> None:
    """The picture says what the sketch says in words; a PNG stands beside it where that is asked for."""
    sketch = Sketch("a", "A", "one point", lambda: CHART, wide=True, caption="below")
    drawn = draw(sketch, ["png"])
    assert (drawn.name, drawn.title, drawn.wide, drawn.caption, drawn.missing) == ("a", "A", True, "below", None)
    assert 'role="img" aria-label="one point"' in drawn.inline
    assert (drawn.png or b"").startswith(b"\x89PNG")
    assert draw(sketch).png is None


def test_nothing_to_draw() -> None:
    """A chart that has nothing to show says so in its place."""

    def nothing() -> dict[str, Any]:
        raise ValueError("no trial")

    assert draw(Sketch("a", "A", "", nothing)) == Drawn("a", "A", missing="not drawn: no trial")


def test_a_drawing_that_fails() -> None:
    """Whatever goes wrong costs this chart alone."""

    def broken() -> dict[str, Any]:
        raise RuntimeError("no V8 here")

    assert draw(Sketch("a", "A", "", broken)).missing == "could not be drawn: RuntimeError: no V8 here"
