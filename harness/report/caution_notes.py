"""What a reader of a sweep has to know before any figure: cells on different machines, a key that changes nothing."""

from collections.abc import Iterator

from harness.analysis.sweep import Sweep
from harness.report.constancy_lines import sweep_constancy_notes

_NAMED = 3
"""Machines that a note names; of more it gives the number."""


def caution_notes(sweep: Sweep) -> Iterator[str]:
    """Yield a note where cells ran on different machines, where outputs differ, and for a swept key without effect."""
    yield from machine_notes(sweep)
    yield from sweep_constancy_notes(sweep, different_only=True)
    notes = dict.fromkeys(note for cell in sweep.cells for note in cell.notes)
    idle = tuple(f"{key} is swept, and changes nothing" for key in sweep.swept)
    yield from (note for note in notes if note.startswith(idle))


def machine_notes(sweep: Sweep) -> Iterator[str]:
    """Yield a note where the cells ran on different hosts: a difference in time may be theirs."""
    hosts = list(dict.fromkeys(cell.hostname for cell in sweep.cells if cell.hostname))
    if len(hosts) > 1:
        more = f" and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else ""
        yield (
            f"the cells ran on {len(hosts)} different machines ({', '.join(hosts[:_NAMED])}{more}): differences in "
            "time, and to a lesser degree in memory, may be the machines' own"
        )
