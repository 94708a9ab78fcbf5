"""Where each leg of a run was done: a leg's environment stands aside when the next one begins."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness import store
from harness.errors import StoreError
from harness.records import Environment, Run


def leg_environments(folder: Path, run: Run, newest: Environment | None) -> tuple[Environment | None, ...]:
    """Return the environment of each leg, in their order; None where a leg was killed before it was written.

    ``newest`` is the run's own, which is that of its last leg. One that cannot be read is as if it were not there.
    """
    found: list[Environment | None] = []
    for leg in range(len(run.seams)):
        found.append(None)
        path = folder / store.environment_name(leg)
        if path.exists():
            with suppress(StoreError):  # the figures are none the worse; the seam has the host's name
                found[leg] = store.read_json(path, Environment)
    return (*found, newest)


def hostnames(run: Run, environments: Sequence[Environment | None]) -> tuple[str, ...]:
    """Return the machine of each leg, empty where nobody wrote it down."""
    first = environments[0].hostname if environments[0] is not None else ""
    return (first, *(seam.hostname for seam in run.seams))
