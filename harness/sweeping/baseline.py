"""The cell of a sweep that the others are compared with: named by what was swept, or by the number of a job of its."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from harness.errors import ConfigError, nearest_first

EXPECTED = "key=value[,key=value] of one cell, or a job's number"

_BETWEEN_KEYS = re.compile(r",(?=[^=,\[\](){}]+=)")
"""A comma that another key follows: those inside a value, a list for instance, are none."""
_QUOTED = re.compile(r"""(['"])(.*)\1""", re.DOTALL)
_UNSEEN = re.compile(r"""\s+(?=[\[\](){},:])|(?<=[\[\](){},:])\s+|['"]""")
"""Two spellings of one list or mapping differ at most in these."""
_MOST_CHOICES = 12
_WORDS = ("true", "false", "null")
"""Values that mean the same in any case."""


class NamedCell(Protocol):
    """What names a cell, before it has run and afterwards: its overrides by key, and its jobs' folders."""

    @property
    def overrides(self) -> Mapping[str, str]:
        """The overrides that make it, by key."""

    @property
    def job(self) -> str:
        """Its first job."""

    @property
    def jobs(self) -> Sequence[str]:
        """All its jobs: one for each block."""


@dataclass(frozen=True, slots=True)
class CellName:
    """A :class:`NamedCell` and no more."""

    overrides: Mapping[str, str]
    jobs: tuple[str, ...]

    @property
    def job(self) -> str:
        """Its first job."""
        return self.jobs[0]


Named = TypeVar("Named", bound=NamedCell)


def find_baseline(key: str, asked: str, cells: Sequence[Named], swept: Sequence[str]) -> Named:
    """Return the one cell that is meant by a job's number, or by ``key=value[,key=value]``.

    ``key`` is where it was asked for: ``sweep.baseline`` or ``--baseline``. Raises :class:`ConfigError`, which names
    what there is to choose from, where there is no such cell or are several.
    """
    wanted = _wanted(asked)
    if wanted is None:
        found = [cell for cell in cells if asked.strip() in cell.jobs]
    else:
        found = [cell for cell in cells if _matches(cell, wanted)]
    if len(found) == 1:
        return found[0]
    which = f"'{asked}', which is {len(found) or 'no'} cell{'s' if found else ''}"
    raise ConfigError(key, which, EXPECTED, _choices(asked, found or cells, swept))


def label(cell: NamedCell, swept: Sequence[str]) -> str:
    """Return what names a cell to a reader, and to :func:`find_baseline`: its swept keys, else its job's number."""
    keys = [f"{key}={cell.overrides[key]}" for key in swept if key in cell.overrides]
    return ",".join(keys) or cell.job


def plain(value: str) -> str:
    """Return an override's value as it means: without its quotes and outer spaces."""
    quoted = _QUOTED.fullmatch(value.strip())
    if quoted:
        return quoted[2]
    bare = value.strip()
    return bare.lower() if bare.lower() in _WORDS else bare


def _wanted(asked: str) -> Mapping[str, str] | None:
    """Return the keys that a name gives, None where it gives none."""
    if "=" not in asked:
        return None
    pairs = (pair.partition("=") for pair in _BETWEEN_KEYS.split(asked.strip()))
    return {key.strip().lstrip("+~"): _compared(value) for key, _, value in pairs}


def _matches(cell: NamedCell, wanted: Mapping[str, str]) -> bool:
    return all(key in cell.overrides and _compared(cell.overrides[key]) == value for key, value in wanted.items())


def _compared(value: str) -> str:
    return _UNSEEN.sub("", plain(value))


def _choices(asked: str, cells: Sequence[NamedCell], swept: Sequence[str]) -> Sequence[str]:
    """Return the nearest names; the numbers of jobs where two cells have one name."""
    names = [label(cell, swept) for cell in cells]
    if len(set(names)) < len(names):
        names = [cell.job for cell in cells]
    return nearest_first(asked, names)[:_MOST_CHOICES]
