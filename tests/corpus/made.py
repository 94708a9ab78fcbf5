"""A dataset in memory, and its entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.corpus.entry import BadEntry, Entry


@dataclass(frozen=True)
class Made:
    """Entries as a form's reader returns them."""

    entries: Sequence[Entry]
    bad: Sequence[BadEntry] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, number: int) -> Entry:
        return self.entries[number]


def entry(name: str, duration_s: float | None = 1.0, **more: Any) -> Entry:
    """Return an entry of a file that need not be there."""
    return Entry(**{"id": name, "audio": f"clips/{name}.wav", "duration_s": duration_s, "reference": name, **more})


def made(count: int, **more: Any) -> Made:
    """Return so many entries, ``u00`` and on, the first of 1 s, each a second longer than the one before."""
    return Made([entry(f"u{number:02}", 1.0 + number, **more) for number in range(count)])
