"""The end of a sweep: its table from its jobs' folders, whatever became of them, and the exit status."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.analysis.sweep_plan import read_plan
from harness.disk import stopped_line
from harness.errors import DiskError, StoreError
from harness.finishing import FAILED, INTERRUPTED
from harness.job import point_latest
from harness.printable import printable
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.launched import Launched
from harness.sweeping.state import state_of


def gather(folder: Path, outputs: Path, launched: Launched, disks: Sequence[DiskError] = ()) -> int:
    """Make the sweep's table, show it, and return the exit status: 130 only where a stop has left something to do.

    ``disks`` are those that took no more while it ran: then what is kept is said; the table is made where it can be.
    """
    if not disks:
        return _gathered(folder, outputs, launched)
    with suppress(DiskError):
        _gathered(folder, outputs, launched)
    plan = read_plan(folder)
    jobs = len(plan.jobs) if plan is not None else 0
    kept = jobs - len(unfinished(folder, plan)) if plan is not None else 0
    print(f"harness: {stopped_line(disks[0], folder.resolve(), kept, jobs, 'finished jobs')}", file=sys.stderr)
    return FAILED


def _gathered(folder: Path, outputs: Path, launched: Launched) -> int:
    from harness.analysis.sweep import read_sweep
    from harness.report.sweep_page import publish_page
    from harness.report.sweep_report import publish_sweep, sweep_text
    from harness.report.sweep_table import sweep_figures

    try:
        sweep = read_sweep(folder)
    except StoreError:
        if launched.interrupted:  # before the first job
            return INTERRUPTED
        raise
    shown = sweep_figures(sweep)
    tables = publish_sweep(sweep, shown)
    for line in point_latest(outputs, folder):
        print(f"warning: {printable(line)}", file=sys.stderr)
    print(f"\n{printable(sweep_text(sweep, shown))}\n", flush=True)
    publish_page(sweep, tables)  # drawing takes seconds, and the table is what was waited for
    plan = read_plan(folder)
    left = unfinished(folder, plan) if plan is not None else ()
    further = f"python -m harness resume {printable(str(folder))} goes on"
    for line in launched.lost:
        print(
            f"harness: launcher: {printable(line)}; {further}",
            file=sys.stderr,
        )
    if launched.interrupted and left and not launched.lost and plan is not None:
        print(f"{len(left)} of {len(plan.jobs)} jobs are left: {further}")
    print(f"Sweep: {printable(str(folder.resolve()))}", flush=True)
    if launched.interrupted and (left or plan is None):
        return INTERRUPTED
    return 0 if sweep.ok and not launched.lost else FAILED


def unfinished(folder: Path, plan: SweepPlan) -> Sequence[PlannedJob]:
    """Return the planned jobs of which something is left to do, in their order; a damaged one counts as left."""
    return [job for job in plan.jobs if _is_left(folder / job.job, plan)]


def _is_left(folder: Path, plan: SweepPlan) -> bool:
    try:
        return state_of(folder, plan) != "finished"
    except StoreError:
        return True
