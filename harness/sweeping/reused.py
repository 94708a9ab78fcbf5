"""Jobs of a sweep that did not run, for an earlier sweep's equal one had: what their folders say of it."""

from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.errors import StoreError
from harness.records import SCHEMA
from harness.sweeping.state import REUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """Where the files of a job come from: the folder of the run, when that began, and when they were copied.

    ``identity_sha256`` is that of the run; ``parts`` of it are equal to those of the job that did not run.
    """

    source: str
    began_at: str
    at: str
    identity_sha256: str
    schema: int = SCHEMA


def read_reused(folder: Path) -> Reused | None:
    """Return what a job's folder says of being reused, None where it ran itself, or where that cannot be read."""
    if not (folder / REUSED).exists():
        return None
    try:
        return store.read_json(folder / REUSED, Reused)
    except StoreError:
        return None  # its figures stand all the same


def reused_line(name: str, record: Reused) -> str:
    """Say of a job that it did not run, and how old its figures are: a machine may not be what it was then."""
    return f"job {name} is reused from {record.source}, measured at {record.began_at}; the machine may have drifted"
