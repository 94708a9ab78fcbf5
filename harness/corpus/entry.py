"""One utterance as a dataset names it, before its audio is decoded; and what cannot be one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.records import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a dataset says of one utterance.

    ``audio`` is the file's path, found from the working directory; the utterance is the stretch of it from
    ``offset_s`` on that lasts ``duration_s``, or all that follows where that is None. ``reference`` is what is said,
    None with the reason in ``no_reference``. ``words`` are reference times, counted from the stretch's start.
    ``speaker`` and ``language`` (a BCP 47 tag) are None where nobody says. ``synthetic`` says how speech was made that
    nobody spoke; ``recording`` names what the stretch is a part of.
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


class Entries(Protocol):
    """What a form's reader returns: entries by number, in the dataset's own order, and what could not be read.

    ``__getitem__`` may read the disk: a dataset of 100,000 entries need not lie in memory.
    """

    @property
    def bad(self) -> Sequence[BadEntry]:
        """Everything that cannot be worked on; of a dataset that is all wrong, all of it."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Entry: ...
