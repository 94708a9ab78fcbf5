"""From a dataset's entries to those that a run is over: filters, a seeded subset, a limit, and the selection's hash.

Entries are gone through one by one and are not kept: of each only its number is, and its duration. What a header alone
tells, how long a file plays, is read only of entries of which the dataset does not say it, and only when they are
still in the choice.
"""

import hashlib
import json
import math
import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from heapq import nsmallest
from pathlib import Path

from harness.audio import length_s
from harness.corpus.choice import Choice
from harness.corpus.entry import BadEntry, Entries, Entry, refuse_bad
from harness.errors import InputError
from harness.records import CorpusRecord

_ROUNDING_S = 1e-6
"""What a sum of durations may be off: three times 0.1 s is a hair more than 0.3 s."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The numbers of the chosen entries, in the dataset's order; the record of it; every entry that was skipped."""

    numbers: Sequence[int]
    record: CorpusRecord
    bad: tuple[BadEntry, ...] = ()


def select(entries: Entries, choice: Choice, seed: int, form: str, source: str = "") -> Selection:
    """Choose from a dataset's entries. The same dataset, choice and seed give the same on any machine.

    ``form`` is the dataset's, for the record; ``source`` is what the user named, for the line about bad entries.
    Raises :class:`InputError` where an entry cannot be used and ``choice`` does not skip it, and where nothing is left.
    """
    if choice.on_bad == "stop":
        _refuse(entries.bad, source or form)
    chosen = _Chosen(entries, array("L", range(len(entries))))
    if choice.speakers:
        wanted = frozenset(choice.speakers)
        chosen.keep("speakers", lambda entry: entry.speaker in wanted)
    if choice.matching is not None:
        pattern = choice.matching
        chosen.keep("matching", lambda entry: fnmatchcase(entry.id, pattern))
    if choice.min_duration_s is not None or choice.max_duration_s is not None:
        chosen.keep_lengths(choice.min_duration_s, choice.max_duration_s)
    if choice.subset is not None:
        chosen.keep_only("subset", _drawn(entries, chosen.numbers, choice.subset, seed))
    chosen.measure()
    if choice.limit_s is not None:
        chosen.keep_only("limit_s", _within(chosen, choice.limit_s))
    if choice.on_bad == "stop":
        _refuse(chosen.bad, source or form)
    if not chosen.numbers:
        raise _nothing(entries, chosen)
    return Selection(chosen.numbers, _record(entries, chosen, form), (*entries.bad, *chosen.bad))


def _refuse(bad: Sequence[BadEntry], source: str) -> None:
    if bad:
        refuse_bad(bad, source)


@dataclass
class _Chosen:
    """Entries that are still in the choice, by number, and how long each is; ``left`` says what each filter left."""

    entries: Entries
    numbers: "array[int]"
    bad: list[BadEntry] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    durations_s: "array[float]" = field(default_factory=lambda: array("d"))
    """Of each entry by its number, NaN where it was not asked for; empty before :meth:`measure`."""

    def keep(self, key: str, fits: Callable[[Entry], bool]) -> None:
        """Leave out, on account of a key of the configuration, what does not fit."""
        self.keep_only(key, [number for number in self.numbers if fits(self.entries[number])])

    def keep_only(self, key: str, kept: Iterable[int]) -> None:
        """Leave out, on account of a key, all others."""
        before, self.numbers = len(self.numbers), array("L", kept)
        self.left[key] = len(self.numbers)
        if before > len(self.numbers):
            self.left_out[key] = before - len(self.numbers)

    def keep_lengths(self, least_s: float | None, most_s: float | None) -> None:
        """Leave out what is shorter or longer."""
        self.measure()
        durations_s = self.durations_s
        if least_s is not None:
            self.keep_only("min_duration_s", [one for one in self.numbers if durations_s[one] >= least_s])
        if most_s is not None:
            self.keep_only("max_duration_s", [one for one in self.numbers if durations_s[one] <= most_s])

    def measure(self) -> None:
        """Learn how long each is, once; what turns out to be no audio is bad."""
        if self.durations_s:
            return
        self.durations_s = array("d", (math.nan,)) * len(self.entries)
        for number in self.numbers:
            entry = self.entries[number]
            try:
                self.durations_s[number] = _duration_s(entry)
            except InputError as error:
                self.bad.append(BadEntry(entry.id, error.found, error.expected))
        self.numbers = array("L", (one for one in self.numbers if not math.isnan(self.durations_s[one])))


def _duration_s(entry: Entry) -> float:
    """Return how long an utterance is: what the dataset says, or what is left of its file by that file's header."""
    if entry.duration_s is not None:
        return entry.duration_s
    plays_s = length_s(entry.file())
    if plays_s <= entry.offset_s:
        raise InputError("dataset.audio", f"'{entry.audio}' of {plays_s:g} s", f"audio beyond {entry.offset_s:g} s")
    return plays_s - entry.offset_s


def _drawn(entries: Entries, numbers: Sequence[int], count: int, seed: int) -> list[int]:
    """Return a random subset in the dataset's order: those whose id, hashed with the seed, comes first.

    So it depends on no library's generator, hardly changes when entries are added, and a smaller subset is part of a
    larger one.
    """

    def rank(number: int) -> tuple[bytes, int]:
        return hashlib.sha256(f"{seed}:{entries[number].id}".encode(errors="surrogateescape")).digest(), number

    return sorted(nsmallest(count, numbers, key=rank))


def _within(chosen: _Chosen, limit_s: float) -> list[int]:
    """Return the first utterances that together last no longer than the limit."""
    kept, sum_s = [], 0.0
    for number in chosen.numbers:
        sum_s += chosen.durations_s[number]
        if sum_s > limit_s + _ROUNDING_S:
            break
        kept.append(number)
    return kept


def _nothing(entries: Entries, chosen: _Chosen) -> InputError:
    of = f"no utterance of {_all(entries):,} entries"
    bad = len(entries.bad) + len(chosen.bad)
    left = ", ".join(
        (*((f"{bad:,} cannot be used",) if bad else ()), *(f"{key} left {n:,}" for key, n in chosen.left.items()))
    )
    return InputError("dataset", f"{of} ({left})" if left else of, "at least one utterance")


def _all(entries: Entries) -> int:
    return len(entries) + len(entries.bad)


def _record(entries: Entries, chosen: _Chosen, form: str) -> CorpusRecord:
    speakers: set[str] = set()
    synthetic: set[str] = set()
    shared, here = None, str(Path.cwd())
    for number in chosen.numbers:
        entry = entries[number]
        speakers |= {entry.speaker} if entry.speaker else set()
        synthetic |= {entry.synthetic} if entry.synthetic else set()
        shared = _shared(shared, _absolute(entry.audio, here).rpartition(os.sep)[0])
    return CorpusRecord(
        form=form,
        entries=_all(entries),
        utterances=len(chosen.numbers),
        duration_s=math.fsum(chosen.durations_s[number] for number in chosen.numbers),
        sha256=_sha256((entries[number] for number in chosen.numbers), shared or "", here),
        bad=len(entries.bad) + len(chosen.bad),
        left_out=chosen.left_out,
        speakers=len(speakers),
        synthetic=tuple(sorted(synthetic)),
    )


def _shared(folder: str | None, other: str) -> str:
    """Return the folder that two folders have in common."""
    if folder is None or folder == other:
        return other
    if other.startswith(folder + os.sep):
        return folder
    return os.path.commonpath((folder, other)).rstrip(os.sep) if other else ""


def _absolute(audio: str, here: str) -> str:
    """Return a path from the root on, without dots; links stay what they are. ``here`` is the working directory."""
    return os.path.normpath(audio if audio.startswith(os.sep) else f"{here}{os.sep}{audio}")


def _sha256(entries: Iterable[Entry], folder: str, here: str) -> str:
    """Hash a selection: of each utterance in turn a line of JSON with its id, file, offset, duration, text and words.

    The file is named from the folder that all files of the selection share, so that it may lie elsewhere on another
    machine; words are text, start and end in milliseconds. Numbers are floats, or null where the dataset says nothing;
    without spaces, in UTF-8, nothing escaped but what JSON must.
    """
    digest = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for entry in entries:
        one = [
            entry.id,
            _absolute(entry.audio, here).removeprefix(folder + os.sep).replace(os.sep, "/"),
            float(entry.offset_s),
            None if entry.duration_s is None else float(entry.duration_s),
            entry.reference,
            [[word.text, float(word.start_ms), float(word.end_ms)] for word in entry.words],
        ]
        digest.update(f"{encode(one)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
