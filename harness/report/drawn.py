"""A chart as a page shows it: the picture with its text, or why there is none."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.report import pictures


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart: as SVG, as PNG where that was asked for; or ``missing`` says why there is none.

    A ``wide`` one has a row of the page for itself; ``caption`` stands below it.
    """

    name: str
    title: str
    svg: str | None = None
    png: bytes | None = None
    missing: str | None = None
    wide: bool = False
    caption: str = ""

    @property
    def inline(self) -> str:
        """The picture as it stands in a page; empty where there is none."""
        return pictures.inline(self.svg) if self.svg else ""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A chart before it is drawn: its name among the files, its title, and what it shows in words."""

    name: str
    title: str
    text: str
    chart: Callable[[], Mapping[str, Any]]
    wide: bool = False
    caption: str = ""


def draw(sketch: Sketch, formats: Collection[str] = ()) -> Drawn:
    """Draw one chart. Whatever goes wrong costs this chart and no report."""
    name, title = sketch.name, sketch.title
    try:
        chart = sketch.chart()
        png = pictures.png(chart) if "png" in formats else None
        return Drawn(name, title, pictures.svg(chart, sketch.text), png, wide=sketch.wide, caption=sketch.caption)
    except ValueError as error:
        return Drawn(name, title, missing=f"not drawn: {_briefly(error)}")
    except Exception as error:  # a drawing library that fails, or that this platform lacks
        return Drawn(name, title, missing=f"could not be drawn: {type(error).__name__}: {_briefly(error)}")


def _briefly(error: Exception) -> str:
    """Return what an error says, without the stack that a drawing library writes below it."""
    lines = str(error).splitlines()
    return " ".join(line.strip() for line in lines if not line.lstrip().startswith("at "))
