"""What a sweep was to run, read and checked: without it nobody knows of the jobs that it did not come to."""

from collections import Counter
from pathlib import Path

import msgspec

from harness import store
from harness.errors import StoreError
from harness.records import SCHEMA, SweepPlan


def read_plan(folder: Path) -> SweepPlan | None:
    """Return the plan in a sweep's folder, None where there is none.

    Raises :class:`StoreError` for one that is torn, newer than this version, or names no jobs that can be.
    """
    path = folder / store.PLAN
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from None
    try:
        plan = msgspec.json.decode(content, type=SweepPlan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None
    if plan.schema > SCHEMA:
        raise StoreError("sweep plan", f"'{path}' of schema {plan.schema}", f"schema {SCHEMA} or older")
    twice = [name for name, count in Counter(job.job for job in plan.jobs).items() if count > 1]
    if twice:
        raise _damaged(path, f"job {twice[0]} more than once")
    elsewhere = [job.job for job in plan.jobs if Path(job.job).name != job.job]
    if elsewhere:
        raise _damaged(path, f"job '{elsewhere[0]}', which is no name of a folder")
    return plan


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError("sweep plan", f"'{path}' ({why})", "a plan; without the file, the jobs' folders are all there is")
