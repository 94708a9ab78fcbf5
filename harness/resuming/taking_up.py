"""How a stopped run goes on: checked against what it was begun with, with a seam in its record."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness import store
from harness.plan import Plan
from harness.records import Run, Seam
from harness.resuming.begun import Begun, begun, set_aside
from harness.resuming.changes import changes, refuse_changes
from harness.resuming.identity import Identity, mixed, read_identity, remembered
from harness.resuming.ownership import Owner
from harness.store import StoredRun


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A run as it begins or goes on: what is to be run, with its seams, and what of it is done.

    ``identity`` is what it is of from here on; None where nobody has looked yet.
    """

    plan: Plan
    begun: Begun
    identity: Identity | None


def taken_up(plan: Plan, folder: Path, found: Identity, *, force: bool) -> TakenUp:
    """Take up the run in a folder that the caller owns; interrupted trials are set aside.

    ``plan`` is made of the stored configuration, ``found`` of what is there now. Raises
    :class:`harness.errors.ChangedRun` where that is not what the run was begun with, unless ``force``; nothing is
    written then.
    """
    stored = store.read_run(folder)
    expected = read_identity(folder, stored.run, stored.environment)
    forced = changes(found, expected)
    if not force:
        refuse_changes(folder, forced)
    done = begun(stored.run, stored.trials)
    seam = Seam(
        leg=done.leg,
        at=plan.run.started_at,
        hostname=socket.gethostname(),
        harness_version=plan.run.harness_version,
        kept=len(done.done),
        set_aside=set_aside(folder),
        forced=forced,
    )
    if stored.environment is not None:
        store.write_json(folder / store.environment_name(done.leg - 1), stored.environment)
    now = remembered(found, expected)
    return TakenUp(replace(plan, run=_gone_on(plan.run, stored.run, seam)), done, mixed(now) if forced else now)


def _gone_on(now: Run, before: Run, seam: Seam) -> Run:
    """Return the record of a run that goes on: it keeps its name and its beginning, whatever was forced is as now."""
    return replace(
        now,
        id=before.id,
        started_at=before.started_at,
        harness_version=before.harness_version,
        seams=(*before.seams, seam),
    )


def lines_of(run: Run, done: Begun, before: Owner | None) -> Iterator[str]:
    """Yield what the screen says of a run that goes on: how far it is, and whose death it goes on from."""
    count = len(done.done)
    first = next((index for index in range(run.trials) if index not in done.done), run.trials)
    if before is not None:
        yield f"Taken over from {before}, which is gone or asleep"
    yield f"{count} of {run.trials} trials are done; goes on with trial {first} in a new worker (leg {done.leg})"


def forced_lines(run: Run) -> Iterator[str]:
    """Yield a warning for each difference that the last seam was forced over."""
    yield from (f"goes on all the same: {line}" for line in run.seams[-1].forced)


def finished_line(stored: StoredRun) -> str:
    """Return what is said of a run of which nothing is left to do."""
    done = begun(stored.run, stored.trials)
    line = f"nothing is left to do: {len(done.done)} of {stored.run.trials} trials"
    if len(done.done) < stored.run.trials:
        return f"{line}, for one failed, and on_crash=stop"
    return line
