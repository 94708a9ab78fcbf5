"""How the cells of a sweep stand to each other: the best of each metric, and the ratio to the baseline.

A ratio is of two figures. Its 95 % interval comes from theirs, which are in the summaries: on the logarithms, by the
recovery of variances (MOVER, Zou and Donner, 2008), ``d - sqrt((a - a_low)^2 + (b_high - b)^2)`` and the other end
likewise. It says what the trials scatter, and nothing of what changed on the machine between two cells. Times, and what
else is the machine's, are compared within one machine: :mod:`harness.analysis.counterpart`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, hypot, log

from harness.analysis.cell import Cell
from harness.analysis.counterpart import Counterpart, counterpart
from harness.analysis.machines import Machine
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.statistics import Interval
from harness.analysis.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure as a multiple of the baseline's; ``interval`` is None where one of the two has none.

    ``of`` is the job whose figure it is a multiple of; ``other_machine`` says that this ran on another machine of the
    same kind, so that the ratio is also one of the two machines.
    """

    value: float
    interval: Interval | None = None
    of: str = ""
    other_machine: bool = False

    @property
    def told_from_one(self) -> bool:
        """Whether the interval leaves out 1; without one nothing can be told."""
        return self.interval is not None and not self.interval[0] <= 1 <= self.interval[1]


def ratios(sweep: Sweep, names: Sequence[str]) -> Mapping[str, Mapping[str, Ratio]]:
    """Return the ratios of these metrics to the baseline's, by cell's job and metric.

    None are taken of a baseline that failed, of the baseline itself, and of figures that are not above 0; nor of times
    that the sweep has nothing to compare with.
    """
    base = sweep.baseline
    if base is None or not base.ok:
        return {}
    whole = Counterpart(base.job, base.metrics)
    found = {}
    for cell in sweep.cells:
        if cell is not base:
            own = counterpart(sweep, cell)
            pairs = ((name, _against(cell, name, own, whole)) for name in names)
            found[cell.job] = {name: made for name, made in pairs if made is not None}
    return found


def _against(cell: Cell, name: str, own: Counterpart | None, whole: Counterpart) -> Ratio | None:
    """Return the ratio of one figure: of a time to the cell's own counterpart, else to the whole baseline."""
    entry = cell.metrics.get(name)
    base = own if entry is not None and entry.of_machine else whole
    if base is None or base.job == cell.job:
        return None
    made = ratio(entry, base.metrics.get(name))
    return None if made is None else replace(made, of=base.job, other_machine=base.other_machine)


def ratio(entry: MetricSummary | None, base: MetricSummary | None) -> Ratio | None:
    """Return the ratio of two figures, None where one is missing or not above 0."""
    if entry is None or base is None or entry.value is None or base.value is None:
        return None
    if not (entry.value > 0 and base.value > 0):
        return None
    return Ratio(entry.value / base.value, _interval(entry, base))


def best(cells: Sequence[Cell], names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the job of the best cell of each metric that has one; of times, the best one on each machine.

    Only cells that are ok stand to be chosen, at least two of them; of two that print the same figure none is best.
    """
    found = {}
    several = len({machine for cell in cells for machine in cell.machines}) > 1
    for name in names:
        groups: dict[tuple[Machine, ...], list[tuple[str, MetricSummary]]] = {}
        for cell in cells:
            entry = cell.metrics.get(name)
            if not cell.ok or entry is None or entry.value is None:
                continue
            apart = several and entry.of_machine
            if not apart or len(cell.machines) == 1:
                groups.setdefault(cell.machines if apart else (), []).append((cell.job, entry))
        chosen = tuple(job for group in groups.values() if (job := _best(group)) is not None)
        if chosen:
            found[name] = chosen
    return found


def _interval(entry: MetricSummary, base: MetricSummary) -> Interval | None:
    if entry.interval is None or base.interval is None or entry.value is None or base.value is None:
        return None
    bounds = (*entry.interval, *base.interval)
    if not all(bound > 0 for bound in bounds):  # also what is no number
        return None
    ours, theirs = log(entry.value), log(base.value)
    low, high, base_low, base_high = map(log, bounds)
    middle = ours - theirs
    return (
        exp(middle - hypot(ours - low, base_high - theirs)),
        exp(middle + hypot(high - ours, theirs - base_low)),
    )


def _best(entries: Sequence[tuple[str, MetricSummary]]) -> str | None:
    if len(entries) < 2 or entries[0][1].better == "neither":
        return None
    sign = -1.0 if entries[0][1].better == "higher" else 1.0
    (_, job, shown), (_, _, next_shown), *_ = sorted(
        (sign * (entry.value or 0.0), job, _shown(entry)) for job, entry in entries
    )
    return None if shown == next_shown else job


def _shown(entry: MetricSummary) -> str:
    """Return a figure as it is printed; a zero has no sign."""
    text = format(entry.value, entry.format)
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")
