"""Probes that the tests of the experiment share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, sample
from harness.process import Process
from harness.records import Trial


class Counters(Probe):
    """Reads what the kernel says, at every point."""

    name = "counters"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Read everything."""
        return asdict(process.counters())


class Steady(Probe):
    """Reports 1 for each visit and 2 for the chain: the probe that others must not disturb."""

    name = "steady"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(name="one", unit="1"),
        Metric(name="two", unit="1", scope="memory"),
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a value to each metric."""
        yield from (sample(visit.stage, "one", 1.0) for visit in trial.visits)
        yield sample("memory", "two", 2.0)
