"""The charts of a sweep over several machines: of a time one for each machine, for a line would join what differs."""

from collections.abc import Mapping
from dataclasses import replace

from harness.analysis.findings import on_machine
from harness.analysis.machines import labels
from harness.analysis.sweep import Sweep
from harness.report.cell_marks import Panel


def split(sweep: Sweep, panels: Mapping[str, Panel]) -> dict[str, Panel]:
    """Return the panels, those of times one by machine; cells of several machines have no place in these."""
    found = {}
    for name, panel in panels.items():
        for part in by_machine(sweep, name, panel):
            found[part[0].metric] = part[0]
    return found


def by_machine(sweep: Sweep, name: str, *panels: Panel) -> list[tuple[Panel, ...]]:
    """Return panels over the cells of each machine, where the metric of that name is not compared across them.

    The panel of that metric says of which machine it is.
    """
    declared = next((cell.metrics[name] for cell in sweep.cells if name in cell.metrics), None)
    names = labels(sweep.machines)
    if len(names) < 2 or declared is None or not declared.of_machine:
        return [panels]
    found = []
    for machine, label in names.items():
        jobs = {cell.job for cell in sweep.cells if cell.machines == (machine,)}
        found.append(tuple(_only(panel, jobs, label if panel.metric == name else "") for panel in panels))
    return [part for part in found if part[0].marks]


def _only(panel: Panel, jobs: set[str], label: str) -> Panel:
    marks = tuple(mark for mark in panel.marks if mark.job in jobs)
    return replace(panel, metric=on_machine(panel.metric, label), marks=marks)
