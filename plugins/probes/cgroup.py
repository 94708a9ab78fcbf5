"""The worker's memory cgroup: its peak, its limit, and how long its tasks waited for memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, sample
from harness.process import Process
from harness.records import Observation, Trial

_MIB = 2**20
_POINTS = ("before_load", "before_run", "ran", "unloaded", "rested")
_SIZES = {"cgroup_peak_mib": "peak_bytes", "cgroup_limit_mib": "limit_bytes"}
_PRESSURES = {"pressure_ms": "pressure_some_us", "system_pressure_ms": "system_pressure_some_us"}


class Cgroup(Probe):
    """Peak, limit and pressure of the worker's memory cgroup (version 2 or 1), whatever else is in it."""

    name = "cgroup"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="cgroup_peak_mib",
            unit="MiB",
            quantity="machine",
            scope="memory",
            description="largest use of the worker's cgroup since that was made; page cache and others in it count",
        ),
        Metric(
            name="cgroup_limit_mib",
            unit="MiB",
            quantity="machine",
            scope="memory",
            better="neither",
            description="smallest memory limit of the worker's cgroup and of those it lies in",
        ),
        Metric(
            name="pressure_ms",
            unit="ms",
            quantity="machine",
            scope="memory",
            description="time in the trial in which some task of the worker's cgroup waited for memory (PSI, total)",
        ),
        Metric(
            name="system_pressure_ms",
            unit="ms",
            quantity="machine",
            scope="memory",
            description="the same of the whole system, where the cgroup has no pressure of its own",
        ),
    )

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Read the group. ``limited`` is 0 where it has no limit, and then there is no ``limit_bytes``.

        The system's pressure is read where the group has none.
        """
        if point not in _POINTS:
            return {}
        group = process.cgroup()
        limited = None if group.version is None else float(group.limit_bytes is not None)
        names = ["peak_bytes", "current_bytes", "oom_kills", "pressure_some_us"]
        names += ["limit_bytes"] if limited else []
        names += ["system_pressure_some_us"] if group.pressure_some_us is None else []
        return {"limited": limited, **{name: getattr(group, name) for name in names}}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Take sizes of the last reading; subtract the first total of pressure from the last."""
        readings = sorted(
            (seen for visit in trial.visits for seen in visit.observations if seen.probe == self.name),
            key=lambda seen: seen.at_ns,
        )
        for name, counter in _SIZES.items():
            yield _size(name, counter, readings)
        for name, counter in _PRESSURES.items():
            yield _pressure(name, counter, readings)


def _size(name: str, counter: str, readings: Sequence[Observation]) -> Measurement:
    if not readings:
        return absent("memory", name, "nothing was read in this trial")
    value = readings[-1].values.get(counter)
    if value is not None:
        return sample("memory", name, value / _MIB)
    limited = readings[-1].values.get("limited")
    if limited is None:
        return absent("memory", name, "the worker is in no memory cgroup that can be seen")
    return absent("memory", name, "the cgroup has no limit" if limited == 0 else "the cgroup does not tell it")


def _pressure(name: str, counter: str, readings: Sequence[Observation]) -> Measurement:
    totals = [value for seen in readings if (value := seen.values.get(counter)) is not None]
    if len(totals) < 2:
        return absent("memory", name, "no pressure was read" if readings else "nothing was read in this trial")
    if totals[-1] < totals[0]:
        return absent("memory", name, "the workers of this trial were in different cgroups")
    return sample("memory", name, (totals[-1] - totals[0]) / 1e3)


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Cgroup]
