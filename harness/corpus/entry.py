"""One utterance as a dataset names it, before its audio is decoded; and what cannot be one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

from harness.errors import InputError, UnusableEntries
from harness.records import Word

MOST_SHOWN = 20
"""How many bad entries are shown; the rest are counted."""
_LONGEST_SHOWN = 60
"""Characters of a value that a line about it repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a dataset says of one utterance.

    ``audio`` is the file's path, found from the working directory; the utterance is the stretch of it from
    ``offset_s`` on that lasts ``duration_s``, or all that follows where that is None. ``reference`` is what is said,
    None with the reason in ``no_reference``. ``words`` are reference times, counted from the stretch's start.
    ``speaker`` and ``language`` (a BCP 47 tag) are None where nobody says. ``synthetic`` says how speech was made that
    nobody spoke; ``recording`` names what the stretch is a part of.

    ``fetch`` is None where ``audio`` is a file. Where the audio lies inside of something else (a table of bytes),
    ``audio`` says where in that, and ``fetch`` writes a file, unless it is there already, and returns its path; it
    may raise :class:`harness.errors.InputError`.
    """

    id: str
    audio: str
    offset_s: float = 0.0
    duration_s: float | None = None
    reference: str | None = None
    no_reference: str | None = None
    speaker: str | None = None
    language: str | None = None
    words: tuple[Word, ...] = ()
    synthetic: str = ""
    recording: str = ""
    fetch: Callable[[], Path] | None = field(default=None, compare=False, repr=False)

    def file(self) -> Path:
        """Return the path of the audio file; may write it first."""
        return self.fetch() if self.fetch else Path(self.audio)


@dataclass(frozen=True, slots=True)
class BadEntry:
    """What a dataset holds and cannot be worked on: where it stands (``line 17``, a file), what was found and expected.

    It stands in the list that the user reads before anything is run, or is counted with ``dataset.on_bad=skip``.
    """

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}"

    @classmethod
    def of(cls, where: str, error: InputError) -> "BadEntry":
        """Return what a check of one entry found, at the place where the entry stands."""
        return cls(where, error.found, error.expected)


class Entries(Protocol):
    """What a form's reader returns: entries by number, in the dataset's own order, and what could not be read.

    ``__getitem__`` may read the disk: a dataset of 100,000 entries need not lie in memory.
    """

    @property
    def bad(self) -> Sequence[BadEntry]:
        """Everything that cannot be worked on; of a dataset that is all wrong, all of it."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Entry: ...


def refuse_bad(bad: Sequence[BadEntry], dataset: str) -> NoReturn:
    """Raise :class:`harness.errors.UnusableEntries` with what is bad in a dataset, at most 20 of it and how many more.

    ``dataset`` is what the user named: ``manifest.jsonl``.
    """
    lines = [str(one) for one in bad[:MOST_SHOWN]]
    if len(bad) > MOST_SHOWN:
        lines.append(f"and {len(bad) - MOST_SHOWN} more")
    found = f"1 bad entry in {dataset}" if len(bad) == 1 else f"{len(bad)} bad entries in {dataset}"
    raise UnusableEntries("dataset", found, "none; dataset.on_bad=skip runs the rest", lines)


def quoted(value: object) -> str:
    """Return a value as a line about it can show it: at most 60 characters, on one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
