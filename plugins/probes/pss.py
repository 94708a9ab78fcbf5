"""Memory that the worker shares and memory of its own, between iterations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, sample
from harness.process import Process
from harness.records import Trial

_COUNTERS = {"pss_mib": "pss_kib", "uss_mib": "uss_kib", "swap_pss_mib": "swap_pss_kib"}


class Pss(Probe):
    """PSS, USS and swapped PSS of the resting workers."""

    name = "pss"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="pss_mib",
            unit="MiB",
            quantity="memory",
            scope="memory",
            description="PSS at 'rested': each resident page divided by the number of processes that map it",
        ),
        Metric(
            name="uss_mib",
            unit="MiB",
            quantity="memory",
            scope="memory",
            description="USS at 'rested' (Private_Clean + Private_Dirty): what ending the workers would free",
        ),
        Metric(
            name="swap_pss_mib",
            unit="MiB",
            quantity="machine",
            scope="memory",
            description="SwapPss at 'rested': what was swapped out, shared pages divided",
        ),
    )

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Let the kernel walk the page tables, once an iteration; KiB."""
        if point != "rested":
            return {}
        shares = process.shares()
        return {name: getattr(shares, name) for name in _COUNTERS.values()}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Add up the workers that rested in this trial."""
        seen = trial.observed("rested", self.name)
        for name, counter in _COUNTERS.items():
            values = [value for values in seen if (value := values.get(counter)) is not None]
            if values:
                yield sample("memory", name, sum(values) / 1024)
            else:
                yield absent("memory", name, _why(seen, counter))


def _why(seen: Sequence[Mapping[str, float | None]], counter: str) -> str:
    if seen:
        return f"this machine has no {counter.removesuffix('_kib')} for another process"
    return "no worker came to rest in this trial"


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Pss]
