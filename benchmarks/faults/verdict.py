"""What one part of the campaign came to, and the table of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import tabulate

HEADERS = (
    "fault", "tried", "finished before", "found after", "lost", "counted twice", "orphans", "tracebacks", "hangs",
    "other",
)  # fmt: skip


@dataclass
class Row:
    """One part: how many moments were tried, and what was wrong at any of them, a line each in ``defects``.

    ``finished`` trials were on the disk before the fault, ``found`` of them are in the folder after it, and after the
    run was resumed. ``other`` counts what has no column: a status or a line that is not as promised.
    """

    name: str
    tried: int = 0
    finished: int = 0
    found: int = 0
    twice: int = 0
    orphans: int = 0
    tracebacks: int = 0
    hangs: int = 0
    other: int = 0
    skipped: str = ""
    defects: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Trials that were finished and are not there any more."""
        return self.finished - self.found

    @property
    def ok(self) -> bool:
        """Whether everything that was promised held."""
        return not self.defects and not any(
            (self.lost, self.twice, self.orphans, self.tracebacks, self.hangs, self.other)
        )

    def wrong(self, column: str, case: str, what: str, count: int = 1) -> None:
        """Count something that is not as promised, in a column, and keep a line that says at which case."""
        setattr(self, column, getattr(self, column) + count)
        self.defects.append(f"{self.name}, {case}: {what}")


def markdown(rows: Sequence[Row]) -> str:
    """Return the table as it stands in the docs."""
    cells = [
        (row.name, f"skipped: {row.skipped}") if row.skipped else (row.name, *(f"{value:,}" for value in _counts(row)))
        for row in rows
    ]
    return tabulate.tabulate(cells, HEADERS, tablefmt="pipe", disable_numparse=True)


def _counts(row: Row) -> tuple[int, ...]:
    return (
        row.tried, row.finished, row.found, row.lost, row.twice, row.orphans, row.tracebacks, row.hangs, row.other,
    )  # fmt: skip
