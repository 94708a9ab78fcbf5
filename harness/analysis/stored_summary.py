"""A run's summary without its trials: the stored one where it belongs to them, else one made of them.

Trials are large, and a sweep may have thousands of runs; what a table prints of each is in its summary already.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness import store
from harness.analysis.summary import Summary, analysis_version, summarise
from harness.errors import StoreError
from harness.records import Environment, Run
from harness.store import StoredRun


class _Outcomes(msgspec.Struct):
    """The one field of a summary that says whether it is of any trial, whatever version wrote the others."""

    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class SummarisedRun:
    """A stored run as its summary tells it. ``environment`` is None where the run was killed before it was written."""

    folder: Path
    run: Run
    environment: Environment | None
    summary: Summary


def read_summary(folder: Path) -> SummarisedRun:
    """Return what a run's folder says in sum. Raises :class:`harness.errors.StoreError`.

    The stored summary is taken where this version of the harness made it from the trials that are there now; in any
    other case the trials are read and summarised. Writes nothing.
    """
    run, environment = store.read_description(folder)
    summary = stored_summary(folder)
    if summary is None:
        stored = store.read_run(folder)
        check_trials(stored)
        summary = summarise(stored.run, stored.trials, stored.notes, stored.stamp)
    return SummarisedRun(folder, run, environment, summary)


def check_trials(stored: StoredRun) -> None:
    """Refuse a run whose trials are gone while a summary of them is left: a new one would be of nothing.

    Raises :class:`harness.errors.StoreError`.
    """
    path = stored.folder / store.SUMMARY
    if stored.trials or not path.exists():
        return
    try:
        outcomes = msgspec.json.decode(path.read_bytes(), type=_Outcomes).outcomes
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        outcomes = {"unknown": 1}  # whatever it holds, nothing here could replace it
    if outcomes:
        found = f"'{stored.folder}' with {store.SUMMARY} and without the trials that it was made from"
        raise StoreError("run folder", found, f"{store.TRIALS} beside it; the summary is left as it is")


def stored_summary(folder: Path) -> Summary | None:
    """Return the stored summary, or None where there is none of these trials that this version would write."""
    try:
        with store.uncollected():
            summary = msgspec.json.decode((folder / store.SUMMARY).read_bytes(), type=Summary)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None  # it can be made again, which is what the caller does
    ours = summary.made_by == analysis_version()
    return summary if ours and summary.made_from == store.trials_stamp(folder) else None
