"""What a probe can report: the declaration of a metric, and the values one trial gives it.

A metric's *kind* says what a run makes of the values of its trials (see ``docs/measures.md``):

========= ===================================== ====================================================
kind      one trial gives                       a run gives
========= ===================================== ====================================================
sample    one number                            median, mean, quartiles, interval of the median
ratio     a numerator and a denominator         sum / sum, interval by bootstrap over trials
trend     one point of a series                 a robust slope per iteration, and a verdict
constancy a value that should not change        unchanged, or the first trial that differs
========= ===================================== ====================================================

A metric's *quantity* says what a figure is of, and so what a figure of another machine, or of one that other jobs were
using too, is worth beside it (see ``docs/machines.md``):

========= ======================================================= ====================== ==================
quantity  is                                                      across machines        on a shared machine
========= ======================================================= ====================== ==================
time      seconds, and what they are divided by or into           not compared           not valid
machine   what the whole machine did: page cache, disk, switches  not compared           not valid
memory    bytes of the measured process                           compared, with a word  valid
accuracy  outputs and what is wrong with them                     compared               valid
count     threads, open files, processes                          compared               valid
other     anything else                                           compared               valid
========= ======================================================= ====================== ==================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Literal


class Kind(StrEnum):
    """What a run makes of a metric's values."""

    SAMPLE = "sample"
    RATIO = "ratio"
    TREND = "trend"
    CONSTANCY = "constancy"


Better = Literal["lower", "higher", "neither"]
Quantity = Literal["", "time", "machine", "memory", "accuracy", "count", "other"]
"""What a figure is of; empty in a declaration that leaves it to the unit."""

OF_MACHINE: frozenset[Quantity] = frozenset({"time", "machine"})
"""Quantities that another machine changes, and another job on the same one."""
_BY_UNIT: Mapping[Quantity, frozenset[str]] = {
    "time": frozenset({"ns", "us", "ms", "s", "min", "h", "cores", "hz"}),
    "memory": frozenset({"b", "kib", "mib", "gib", "kb", "mb", "gb"}),
    "accuracy": frozenset({"edits", "text", "timed words"}),
    "count": frozenset({"faults", "switches", "blocks", "threads", "processes", "files"}),
}


def quantity_of(unit: str) -> Quantity:
    """Return the quantity that a unit suggests: of ``MiB/s`` time, for a time in any part of it makes it one."""
    parts = {part.strip().lower() for part in unit.split("/")}
    return next((quantity for quantity, units in _BY_UNIT.items() if parts & units), "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The declaration of one figure.

    ``name`` carries the unit (``ttft_ms``). ``scope`` says whether each stage has one, or the chain as a whole.
    ``format`` is a format specification for printing. ``main`` metrics stand in sweep tables. ``cold_apart`` says
    that the first trial differs in kind (it pays for cold caches), so that it is reported by itself; what does not
    depend on warmth, like a word error rate, counts every trial. ``quantity`` is what it is of; where the declaration
    does not say, as in every run that was stored before it could, it is what the unit suggests.
    ``description`` is one sentence: the definition, with its source where it is a published formula.
    """

    name: str
    unit: str
    scope: Literal["stage", "memory"] = "stage"
    kind: Kind = Kind.SAMPLE
    better: Better = "lower"
    format: str = ".2f"
    main: bool = False
    cold_apart: bool = True
    description: str = ""
    quantity: Quantity = ""

    def __post_init__(self) -> None:
        """Take the quantity from the unit where the declaration leaves it out."""
        if not self.quantity:
            object.__setattr__(self, "quantity", quantity_of(self.unit))


@dataclass(frozen=True, slots=True)
class Measurement:
    """The value that one trial gives to one metric.

    ``scope`` is a stage's key in the configuration (``asr``) or ``memory`` for the chain as a whole. Exactly
    one of these holds: ``value``; ``numerator`` with ``denominator``; ``text``; ``reason`` (why there is none).
    """

    scope: str
    metric: str
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    text: str | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """The name in a summary, for instance ``asr.ttft_ms``."""
        return f"{self.scope}.{self.metric}"

    def fits(self, kind: Kind) -> bool:
        """Tell whether this is a value, or a reason, that a metric of a kind can have; numbers have to be finite."""
        if self.reason is not None:
            return True
        if kind is Kind.CONSTANCY:
            return self.text is not None
        numbers = (self.numerator, self.denominator) if kind is Kind.RATIO else (self.value,)
        return all(number is not None and isfinite(number) for number in numbers) and self.denominator != 0


def sample(scope: str, metric: str, value: float) -> Measurement:
    """Return one number for a metric of kind sample or trend."""
    return Measurement(scope, metric, value=value)


def ratio(scope: str, metric: str, numerator: float, denominator: float) -> Measurement:
    """Return numerator and denominator for a metric of kind ratio; absent where the denominator is 0."""
    if denominator == 0:
        return absent(scope, metric, "the denominator is 0")
    return Measurement(scope, metric, numerator=numerator, denominator=denominator)


def constant(scope: str, metric: str, text: str) -> Measurement:
    """Return a text that should be the same in every trial."""
    return Measurement(scope, metric, text=text)


def absent(scope: str, metric: str, reason: str) -> Measurement:
    """Return no value, and why."""
    return Measurement(scope, metric, reason=reason)
