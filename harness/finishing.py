"""What follows a run, new or resumed: its reports, the end of its screen, and the exit status."""

import sys

from harness import store
from harness.console.screen import print_at_once
from harness.disk import stopped_lines
from harness.errors import DiskError, UserError
from harness.job import Done, Job
from harness.printable import printable

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit statuses: a trial or a job failed; what was given cannot be used; interrupted."""


def keep_failure(job: Job, error: UserError) -> None:
    """Write why a job could not run into its folder, unless a run is in it: what is there stays as it is."""
    if not (job.folder / store.RUN).exists() and not isinstance(error, DiskError):
        store.write_json(job.folder / store.FAILURE, store.Failure(job.overrides, str(error)))


def finish(done: Done, job: Job) -> int:
    """Summarise and render what was run, show it, and return the exit status.

    Imported here is what a run needs only after its last trial: with NumPy, it would delay the first load.
    """
    from harness.report.publish import ending, publish, read

    unwritten = None
    try:
        published = publish(job.folder)
    except DiskError as error:
        unwritten, published = error, read(job.folder)
    done.screen.show(ending(published, verbose=done.settings.verbose))
    done.screen.warn(done.ending.problems)
    print_at_once(f"Results: {printable(str(job.folder))}")
    disk = done.ending.disk or unwritten
    if disk is not None:
        done.ending.disk = disk
        for line in stopped_lines(disk, unwritten, job.folder, done.ending.kept, published.stored.run.trials):
            print(f"harness: {line}", file=sys.stderr, flush=True)
        return FAILED
    if done.ending.interrupted:
        return INTERRUPTED
    broken = published.summary.broken if done.settings.budgets.strict else ()
    for line in broken:
        print(f"strict: {printable(line)}", file=sys.stderr)
    return 0 if done.ending.ok and not broken else FAILED
