"""Open files and threads of the worker between iterations, by name, so that those that leak can be named."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from harness.analysis.handles import OTHERS, POINT, PREFIXES, PROBE, TOTALS
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Better, Kind, Measurement, Metric, absent, sample
from harness.process import Process
from harness.records import Trial

MOST_NAMES = 50
"""Of each kind, so many names are kept, the most frequent ones; the others are counted together."""

_FILES, _THREADS = TOTALS["files"], TOTALS["threads"]
_METRICS = {
    "open_files": _FILES,
    "threads_seen": _THREADS,
    "open_files_per_iteration": _FILES,
    "threads_per_iteration": _THREADS,
}


def _metric(name: str, unit: str, kind: Kind, description: str, better: Better = "lower") -> Metric:
    format_ = ".0f" if kind is Kind.SAMPLE else ".3f"
    return Metric(
        name=name,
        unit=unit,
        quantity="count",
        scope="memory",
        kind=kind,
        better=better,
        format=format_,
        description=description,
    )


class Handles(Probe):
    """Counts and names of open files and threads; which names leak stands below the verdict."""

    name = PROBE
    metrics: ClassVar[Sequence[Metric]] = (
        _metric("open_files", "files", Kind.SAMPLE, "open descriptors at 'rested', sockets and pipes included"),
        _metric("threads_seen", "threads", Kind.SAMPLE, "threads at 'rested'", "neither"),
        _metric(
            "open_files_per_iteration",
            "files/iteration",
            Kind.TREND,
            "Theil-Sen slope of open descriptors at 'rested'",
        ),
        _metric("threads_per_iteration", "threads/iteration", Kind.TREND, "Theil-Sen slope of threads at 'rested'"),
    )

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Count, once an iteration; a name's counter is ``file NAME`` or ``thread NAME``."""
        if point != POINT:
            return {}
        handles = process.handles()
        return {
            _FILES: handles.open_files,
            _THREADS: handles.threads,
            **_most(PREFIXES["files"], handles.file_names),
            **_most(PREFIXES["threads"], handles.thread_names),
        }

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Add up the workers that rested in this trial."""
        seen = trial.observed(POINT, self.name)
        for name, counter in _METRICS.items():
            values = [value for values in seen if (value := values.get(counter)) is not None]
            if values:
                yield sample("memory", name, sum(values))
            else:
                yield absent("memory", name, _why(seen, counter))


def _most(prefix: str, names: Mapping[str, int]) -> dict[str, float]:
    """Return the counts of the most frequent names, and that of all others together where there are more."""
    ordered = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    counts = {f"{prefix}{name}": float(count) for name, count in ordered[:MOST_NAMES]}
    if len(ordered) > MOST_NAMES:
        counts[f"{prefix}{OTHERS}"] = float(sum(count for _, count in ordered[MOST_NAMES:]))
    return counts


def _why(seen: Sequence[object], counter: str) -> str:
    if seen:
        return f"this machine does not count {counter.replace('_', ' ')} of another process"
    return "no worker came to rest in this trial"


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Handles]
