"""Which words an ASR takes for which, leaves out and puts in, counted over a corpus."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.marked_text import Edit, Piece, edits

MOST = 10


@dataclass(frozen=True, slots=True)
class Confusion:
    """A kind of edit, the word that was said (empty for an insertion), the one that was written, and how often.

    ``times`` counts trials, ``places`` only once what came in several trials of an utterance.
    """

    edit: Edit
    said: str
    written: str
    times: int
    places: int


@dataclass(frozen=True, slots=True)
class Confusions:
    """The most frequent substitutions, deletions and insertions, :data:`MOST` of each.

    ``different`` says how many different ones there are of each kind. Those of most places come
    first; equal ones are in the order of the alphabet.
    """

    frequent: tuple[Confusion, ...]
    different: dict[str, int]


class ConfusionCounter:
    """Counts edits, utterance by utterance."""

    def __init__(self) -> None:
        self._times: Counter[tuple[Edit, str, str]] = Counter()
        self._places: Counter[tuple[Edit, str, str]] = Counter()

    def add(self, found: Iterable[Piece], times: int = 1) -> None:
        """Count the edits of an alignment that came so many times."""
        for edit in edits(tuple(found)):
            self._times[edit] += times
            self._places[edit] += 1

    def counted(self) -> Confusions:
        """Return what came most often."""
        frequent: list[Confusion] = []
        different: dict[str, int] = {}
        kinds: tuple[Edit, ...] = ("substitution", "deletion", "insertion")
        for kind in kinds:
            found = [(edit, times) for edit, times in self._times.items() if edit[0] == kind]
            found.sort(key=lambda one: (-self._places[one[0]], -one[1], one[0]))
            frequent += (Confusion(*edit, times, self._places[edit]) for edit, times in found[:MOST])
            different[kind] = len(found)
        return Confusions(tuple(frequent), different)
