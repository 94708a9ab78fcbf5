"""One job of a sweep as its folder tells it: done, failed, unreadable, still being written, or never begun."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import store
from harness.analysis.stored_summary import SummarisedRun, read_summary
from harness.analysis.summary import Summary
from harness.errors import StoreError
from harness.records import PlannedJob, Run
from harness.store import Failure

BLOCK_KEY = "sweep.block"
"""The override that tells the blocks of one cell apart, and says nothing about what was measured."""
NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job: its name, its overrides but for the block's number, how it ended, and its run where one can be read.

    ``block`` of ``blocks`` is which part of its cell's trials it has.
    """

    name: str
    folder: Path
    outcome: str
    ok: bool = False
    overrides: dict[str, str] = field(default_factory=dict)
    block: int = 0
    blocks: int = 1
    found: SummarisedRun | None = None


def read_job(folder: Path) -> StoredJob:
    """Read what a job left in its folder; what cannot be read is said in its outcome."""
    try:
        if (folder / store.FAILURE).exists():
            failure = store.read_json(folder / store.FAILURE, Failure)
            overrides, block = split_overrides(failure.overrides)
            blocks = 1 if block is None else 0
            return StoredJob(folder.name, folder, f"failed: {failure.message}", False, overrides, block or 0, blocks)
        found = read_summary(folder)
    except StoreError as error:
        return StoredJob(folder.name, folder, f"unreadable: {error}")
    ok, outcome = _outcome(found.run, found.summary, folder)
    overrides, _ = split_overrides(found.run.overrides)
    return StoredJob(folder.name, folder, outcome, ok, overrides, found.run.block, found.run.blocks, found)


def unread_job(folder: Path, planned: PlannedJob, outcome: str = NOT_RUN) -> StoredJob:
    """Return a planned job of which there is nothing but the plan, or nothing that can be read."""
    overrides, _ = split_overrides(planned.overrides)
    return StoredJob(planned.job, folder, outcome, False, overrides, planned.block)


def split_overrides(overrides: Sequence[str]) -> tuple[dict[str, str], int | None]:
    """Return the values of the overrides by key, and the number of the block, which is None where there is none."""
    found = dict(override.lstrip("+~").split("=", 1) for override in overrides if "=" in override)
    block = found.pop(BLOCK_KEY, None)
    return found, int(block) if block is not None and block.isdecimal() else None


def _outcome(run: Run, summary: Summary, folder: Path) -> tuple[bool, str]:
    if set(summary.outcomes) == {"ok"} and summary.trials == run.trials:
        broken = summary.broken if run.budgets.strict else ()
        return not broken, "; ".join(("ok", *broken))
    if store.is_being_written(folder):
        return False, f"running: {summary.trials} of {run.trials} trials"
    counts = ", ".join(f"{count} {kind}" for kind, count in summary.outcomes.items()) or "none done"
    return False, f"{counts} of {run.trials} trials"
