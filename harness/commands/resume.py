"""``python -m harness resume``: what was stopped goes on, a run or a sweep, and ends as it would have ended."""

import os
from pathlib import Path
from typing import Annotated

import typer

from harness import store
from harness.errors import StoreError


def resume(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a run or a sweep that was stopped")],
    force: Annotated[
        bool, typer.Option("--force", help="go on although code, models or machine have changed; the record says so")
    ] = False,
) -> int:
    """Do what is left of a run or a sweep: finished trials stay, the rest is done in a new worker."""
    from harness.analysis.fit import is_search
    from harness.analysis.sweep import is_sweep

    if is_search(folder):
        expected = "a run or a sweep; a search begins anew: the same command again, into another folder"
        raise StoreError("run folder", f"'{folder}' with a search for a memory limit", expected)
    try:
        if (folder / store.PLAN).exists() or is_sweep(folder):
            from harness.hydra_app import resume_sweep

            return resume_sweep(folder, force=force)
        return _run(folder.resolve(), folder, force=force)
    except KeyboardInterrupt:  # which typer would take for an error of its own
        from harness.finishing import INTERRUPTED

        return INTERRUPTED


def _run(folder: Path, named: Path, *, force: bool) -> int:
    """Let a run go on, or make the reports that a finished one lacks; return the exit status."""
    from harness.resuming.begun import is_finished

    stored = store.read_run(folder)
    if stored.run.rescored is not None:
        raise StoreError("run folder", f"'{named}', which was scored again, not run", "the run that it was made from")
    if is_finished(stored.run, stored.trials):
        return _finished(stored, named)

    from harness.clock import SystemClock
    from harness.finishing import finish
    from harness.job import Job, run_job
    from harness.resuming.stored_config import read_config

    config = read_config(folder)
    _enter(stored.run.directory, folder)
    run = stored.run
    job = Job(folder, run.overrides, run.swept, run.experiment, resumed=True, force=force)
    return finish(run_job(config, job, SystemClock()), job)


def _finished(stored: store.StoredRun, named: Path) -> int:
    """Say that nothing is left to do, and make the reports where there are none of these trials."""
    from harness.analysis.stored_summary import stored_summary
    from harness.resuming.ownership import own
    from harness.resuming.taking_up import finished_line

    print(finished_line(stored))
    folder = stored.folder
    reports = (store.ORIGINAL, store.REPORT_MD, store.REPORT_HTML)
    if stored_summary(folder) is None or not all((folder / name).exists() for name in reports):
        from harness.report.publish import publish

        with own(folder):
            publish(folder)
        print("its reports were missing or of other trials, and were made again")
    print(f"Results: {named}")
    return 0


def _enter(directory: str, folder: Path) -> None:
    """Change into the working directory of a run, from which relative paths and modules of the user's are found.

    The search path stays: what ``plugins`` names is added to its end, here as in the run's own process.
    """
    if not directory:  # an older version did not say
        return
    try:
        os.chdir(directory)
    except OSError as error:
        found = f"'{folder}' that was begun in '{directory}' ({error.strerror})"
        raise StoreError(
            "run folder", found, "that folder, from which relative paths of the configuration count"
        ) from None
