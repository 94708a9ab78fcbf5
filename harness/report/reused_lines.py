"""What a sweep's report says of cells that did not run, for an equal run of an earlier sweep was taken."""

from collections.abc import Iterator

from harness.analysis.sweep import Sweep
from harness.sweeping.reused import reused_line

REUSED = "reused"
"""The mark behind the job of such a cell."""


def sweep_reused_notes(sweep: Sweep) -> Iterator[str]:
    """Yield for each reused job where it was measured, and when."""
    for cell in sweep.cells:
        yield from (reused_line(job, record) for job, record in cell.reused.items())
