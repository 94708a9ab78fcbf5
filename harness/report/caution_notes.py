"""What a reader of a sweep has to know before any figure: cells on different machines, a key that changes nothing."""

from collections.abc import Iterator

from harness.analysis.sweep import Sweep
from harness.report.constancy_lines import sweep_constancy_notes
from harness.report.machine_lines import machine_lines
from harness.report.reused_lines import sweep_reused_notes
from harness.report.seam_lines import sweep_seam_notes
from harness.report.sharing_lines import sweep_sharing

_NAMED = 3
"""Jobs that a note names; of more it gives the number."""


def caution_notes(sweep: Sweep) -> Iterator[str]:
    """Yield a note where cells ran on several machines, shared one, were resumed, reused or differ; on idle keys."""
    yield from machine_lines(sweep)
    yield from sweep_sharing(sweep)
    yield from sweep_seam_notes(sweep)
    yield from sweep_reused_notes(sweep)
    yield from sweep_constancy_notes(sweep, different_only=True)
    idle = tuple(f"{key} is swept, and changes nothing" for key in sweep.swept)
    yield from (note for note in cell_notes(sweep) if note.startswith(idle))


def cell_notes(sweep: Sweep) -> Iterator[str]:
    """Yield each note of a cell once; one that is not of all the cells that ran says of which it is."""
    ran = [cell for cell in sweep.cells if cell.trials or cell.notes]
    for note in dict.fromkeys(note for cell in ran for note in cell.notes):
        jobs = [cell.job for cell in ran if note in cell.notes]
        if len(jobs) == len(ran):
            yield note
        elif len(jobs) <= _NAMED:
            yield f"{note} ({'job' if len(jobs) == 1 else 'jobs'} {', '.join(jobs)})"
        else:
            yield f"{note} ({len(jobs)} of {len(ran)} cells)"
