"""Runs of one probe, and trials of one process with its measurements."""

from typing import Any

from harness.analysis.summary import GROWTH
from harness.metrics import Kind, Measurement, Metric, absent, sample
from harness.records import Phase, ProbeRecord, Run, Trial, Visit
from tests import stored

SPEED = Metric(name="speed_ms", unit="ms", main=True, description="a sample")
TREND = Metric(name=GROWTH, unit="MiB/iteration", scope="memory", kind=Kind.TREND, description="a trend")


def run(*metrics: Metric, **changes: Any) -> Run:
    """Return a run with one probe."""
    probe = ProbeRecord(name="made", origin="here", options={}, metrics=metrics)
    return stored.run(probes=(probe,), **changes)


def trial(index: int, *measurements: Measurement, worker: int = 0, **changes: Any) -> Trial:
    """Return a trial of one process with these measurements."""
    visit = Visit("asr", "asr", phases=(Phase("run", 0, 1, 0, worker, 1),))
    return stored.trial(index, visits=(visit,), measurements=measurements, **changes)


def speeds(*values: float | None) -> list[Trial]:
    """Return a trial for each value, the first of them cold; None is a trial without one."""
    return [
        trial(
            index, absent("asr", "speed_ms", f"none in {index}") if value is None else sample("asr", "speed_ms", value)
        )
        for index, value in enumerate(values)
    ]
