"""What a benchmark gives: tables to print, goals with what was reached, raw values to store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tabulate

from harness.analysis.statistics import Interval

SCHEMA = 1
"""Version of the shape of the stored file. 1: the first."""

GOAL_COLUMN = "goal"


class Unmeasurable(Exception):
    """A benchmark could not be carried out; the message says why. Figures that miss a goal are no such thing."""


@dataclass(frozen=True, slots=True)
class Goal:
    """An upper limit for a figure."""

    limit: float
    unit: str

    def __str__(self) -> str:
        return f"<= {self.limit:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its goal. ``interval`` is the figure's 95 % bootstrap interval, where there is one."""

    figure: str
    goal: Goal
    value: float
    interval: Interval | None = None

    @property
    def met(self) -> bool:
        """Whether the figure itself reaches the goal."""
        return self.value <= self.goal.limit

    @property
    def sure(self) -> bool:
        """Whether the whole interval lies on the same side of the goal; True where there is no interval."""
        return self.interval is None or not self.interval[0] <= self.goal.limit < self.interval[1]

    def __str__(self) -> str:
        word = "met" if self.met else "missed"
        return f"{self.goal}: {word}{'' if self.sure else ', within noise'}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers, every cell a text; the first column is aligned left, as is the one with the goals."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """Return the table as it is printed."""
        sides = ["left" if header == GOAL_COLUMN else "right" for header in self.headers]
        body = tabulate.tabulate(
            self.rows, self.headers, colalign=["left", *sides[1:]], disable_numparse=True, tablefmt="simple"
        )
        return "\n".join([self.title, "=" * len(self.title), body, *(f"- {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark that was carried out. ``raw`` holds every single value, the unit in its name."""

    name: str
    tables: tuple[Table, ...]
    verdicts: tuple[Verdict, ...]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """The file that a call of ``python -m benchmarks`` leaves.

    ``busy`` holds the line of ``/proc/loadavg`` before each benchmark and after the last. ``failures`` are the
    benchmarks that could not be carried out, each with the reason.
    """

    started_at: str
    small: bool
    machine: Any
    busy: Mapping[str, str] = field(default_factory=dict)
    results: Sequence[Result] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA


def interval_text(interval: Interval | None, digits: int = 2) -> str:
    """Return an interval as a table's cell; ``-`` where there were too few values for one."""
    return "-" if interval is None else f"{interval[0]:.{digits}f} .. {interval[1]:.{digits}f}"
