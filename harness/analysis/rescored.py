"""A run's figures before and after it was scored again, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.summary import Summary
from harness.metrics import Kind
from harness.records import ProbeRecord, Run


@dataclass(frozen=True, slots=True)
class Rescored:
    """One metric before and after. ``difference`` is None where one of the two has no value.

    ``job`` names the job of a sweep, and is empty for a run. ``main`` marks the metrics that stand in short tables.
    """

    job: str
    name: str
    format: str
    old: float | None
    new: float | None
    main: bool = False

    @property
    def difference(self) -> float | None:
        """How much higher the new figure is."""
        return None if self.old is None or self.new is None else self.new - self.old


def rescored(run: Run, before: Summary, after: Summary, job: str = "") -> tuple[Rescored, ...]:
    """Return the main error rates of a run that was scored again, and every other figure that is not what it was.

    ``run`` is the one that was scored again.
    """
    of_texts = {metric.name for probe in run.probes for metric in probe.metrics if not metric.cold_apart}
    rows = []
    for name, entry in after.metrics.items():
        old, new = _value(before.metrics.get(name)), entry.value
        always = entry.main and entry.kind is Kind.RATIO and entry.metric in of_texts
        if (old, new) != (None, None) and (always or old != new):
            rows.append(Rescored(job, name, entry.format, old, new, entry.main))
    gone = [entry for name, entry in before.metrics.items() if name not in after.metrics and entry.value is not None]
    rows += [Rescored(job, f"{one.scope}.{one.metric}", one.format, one.value, None, one.main) for one in gone]
    return tuple(rows)


def changed_options(before: Run, after: Run) -> Iterator[str]:
    """Say which options of which probe are others than they were, and which probes came or went."""
    ours, theirs = ({probe.name: probe for probe in run.probes} for run in (before, after))
    for name in dict.fromkeys((*ours, *theirs)):
        if name not in theirs:
            yield f"the probe {name} does not score any more"
        elif name not in ours:
            yield f"the probe {name} was added"
        else:
            yield from _changed(ours[name], theirs[name])


def _changed(before: ProbeRecord, after: ProbeRecord) -> Iterator[str]:
    for option in dict.fromkeys((*before.options, *after.options)):
        old, new = before.options.get(option), after.options.get(option)
        if old != new:
            yield f"probe.{after.name}.{option}: {old} -> {new}"


def _value(entry: MetricSummary | None) -> float | None:
    return None if entry is None else entry.value
