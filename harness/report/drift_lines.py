"""What is said of figures that drift: a line each in a run's report, a note each in a sweep's."""

from collections.abc import Iterator

from harness.analysis.drift import Drift
from harness.analysis.summary import Summary
from harness.analysis.sweep import Sweep

_MINUTE_S, _HOUR_S = 60.0, 3600.0


def drift_lines(summary: Summary) -> list[str]:
    """Return one line for each metric that drifts within a run."""
    return [f"Drift ({one.metric}): {_sentence(one)}" for one in summary.drift]


def drift_notes(sweep: Sweep) -> Iterator[str]:
    """Yield one note for each metric in which all cells of a sweep drift together, and for each in which a job does."""
    for one in sweep.drift:
        where = f" {one.machine}" if one.machine else ""
        yield f"the machine{where} drifts: {one.metric} {_change(one)} over the blocks of all cells"
    for cell in sweep.cells:
        for one in cell.drift:
            yield f"job {cell.job}: {one.metric} drifts {_sentence(one)}"


def _sentence(drift: Drift) -> str:
    if drift.against == "temperature":
        return f"with temperature, {_change(drift)} from {drift.first:.0f} to {drift.last:.0f} °C{_leg(drift)}"
    return f"with time, {_change(drift)} over {_duration(drift.last - drift.first)}{_leg(drift)}"


def _leg(drift: Drift) -> str:
    return "" if drift.leg is None else f", in leg {drift.leg}"


def _change(drift: Drift) -> str:
    low, high = drift.interval
    return f"{drift.change_percent:+.1f} % (95 % interval {low:+.1f} .. {high:+.1f} %, n = {drift.n})"


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE_S:.0f} min" if seconds < 2 * _HOUR_S else f"{seconds / _HOUR_S:.1f} h"
