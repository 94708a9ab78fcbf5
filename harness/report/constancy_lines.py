"""What is said of outputs that should not change: a line for a stage in a run's report, a note in a sweep's."""

from collections.abc import Iterator

from harness.analysis.constancy import CHANGED, OUTPUTS, TRANSCRIPT, UNCHANGED
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
        for metric in OUTPUTS:
            entry = summary.metrics.get(f"{scope}.{metric}")
            if entry is None or entry.text in (None, UNCHANGED):
                continue
            share = summary.metrics.get(f"{scope}.{CHANGED}")
            of = ""
            if share is not None and share.value is not None:
                of = f" ({share.numerator:.0f} of {share.n} repeated trials, {figure(share.value, '.0%')})"
            lines.append(f"Output ({scope}): {_NAMES[metric]}: {entry.text}{of}")
            break
    return lines


def sweep_constancy_notes(sweep: Sweep, *, different_only: bool = False) -> Iterator[str]:
    """Yield a note for each stage: its output is the same in all cells that have to agree, or where it first is not."""
    by_stage: dict[str, list[OutputCheck]] = {}
    for check in sweep.outputs:
        by_stage.setdefault(check.stage, []).append(check)
    for stage, checks in by_stage.items():
        same = [check for check in checks if not check.other]
        parts = (
            [f"the same {' and '.join(_NAMES[check.metric] for check in same)} in {_cells(same[0])}"] if same else []
        )
        parts += [_different(sweep, check) for check in checks if check.other]
        if not different_only or len(same) < len(checks):
            yield f"{stage}: {'; '.join(parts)}"


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
