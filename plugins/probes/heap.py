"""What the C allocator of the worker has handed out, asked of the worker between iterations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Kind, Measurement, Metric, absent, sample
from harness.process import Process
from harness.records import Trial

_COUNTERS = {"heap_used_mib": "used_kib", "heap_mapped_mib": "mapped_kib"}
_GROWTH = "heap_growth_kib_per_iteration"


class Heap(Probe):
    """Heap in use and mapped, and whether it grows. The first question costs the worker 0.4 MiB, for ctypes."""

    name = "heap"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="heap_used_mib",
            unit="MiB",
            quantity="memory",
            scope="memory",
            description="what malloc has handed out from its heaps at 'rested' (mallinfo2: uordblks)",
        ),
        Metric(
            name="heap_mapped_mib",
            unit="MiB",
            quantity="memory",
            scope="memory",
            description="what malloc has handed out as mappings of their own at 'rested' (mallinfo2: hblkhd)",
        ),
        Metric(
            name=_GROWTH,
            unit="KiB/iteration",
            quantity="memory",
            scope="memory",
            kind=Kind.TREND,
            format=".1f",
            description="Theil-Sen slope of both at 'rested': a witness, for it sees no mmap of an engine",
        ),
    )

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Ask the worker, once an iteration; KiB."""
        if point != "rested":
            return {}
        heap = process.heap()
        return {"used_kib": heap.used_kib, "mapped_kib": heap.mapped_kib}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Add up the workers that rested in this trial."""
        seen = trial.observed("rested", self.name)
        found: list[float] = []
        for name, counter in _COUNTERS.items():
            values = [value for values in seen if (value := values.get(counter)) is not None]
            if values:
                found.append(sum(values))
                yield sample("memory", name, found[-1] / 1024)
            else:
                yield absent("memory", name, _why(seen))
        yield sample("memory", _GROWTH, sum(found)) if found else absent("memory", _GROWTH, _why(seen))


def _why(seen: Sequence[object]) -> str:
    if seen:
        return "neither the C library nor psutil tells what the heap holds"
    return "no worker came to rest in this trial"


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Heap]
