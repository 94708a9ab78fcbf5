"""The rounds of a sweep: each cell's iterations in blocks, and which cell is whose neighbour in time.

A machine that warms up, or gets busier, slows down whatever runs later. Cells that run one after the other then differ
by when they ran; cells that take turns do not. Every second round is the one before it backwards, which cancels a drift
that is linear in time (the ABBA order of a weighing); each such pair begins one cell further.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from harness.errors import ConfigError
from harness.sweeping.baseline import EXPECTED


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """The keys ``sweep.*``: in how many blocks each cell is measured, and the cell that the others are compared with.

    ``block`` says which block, from 0, a job is; None where nobody has divided the cell. ``skip_done`` takes the runs
    of earlier sweeps for cells that are equal to them.
    """

    interleave: int = 1
    baseline: str | None = None
    block: int | None = None
    skip_done: bool = False

    def share(self, iterations: int) -> int:
        """Return how many of a cell's iterations this job runs. Raises :class:`ConfigError` for blocks without any."""
        check_blocks(self.interleave, iterations)
        if self.interleave > 1 and self.block is None:
            raise ConfigError(
                "sweep.interleave", f"{self.interleave} for a single run", "1; with -m the cells of a sweep take turns"
            )
        return share(iterations, self.interleave, self.block or 0)


def sweep_settings(values: object) -> SweepSettings:
    """Check the mapping ``sweep`` of a configuration. Raises :class:`ConfigError`."""
    if values is None:
        return SweepSettings()
    names = [field.name for field in fields(SweepSettings)]
    if not isinstance(values, Mapping):
        raise ConfigError("sweep", repr(values), "a mapping of keys to values", names)
    for key in values:
        if key not in names:
            raise ConfigError(f"sweep.{key}", f"the key '{key}'", "a key of a sweep", names)
    interleave, block = values.get("interleave", 1), values.get("block")
    if not _is_whole(interleave) or interleave < 1:
        raise ConfigError("sweep.interleave", repr(interleave), "a whole number of at least 1")
    if block is not None and (not _is_whole(block) or not 0 <= block < interleave or interleave == 1):
        expected = f"a block from 0 to {interleave - 1}" if interleave > 1 else "none, for sweep.interleave is 1"
        raise ConfigError("sweep.block", repr(block), expected)
    skip_done = values.get("skip_done", False)
    if not isinstance(skip_done, bool):
        raise ConfigError("sweep.skip_done", repr(skip_done), "true or false")
    return SweepSettings(interleave, _baseline(values.get("baseline")), block, skip_done)


def _baseline(value: object) -> str | None:
    """Return the baseline as text. Which cell it names, and whether any, is known when the cells are."""
    if value is None:
        return None
    if (_is_whole(value) and int(str(value)) >= 0) or (isinstance(value, str) and value.strip()):
        return str(value).strip()
    raise ConfigError("sweep.baseline", repr(value), EXPECTED)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_blocks(blocks: int, iterations: int) -> None:
    """Raise :class:`ConfigError` where a block would have no iteration."""
    if blocks > iterations:
        raise ConfigError(
            "sweep.interleave", str(blocks), f"at most iterations={iterations}: a block has at least one iteration"
        )


def share(iterations: int, blocks: int, block: int) -> int:
    """Return a block's share of a cell's iterations; what does not divide goes to the first blocks."""
    return iterations // blocks + (block < iterations % blocks)


def order_of_round(number: int, cells: int) -> list[int]:
    """Return the cells, counted from 0, in the order in which a round (counted from 0) runs them.

    ``A B C, C B A`` are the first two rounds, ``B C A, A C B`` the next two: over each pair every cell runs at the
    same mean position, and over as many pairs as there are cells each is first equally often.
    """
    first = number // 2 % cells
    order = [*range(first, cells), *range(first)]
    return order[::-1] if number % 2 else order
