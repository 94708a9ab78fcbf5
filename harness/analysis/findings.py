"""What a sweep shows of each of its main metrics: which cell is best, by how much, and whether that may be noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.counterpart import counterpart
from harness.analysis.machines import Machine, labels
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import ratio
from harness.analysis.statistics import Interval
from harness.analysis.sweep import Sweep


class Against(StrEnum):
    """How the best cell stands beside the baseline."""

    BETTER = "better"
    """The 95 % interval of their ratio leaves out 1."""
    NOT_SHOWN = "no difference shown"
    """It holds 1."""
    BASELINE = "the baseline is best"
    UNTOLD = "not told from noise"
    """One of them has no interval, for there are too few trials."""
    NO_BASELINE = "no baseline"
    """The baseline did not do everything, or has no figure."""
    SAME = "the same everywhere"
    """All cells print the same figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one cell says of one metric. ``cold`` says that it is the first trial's value, for there is no other."""

    job: str
    value: float
    interval: Interval | None = None
    cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a sweep shows of one metric, over the cells that did everything.

    ``ratio`` is best / baseline, None where either is not above zero. ``level`` are the other cells, in the order of
    their jobs, that cannot be told from the best one: their ratio's interval holds 1, or there is none. ``cells``
    counts the cells that have a figure, ``worst`` is the last of them. ``machine`` is the one whose cells these are, of
    a metric that is not compared across the sweep's machines; ``name`` is what tells it from the others.
    """

    metric: str
    best: Figure
    worst: Figure
    against: Against
    baseline: Figure | None = None
    ratio: float | None = None
    level: tuple[str, ...] = ()
    cells: int = 0
    machine: str = ""

    @property
    def name(self) -> str:
        """The metric, with the machine where it is told for each."""
        return on_machine(self.metric, self.machine)


def on_machine(metric: str, machine: str) -> str:
    """Name a metric on one machine; by itself where there is no other."""
    return f"{metric} on {machine}" if machine else metric


def findings(sweep: Sweep) -> list[Finding]:
    """Return a finding for each main metric that has a direction and a figure in at least two cells that are ok.

    Steady figures are compared; where no cell has any, cold ones. In a sweep over several machines there is one for
    each machine, of times and of what else is the machine's.
    """
    base = sweep.baseline.job if sweep.baseline else None
    found = []
    names = labels(sweep.machines)
    for name in sweep.main_metrics:
        whole = {cell.job: cell.metrics[name] for cell in sweep.cells if cell.ok and name in cell.metrics}
        if len(names) < 2 or not any(entry.of_machine for entry in whole.values()):
            found.append(_finding(name, whole, base))
            continue
        for machine, label in names.items():
            found.append(_finding(name, _there(sweep, name, machine), _base_there(sweep, machine), label))
    return [finding for finding in found if finding is not None]


def _there(sweep: Sweep, name: str, machine: Machine) -> dict[str, MetricSummary]:
    """Return what the cells that are ok measured of a metric on one machine."""
    parts = ((cell, cell.metrics_on(machine)) for cell in sweep.cells if cell.ok)
    return {cell.job: part[name] for cell, part in parts if name in part}


def _base_there(sweep: Sweep, machine: Machine) -> str | None:
    """Return the job that stands for the baseline on a machine."""
    cells = (cell for cell in sweep.cells if cell.machines == (machine,))
    found = next((counterpart(sweep, cell) for cell in cells), None)
    if found is not None:
        return None if found.other_machine else found.job
    base = sweep.baseline
    return base.job if base is not None and base.metrics_on(machine) else None


def _finding(
    name: str, entries: Mapping[str, MetricSummary], baseline_job: str | None, machine: str = ""
) -> Finding | None:
    figures = _figures(entries)
    if len(figures) < 2:
        return None
    declared = next(iter(entries.values()))
    if declared.better == "neither":
        return None
    sign = -1.0 if declared.better == "higher" else 1.0
    ordered = sorted(figures, key=lambda figure: sign * figure.value)  # stable: of equal ones the first job's
    best, worst = ordered[0], ordered[-1]
    base = next((figure for figure in figures if figure.job == baseline_job), None)
    same = format(best.value, declared.format) == format(worst.value, declared.format)
    told = {figure.job: _is_told(entries[figure.job], entries[best.job]) for figure in figures}
    return Finding(
        metric=name,
        best=best,
        worst=worst,
        against=Against.SAME if same else _against(best, base, told),
        baseline=base,
        ratio=_ratio(best, base),
        level=tuple(figure.job for figure in figures if figure.job != best.job and not told[figure.job]),
        cells=len(figures),
        machine=machine,
    )


def _figures(entries: Mapping[str, MetricSummary]) -> list[Figure]:
    steady = [
        Figure(job=job, value=entry.value, interval=entry.interval)
        for job, entry in entries.items()
        if entry.value is not None and entry.value == entry.value
    ]
    if steady:
        return steady
    return [Figure(job=job, value=entry.cold, cold=True) for job, entry in entries.items() if entry.cold is not None]


def _is_told(one: MetricSummary, best: MetricSummary) -> bool:
    """Tell two figures apart: by their ratio's interval, or by their own where there is no ratio."""
    found = ratio(one, best)
    if found is not None:
        return found.told_from_one
    if one.interval is None or best.interval is None:
        return False
    return one.interval[0] > best.interval[1] or best.interval[0] > one.interval[1]


def _against(best: Figure, base: Figure | None, told: Mapping[str, bool]) -> Against:
    if base is None:
        return Against.NO_BASELINE
    if base.value == best.value:
        return Against.BASELINE
    if best.interval is None or base.interval is None:
        return Against.UNTOLD
    return Against.BETTER if told[base.job] else Against.NOT_SHOWN


def _ratio(best: Figure, base: Figure | None) -> float | None:
    return best.value / base.value if base is not None and base.value > 0 and best.value > 0 else None
