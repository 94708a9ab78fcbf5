"""What a cell's times may be compared with: the baseline, or what the sweep has of it on the cell's own machine.

In turn: the baseline itself, where cell and baseline were measured on one machine and on no other; the part of it that
was measured there, of a baseline in blocks on several machines; a cell with the same values of the swept keys there,
in a sweep that several machines ran whole; and the baseline on another machine of the same kind, which is said wherever
a ratio to it is shown. Where there is none of these, or the cell is of several machines, there is nothing to compare
with. In a sweep over one machine it is always the baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.analysis.cell import Cell
from harness.analysis.machines import Machine, of_one_kind
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.sweep import Sweep
from harness.sweeping.baseline import plain


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Figures to compare with, of which job, and whether they are of another machine of the same kind."""

    job: str
    metrics: Mapping[str, MetricSummary]
    other_machine: bool = False


def counterpart(sweep: Sweep, cell: Cell) -> Counterpart | None:
    """Return what a cell's times are compared with; itself, where it stands for the baseline on its machine."""
    base = sweep.baseline
    if base is None:
        return None
    if len(sweep.machines) < 2:
        return Counterpart(base.job, base.metrics)
    if len(cell.machines) != 1:
        return None
    machine = cell.machines[0]
    there = base.metrics_on(machine)
    if there:
        return Counterpart(base.job, there)
    twin = _twin(sweep, base, machine)
    if twin is not None:
        return Counterpart(twin.job, twin.metrics_on(machine))
    if len(base.machines) == 1 and of_one_kind(machine, base.machines[0]):
        return Counterpart(base.job, base.metrics, other_machine=True)
    return None


def _twin(sweep: Sweep, base: Cell, machine: Machine) -> Cell | None:
    """Return the first cell with the baseline's values that did everything and has figures of a machine."""
    wanted = _values(sweep, base)
    same = (cell for cell in sweep.cells if cell.ok and cell is not base and _values(sweep, cell) == wanted)
    return next((cell for cell in same if cell.metrics_on(machine)), None)


def _values(sweep: Sweep, cell: Cell) -> tuple[str | None, ...]:
    return tuple(plain(cell.overrides[key]) if key in cell.overrides else None for key in sweep.swept)
