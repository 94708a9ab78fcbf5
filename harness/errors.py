"""Every exception of ours, in one tree.

::

    HarnessError
    +-- UserError            what the user gave cannot be used; one line, exit status 2
    |   +-- ConfigError      a key, a value or a name in the configuration
    |   |   +-- ChangedSweep     jobs of a stopped sweep that are not as they were planned, a line for each
    |   +-- InputError       an audio file, a transcript, a folder
    |   |   +-- UnusableEntries  entries of a dataset, a line for each
    |   +-- PluginError      a stage, a probe or a hook that breaks its contract
    |   +-- StoreError       a run's folder that cannot be written or read
    |       +-- OwnedRun         a run that another living process has in hand
    |       +-- ChangedRun   a run whose code, models or machine are not those that it was begun with
    |       +-- DiskError    it could be written until now: the disk is full, read-only, or fails
    +-- GuardError           a second model was about to be loaded under ``one_at_a_time``
    +-- WorkerError          the measured process failed; becomes a trial's outcome
        +-- WorkerCrashed    it died: by a signal, or by leaving
        +-- WorkerOutOfMemory    it needed more than the limit that was set for it
        +-- WorkerTimeout    it did not answer in time
        +-- WorkerRubbish    it answered what is no answer
        +-- StageFailed      the engine raised
        +-- StageRefused     the engine is whole, and will not take this input
"""

import errno
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from harness.printable import printable

_MOST_LINES = 5


class HarnessError(Exception):
    """The root of every exception that the harness raises on purpose."""


class UserError(HarnessError):
    """What the user gave cannot be used.

    The message is one line: what was found, what was expected, and what there is to choose from, the
    nearest first. The same stands in the attributes.
    """

    def __init__(self, subject: str, found: str, expected: str, choices: Iterable[str] = ()) -> None:
        self.subject = subject
        self.found = found
        self.expected = expected
        self.choices = nearest_first(found, choices)
        super().__init__(subject, found, expected)

    def __str__(self) -> str:
        line = f"{self.subject}: found {self.found}, expected {self.expected}"
        if self.choices:
            line += f"; choose from: {', '.join(self.choices)}"
        return printable(" ".join(line.split()))

    def shown(self) -> str:
        """Return what a terminal is shown: the message, and what does not fit into one line below it."""
        return str(self)


class ConfigError(UserError):
    """A key, a value or a name in the configuration."""


class ChangedSweep(ConfigError):
    """Jobs that are left of a stopped sweep, and are not as they were planned: a line for each in ``lines``."""

    def __init__(self, changed: int, left: int, lines: Iterable[str]) -> None:
        super().__init__(
            "configuration",
            f"{changed} of the {left} jobs that are left with another one than was planned",
            "the same; --force takes what is composed now",
        )
        self.lines = tuple(printable(" ".join(line.split())) for line in lines)

    def shown(self) -> str:
        """Return the message and a line for each of the first few jobs below it."""
        few = [f"  {line}" for line in self.lines[:_MOST_LINES]]
        more = len(self.lines) - len(few)
        return "\n".join((str(self), *few, *([f"  and {more} more"] if more else [])))


class InputError(UserError):
    """An audio file, a transcript or a folder that was named as input."""


class UnusableEntries(InputError):
    """Entries of a dataset that cannot be worked on: the message says how many, ``lines`` which, one for each."""

    def __init__(self, subject: str, found: str, expected: str, lines: Iterable[str]) -> None:
        super().__init__(subject, found, expected)
        self.lines = tuple(printable(" ".join(line.split())) for line in lines)

    def shown(self) -> str:
        """Return the message and a line for each entry below it."""
        return "\n".join((str(self), *(f"  {line}" for line in self.lines)))


class PluginError(UserError):
    """A stage, a probe or a hook that breaks its contract."""


class StoreError(UserError):
    """A run's folder that cannot be written, or is none."""


class OwnedRun(StoreError):
    """A run that another living process has in hand; ``elsewhere`` where its life is known by its heartbeat alone."""

    def __init__(self, subject: str, found: str, expected: str, *, elsewhere: bool = False) -> None:
        super().__init__(subject, found, expected)
        self.elsewhere = elsewhere


class ChangedRun(StoreError):
    """A stopped run that would go on with something else: the message says how much, ``lines`` what, one for each."""

    def __init__(self, subject: str, found: str, expected: str, lines: Iterable[str]) -> None:
        super().__init__(subject, found, expected)
        self.lines = tuple(printable(" ".join(line.split())) for line in lines)

    def shown(self) -> str:
        """Return the message and a line for each difference below it."""
        return "\n".join((str(self), *(f"  {line}" for line in self.lines)))


class DiskError(StoreError):
    """A file that could not be written: the disk is full, a quota is used up, or it is read-only, or fails.

    ``number`` is the system's, of :mod:`errno`, None where it gave none; ``path`` is the file, ``reason`` in words why.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        self.path, self.number = path, error.errno
        self.reason = error.strerror or str(error)
        super().__init__("output file", f"'{path}' ({self.reason})", "a file that can be written")


def unwritten(path: Path, error: OSError) -> StoreError:
    """Return the error of a file that could not be written: the disk's, or that of a place that is none."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG):
        return StoreError("output file", f"'{path}' ({error.strerror})", "a file that can be written")
    return DiskError(path, error)


class GuardError(HarnessError):
    """A second model was about to be loaded under ``residency=one_at_a_time``."""


class WorkerError(HarnessError):
    """The measured process failed; becomes the outcome of the trial in hand.

    ``kind`` is the outcome's kind in the record, the message is its detail.
    """

    kind = "error"


class WorkerCrashed(WorkerError):
    """The measured process died. The message names the signal or the exit status."""

    kind = "crashed"


class WorkerOutOfMemory(WorkerError):
    """The measured process needed more memory than its limit. The message names the limit: ``at 1800 MiB``."""

    kind = "oom"


class WorkerTimeout(WorkerError):
    """The measured process did not answer in time."""

    kind = "timeout"


class WorkerRubbish(WorkerError):
    """The measured process answered something that is no answer."""

    kind = "rubbish"


class StageFailed(WorkerError):
    """The engine raised; the worker that holds it is replaced."""

    kind = "error"


class StageRefused(WorkerError):
    """The engine is whole and will not take this input; the worker goes on."""

    kind = "refused"


def nearest_first(found: str, choices: Iterable[str]) -> tuple[str, ...]:
    """Return ``choices`` sorted by likeness to ``found``, the nearest first, ties by name."""
    word = found.strip("'\"")

    def likeness(choice: str) -> tuple[float, str]:
        return -SequenceMatcher(None, word, choice).ratio(), choice

    return tuple(sorted(set(choices), key=likeness))
