"""The cells of a sweep as marks of a chart: plain values, labels, and which axis they stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any, Literal

from harness.analysis.sweep import Cell, Sweep
from harness.metrics import Better
from harness.report.figures import MISSING, figure
from harness.sweeping.baseline import plain

State = Literal["steady", "cold", "unfinished", "none"]
"""What stands behind a mark: steady figures, the cold trial alone, a job that did not do everything, or nothing."""

LOG_FROM = 30.0
"""An axis whose highest value is so many times its lowest is logarithmic."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell in a chart of one metric: the values of the swept keys, the figure and its interval."""

    job: str
    keys: tuple[str, ...]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    state: State = "steady"


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric over all cells. ``keys`` names the swept keys in the order of each mark's values."""

    metric: str
    unit: str
    better: Better
    form: str
    keys: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def drawn(self) -> list[Mark]:
        """The marks that have a figure."""
        return [mark for mark in self.marks if mark.value is not None]

    @property
    def best(self) -> Mark | None:
        """The best mark of a job that did everything; the steady ones where there are any."""
        for state in ("steady", "cold"):
            found = [mark for mark in self.drawn if mark.state == state]
            if found and self.better != "neither":
                sign = -1.0 if self.better == "higher" else 1.0
                return min(found, key=lambda mark: sign * (mark.value or 0.0))
        return None

    @property
    def said(self) -> str:
        """Unit and direction, as a subtitle."""
        unit = "%" if self.form.endswith("%") else self.unit
        return unit if self.better == "neither" else f"{unit}, {self.better} is better"

    def text(self, value: float | None) -> str:
        """Write a figure of this metric, with its unit."""
        unit = "" if self.form.endswith("%") else f" {self.unit}"
        return f"{figure(value, self.form)}{unit}"

    def axis(self) -> dict[str, Any]:
        """Return how an axis of this metric writes its numbers."""
        return {"format": ".2~%"} if self.form.endswith("%") else {}


def panels_of(sweep: Sweep) -> dict[str, Panel]:
    """Return every main metric over the cells of a sweep, by its name."""
    keys = [keys_of(cell, sweep.swept) for cell in sweep.cells]
    found = {}
    for name in sweep.main_metrics:
        entry = next(cell.metrics[name] for cell in sweep.cells if name in cell.metrics)
        marks = tuple(_mark(cell, name, values) for cell, values in zip(sweep.cells, keys, strict=True))
        found[name] = Panel(name, entry.unit, entry.better, entry.format, tuple(sweep.swept), marks)
    return found


def keys_of(cell: Cell, swept: Sequence[str]) -> tuple[str, ...]:
    """Return a cell's values of the swept keys; a dash where it was not given one."""
    return tuple(plain(cell.overrides[key]) if key in cell.overrides else MISSING for key in swept)


def label_of(keys: Sequence[str], values: Sequence[str]) -> str:
    """Write a cell by its keys, as ``--baseline`` takes them."""
    return ", ".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))


def numbers(values: Sequence[str]) -> list[float] | None:
    """Return texts as numbers; None where one of them is none."""
    try:
        found = [float(value) for value in values]
    except ValueError:
        return None
    return found if all(map(isfinite, found)) else None


def in_order(values: Sequence[str]) -> list[str]:
    """Return the different values, numbers by their size, texts as they came."""
    different = list(dict.fromkeys(values))
    return different if numbers(different) is None else sorted(different, key=float)


def is_log(values: Sequence[float]) -> bool:
    """Tell whether values need a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > LOG_FROM


def extent(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis: from 0, but where values lie close together around them, with room on both sides.

    A tenth of the highest value is the least that an axis shows, so that what hardly differs looks so.
    """
    low, high = min(values), max(values)
    if is_log(values):
        room = 10 ** (0.06 * log10(high / low))
        return low / room, high * room
    if low >= 0 and high - low > 0.35 * high:
        return 0.0, 1.08 * high
    missing = max(0.0, 0.1 * max(abs(low), abs(high)) - (high - low)) / 2
    low, high = low - missing, high + missing
    room = 0.12 * (high - low) or 0.5
    return (0.0 if low >= 0 > low - room else low - room), high + room


def axis_said(values: Sequence[float]) -> str:
    """Say what an axis hides from one who only looks at lengths: that it does not begin at 0, or is logarithmic."""
    if is_log(values):
        return "; logarithmic axis"
    return "; axis not from 0" if extent(values)[0] > 0 else ""


def share_of(values: Sequence[float]) -> Callable[[float], float]:
    """Return what tells how far along the axis of these values a value stands, from 0 to 1."""
    low, high = extent(values)
    if is_log(values):
        bottom, top = log10(low), log10(high)
        return lambda value: (log10(value) - bottom) / (top - bottom)
    return lambda value: (value - low) / (high - low)


def scale_of(values: Sequence[float]) -> dict[str, Any]:
    """Return the scale of an axis that shows these values."""
    low, high = extent(values)
    return {"domain": [low, high], "nice": False, "zero": False, **({"type": "log"} if is_log(values) else {})}


def ticks_of(values: Sequence[float], most: int) -> dict[str, Any]:
    """Return the ticks of an axis that shows these values; on a logarithmic one powers of ten, and none between."""
    if not is_log(values):
        return {"tickCount": most}
    low, high = extent(values)
    powers = range(ceil(log10(low)), floor(log10(high)) + 1)
    every = max(1, ceil(len(powers) / most))
    return {"values": [10.0**power for power in powers[::every]]}


def bounds(marks: Sequence[Mark]) -> list[float]:
    """Return every value that a chart of marks has to show: figures and the ends of their intervals."""
    found = (value for mark in marks for value in (mark.value, mark.low, mark.high))
    return [value for value in found if value is not None]


def _mark(cell: Cell, name: str, keys: tuple[str, ...]) -> Mark:
    entry = cell.metrics.get(name)
    if entry is None or (entry.value is None and entry.cold is None):
        return Mark(cell.job, keys, state="none" if not cell.ok else "steady")
    if entry.value is None:
        return Mark(cell.job, keys, entry.cold, state="cold" if cell.ok else "unfinished")
    low, high = entry.interval or (None, None)
    return Mark(cell.job, keys, entry.value, low, high, "steady" if cell.ok else "unfinished")
