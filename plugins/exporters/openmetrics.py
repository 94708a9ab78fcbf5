"""A run's figures as OpenMetrics 1.0 text, for Prometheus and whatever else reads that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.hookspecs import Exporter, hookimpl
from harness.records import Run
from plugins.exporters import destination

if TYPE_CHECKING:
    from harness.analysis.metric_summary import MetricSummary
    from harness.analysis.stored_summary import SummarisedRun

_NAME = "metrics.prom"
_PREFIX = "harness_"
_BASE = {
    "ms": ("_ms", "_seconds", "seconds", 1e-3),
    "s": ("_s", "_seconds", "seconds", 1.0),
    "MiB": ("_mib", "_bytes", "bytes", 2.0**20),
    "MiB/iteration": ("_mib_per_iteration", "_bytes_per_iteration", "bytes_per_iteration", 2.0**20),
}
"""Our unit; the end of our name, the end of theirs, their unit (OpenMetrics asks for base units), and the factor."""

Labels = Mapping[str, str]


class OpenMetrics(Exporter):
    """Writes metrics.prom: each figure as a gauge with labels run, stage and model, in seconds and bytes."""

    name = "openmetrics"

    @dataclass(frozen=True)
    class Options:
        """``path``: the file, null for metrics.prom in the run's folder."""

        path: str | None = None

    def preflight(self) -> None:
        """Refuse a file that is there."""
        destination.refuse_taken(self.options.path)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Write the text."""
        from harness.analysis.stored_summary import read_summary  # with NumPy, which would delay a run's start

        text = exposition(read_summary(folder))
        destination.write(self.options.path, folder, _NAME, text.encode())


@dataclass
class _Family:
    """A metric of OpenMetrics: what is said of it once, and its samples."""

    help: str
    unit: str = ""
    samples: list[tuple[Labels, float]] = field(default_factory=list)


def exposition(stored: "SummarisedRun") -> str:
    """Return the whole text, ``# EOF`` included: the figures of the run, its trials by outcome, and what was run."""
    families = {_PREFIX + "run_info": _Family("what was run, and where", "", [(_about(stored), 1.0)])}
    trials = families[_PREFIX + "trials"] = _Family("trials by outcome")
    for outcome, count in stored.summary.outcomes.items():
        trials.samples.append(({"run": stored.run.id, "outcome": outcome}, float(count)))
    models = {stage.key: stage.label for stage in stored.run.stages}
    for entry in stored.summary.metrics.values():
        name, unit, factor = _named(entry)
        family = families.setdefault(name, _Family(f"{entry.description} ({_figure(entry)})", unit))
        if entry.value is not None:
            labels = {"run": stored.run.id, "stage": entry.scope, "model": models.get(entry.scope, "")}
            family.samples.append((labels, entry.value * factor))
    return "".join(f"{line}\n" for line in _lines(families))


def _about(stored: "SummarisedRun") -> Labels:
    where = stored.environment
    return {
        "run": stored.run.id,
        "started_at": stored.run.started_at,
        "version": stored.run.harness_version,
        "order": ",".join(stored.run.protocol.order),
        "threads": str(stored.run.protocol.threads),
        "overrides": " ".join(stored.run.overrides),
        "hostname": where.hostname if where else "",
        "processor": where.processor if where else "",
        "commit": where.git.get("commit", "") if where else "",
        **({"legs": str(len(stored.run.seams) + 1)} if stored.run.seams else {}),
    }


def _named(entry: "MetricSummary") -> tuple[str, str, float]:
    """Return a metric's name there, its unit there, and the factor from ours; unknown units keep their name."""
    end, theirs, unit, factor = _BASE.get(entry.unit, ("", "", "", 1.0))
    if not unit or not entry.metric.endswith(end):
        return _PREFIX + _allowed(entry.metric), "", 1.0
    base = _PREFIX + _allowed(entry.metric.removesuffix(end))
    return base + theirs, unit, factor


def _allowed(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one == "_") else "_" for one in name)


def _figure(entry: "MetricSummary") -> str:
    return {"ratio": "sum / sum over the run", "trend": "slope per iteration"}.get(entry.kind.value, "median")


def _lines(families: Mapping[str, _Family]) -> Iterator[str]:
    for name, family in families.items():
        if not family.samples:
            continue
        yield f"# TYPE {name} gauge"
        if family.unit:
            yield f"# UNIT {name} {family.unit}"
        yield f"# HELP {name} {_escaped(family.help)}"
        for labels, value in family.samples:
            pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{name}{{{pairs}}} {value!r}"
    yield "# EOF"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@hookimpl
def harness_exporters() -> Sequence[type[Exporter]]:
    """Say which exporters this file holds."""
    return [OpenMetrics]
