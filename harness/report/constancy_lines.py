"""What is said of outputs that should not change: a line for a stage in a run's report, a note in a sweep's."""

from collections.abc import Iterator, Mapping

from harness.analysis.constancy import CHANGED, OUTPUTS, TRANSCRIPT, UNCHANGED
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.outputs import OutputCheck
from harness.analysis.summary import Summary
from harness.analysis.sweep import Sweep
from harness.report.figures import figure
from harness.sweeping.baseline import label

_NAMES = {TRANSCRIPT: "text", "word_times": "word times"}


def constancy_lines(summary: Summary) -> list[str]:
    """Return a line for each stage whose text, or else whose word times, changed within a run."""
    lines = []
    for scope in dict.fromkeys(entry.scope for entry in summary.metrics.values()):
        changed = _changed(summary.metrics, scope)
        if changed is not None:
            share = summary.metrics.get(f"{scope}.{CHANGED}")
            of = ""
            if share is not None and share.value is not None:
                of = f" ({share.numerator:.0f} of {share.n} repeated trials, {figure(share.value, '.0%')})"
            lines.append(f"Output ({scope}): {_NAMES[changed.metric]}: {changed.text}{of}")
    return lines


def sweep_constancy_notes(sweep: Sweep, *, different_only: bool = False) -> Iterator[str]:
    """Yield a note for each stage: its output is the same in all cells that have to agree, or where it first is not.

    Cells are compared by the first output of each utterance; one that changes within a cell is said beside it.
    """
    by_stage: dict[str, list[OutputCheck]] = {}
    for check in sweep.outputs:
        by_stage.setdefault(check.stage, []).append(check)
    for stage in dict.fromkeys([*by_stage, *(stage for cell in sweep.cells for stage in cell.outputs)]):
        checks = by_stage.get(stage, [])
        same = [check for check in checks if not check.other]
        parts = (
            [f"the same {' and '.join(_NAMES[check.metric] for check in same)} in {_cells(same[0])}"] if same else []
        )
        parts += [_different(sweep, check) for check in checks if check.other]
        within = list(_within(sweep, stage))
        if within and same:
            parts[0] += " the first time"
        if within or len(same) < len(checks) or (parts and not different_only):
            yield f"{stage}: {'; '.join([*parts, *within])}"


def _within(sweep: Sweep, stage: str) -> Iterator[str]:
    """Say in how many cells an output changes from trial to trial, and where it first does."""
    found = [(cell, changed) for cell in sweep.cells if (changed := _changed(cell.metrics, stage)) is not None]
    if found:
        cell, changed = found[0]
        there = sum(stage in cell.outputs for cell in sweep.cells)
        name = label(cell, sweep.swept)
        yield (
            f"{_NAMES[changed.metric]} changed within {len(found)} of {there} cells, first in cell {name}: "
            f"{changed.text}"
        )


def _changed(metrics: Mapping[str, MetricSummary], stage: str) -> MetricSummary | None:
    """Return the output of a stage that changed, its text before its word times; None where none did."""
    entries = (metrics.get(f"{stage}.{metric}") for metric in OUTPUTS)
    return next((entry for entry in entries if entry is not None and entry.text not in (None, UNCHANGED)), None)


def _cells(check: OutputCheck) -> str:
    if check.groups == 1:
        return "both cells" if check.cells == 2 else f"all {check.cells} cells"
    return f"each of {check.groups} groups of cells that have to agree ({check.cells} cells)"


def _different(sweep: Sweep, check: OutputCheck) -> str:
    name, first = _NAMES[check.metric], check.first
    verb = "differs" if check.metric == TRANSCRIPT else "differ"
    of = f"{check.other} of {check.cells} cells"
    if first is None:
        return f"{name} may differ in {of}, whose trials were not read"
    base, other = (_name(sweep, job) for job in (first.base, first.other))
    where = f", utterance {first.utterance}" if first.utterance else ""
    unread = f"; the trials of {check.unread} were not read" if check.unread else ""
    return f"{name} {verb} from cell {base} first in cell {other}{where}: {first.difference} ({of} differ{unread})"


def _name(sweep: Sweep, job: str) -> str:
    return next((label(cell, sweep.swept) for cell in sweep.cells if cell.job == job), job)
