"""What a sweep shows of each of its main metrics: which cell is best, by how much, and whether that may be noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.statistics import Interval
from harness.analysis.sweep import Cell, Sweep


class Against(StrEnum):
    """How the best cell stands beside the baseline."""

    BETTER = "better"
    """Their intervals do not meet."""
    NOT_SHOWN = "no difference shown"
    """Their intervals meet."""
    BASELINE = "the baseline is best"
    UNTOLD = "not told from noise"
    """One of them has no interval: too few trials."""
    NO_BASELINE = "no baseline"
    """The baseline failed, or has no figure."""
    SAME = "the same everywhere"


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
    their jobs, that cannot be told from the best one: their intervals meet, or one of the two has none. ``cells``
    counts the cells that have a figure, ``worst`` is the last of them.
    """

    metric: str
    best: Figure
    worst: Figure
    against: Against
    baseline: Figure | None = None
    ratio: float | None = None
    level: tuple[str, ...] = ()
    cells: int = 0


def findings(sweep: Sweep, baseline: Cell | None = None) -> list[Finding]:
    """Return a finding for each main metric that has a direction and a figure in at least two cells that are ok.

    ``baseline`` is the first cell where none is given. Steady figures are compared; where no cell has any, cold ones.
    """
    chosen = baseline or sweep.cells[0]
    found = (_finding(name, sweep.cells, chosen.job) for name in sweep.main_metrics)
    return [finding for finding in found if finding is not None]


def meet(one: Interval, other: Interval) -> bool:
    """Tell whether two intervals have a value in common."""
    return one[0] <= other[1] and other[0] <= one[1]


def _finding(name: str, cells: Sequence[Cell], baseline_job: str) -> Finding | None:
    entries = {cell.job: cell.metrics[name] for cell in cells if cell.ok and name in cell.metrics}
    figures = _figures(entries)
    if len(figures) < 2:
        return None
    higher = next(iter(entries.values())).better == "higher"
    if next(iter(entries.values())).better == "neither":
        return None
    ordered = sorted(figures, key=lambda figure: -figure.value if higher else figure.value)  # stable: ties by job
    best, worst = ordered[0], ordered[-1]
    base = next((figure for figure in figures if figure.job == baseline_job), None)
    level = tuple(figure.job for figure in figures if figure.job != best.job and not _apart(figure, best))
    return Finding(
        metric=name,
        best=best,
        worst=worst,
        against=Against.SAME if best.value == worst.value else _against(best, base),
        baseline=base,
        ratio=_ratio(best, base),
        level=level,
        cells=len(figures),
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


def _apart(one: Figure, other: Figure) -> bool:
    return one.interval is not None and other.interval is not None and not meet(one.interval, other.interval)


def _against(best: Figure, base: Figure | None) -> Against:
    if base is None:
        return Against.NO_BASELINE
    if base.value == best.value:
        return Against.BASELINE
    if best.interval is None or base.interval is None:
        return Against.UNTOLD
    return Against.NOT_SHOWN if meet(best.interval, base.interval) else Against.BETTER


def _ratio(best: Figure, base: Figure | None) -> float | None:
    return best.value / base.value if base is not None and base.value > 0 and best.value > 0 else None
