"""Page faults, context switches and reads from a disk, exactly those of a call into the engine."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Better, Measurement, Metric, absent, sample
from harness.records import Trial, Visit

_OF_PROCESS = "minor_faults"
"""The one counter that other processes do not change; the others tell of the page cache, the disk and the scheduler."""
# (counter, phase, unit, better, what is counted)
_COUNTED: Sequence[tuple[str, str, str, Better, str]] = (
    ("minor_faults", "run", "faults", "lower", "pages that became resident without a read from a disk"),
    ("major_faults", "load", "faults", "lower", "pages that had to be read from a disk"),
    ("major_faults", "run", "faults", "lower", "pages that had to be read from a disk"),
    ("voluntary_switches", "run", "switches", "neither", "context switches of all threads because one waited"),
    ("involuntary_switches", "run", "switches", "lower", "context switches because another thread was given the core"),
    (
        "block_reads",
        "load",
        "blocks",
        "neither",
        "blocks read from a disk (of 512 bytes on Linux); 0 from a warm cache",
    ),
)


class Faults(Probe):
    """Page faults, context switches and block reads by getrusage(2), beside the clock's stamps."""

    name = "faults"
    metrics: ClassVar[Sequence[Metric]] = tuple(
        Metric(
            name=f"{counter}_{phase}",
            unit=unit,
            quantity="count" if counter == _OF_PROCESS else "machine",
            better=better,
            format=".0f",
            description=f"{what}, in the {phase}",
        )
        for counter, phase, unit, better, what in _COUNTED
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Read what the worker counted around each call."""
        for visit in trial.visits:
            for counter, phase, *_ in _COUNTED:
                yield _counted(visit, counter, phase)


def _counted(visit: Visit, counter: str, phase_name: str) -> Measurement:
    name = f"{counter}_{phase_name}"
    phase = visit.phase(phase_name)
    if phase is None:
        return absent(visit.stage, name, f"no {phase_name} in this trial")
    value: int | None = getattr(phase, counter)
    if value is None:
        return absent(visit.stage, name, f"this platform does not count {counter.replace('_', ' ')}")
    return sample(visit.stage, name, float(value))


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Faults]
