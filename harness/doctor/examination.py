"""The whole examination: the harness, the machine, the plugins, the engines, the packages."""

import os
import platform
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from harness.clock import Clock, SystemClock
from harness.doctor.engine_findings import engines
from harness.doctor.finding import Examination, Finding
from harness.doctor.machine_findings import machine_findings, stolen_finding
from harness.doctor.package_findings import DISTRIBUTION, package_findings
from harness.environment import usable_cores
from harness.machine.quietness import checked, counters, disturbance
from harness.plugins import Source, survey


def examine(clock: Clock | None = None, root: Path = Path("/")) -> Examination:
    """Look at everything. The machine comes first, while nothing of ours is at work; what took its time later.

    ``root`` is where the ``proc`` and ``sys`` of the machine are.
    """
    clock = clock or SystemClock()
    noise, start = checked(clock, root=root)
    registry, sources = survey()
    found = engines(registry)
    during = disturbance(start, counters(clock, root))
    findings = (
        Finding("Harness", "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.release()}"),
        *machine_findings(noise, os.cpu_count() or 1, usable_cores(), found.threads),
        stolen_finding(during),
        *plugin_findings(sources),
        *found.findings,
        *package_findings(),
    )
    return Examination(metadata.version(DISTRIBUTION), findings, noise)


def plugin_findings(sources: Iterable[Source]) -> Iterator[Finding]:
    """Yield a finding for each entry point. One that fails is needed: a run is refused while it is installed."""
    for source in sources:
        if source.error is None:
            brought = ", ".join(source.brought) or "nothing"
            yield Finding("Plugins", source.name, "ok", f"{brought} [{source.origin}]")
        else:
            distribution = source.origin.partition(" ")[0]
            text = f"{source.error}; every run is refused while it is installed"
            yield Finding("Plugins", source.name, "missing", text, f"pip install --upgrade {distribution}", needed=True)
