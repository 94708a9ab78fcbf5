"""The cell of a sweep that the others are compared with: named by what was swept, or by the number of its job."""

import re
from collections.abc import Mapping, Sequence

from harness.analysis.cell import Cell
from harness.errors import ConfigError, nearest_first

_BETWEEN_KEYS = re.compile(r",(?=[^=,\[\](){}]+=)")
"""A comma that another key follows: those inside a value, a list for instance, are none."""
_QUOTED = re.compile(r"""(['"])(.*)\1""", re.DOTALL)
_MOST_CHOICES = 12
_WORDS = ("true", "false", "null")
"""Values that mean the same in any case."""


def find_baseline(asked: str, cells: Sequence[Cell], swept: Sequence[str]) -> Cell:
    """Return the one cell that is meant by a job's number, or by ``key=value[,key=value]``.

    Raises :class:`ConfigError`, which names what there is to choose from, where there is none or are several.
    """
    wanted = _wanted(asked)
    if wanted is None:
        found = [cell for cell in cells if asked.strip() in cell.jobs]
    else:
        found = [cell for cell in cells if _matches(cell, wanted)]
    if len(found) == 1:
        return found[0]
    expected = "a job's number, or key=value[,key=value] of the swept keys of one cell"
    if not found:
        raise ConfigError("baseline", f"'{asked}', which is no cell", expected, _choices(asked, cells, swept))
    which = f"'{asked}', which {len(found)} cells are"
    raise ConfigError("baseline", which, expected, _choices(asked, found, swept))


def label(cell: Cell, swept: Sequence[str]) -> str:
    """Return what names a cell to a reader, and to :func:`find_baseline`: its swept keys, else its job's number."""
    keys = [f"{key}={cell.overrides[key]}" for key in swept if key in cell.overrides]
    return ",".join(keys) or cell.job


def _wanted(asked: str) -> Mapping[str, str] | None:
    """Return the keys that a name gives, None where it gives none."""
    if "=" not in asked:
        return None
    pairs = (pair.partition("=") for pair in _BETWEEN_KEYS.split(asked.strip()))
    return {key.strip().lstrip("+~"): plain(value) for key, _, value in pairs}


def _matches(cell: Cell, wanted: Mapping[str, str]) -> bool:
    return all(key in cell.overrides and plain(cell.overrides[key]) == value for key, value in wanted.items())


def plain(value: str) -> str:
    """Return an override's value as it means: without its quotes and outer spaces."""
    quoted = _QUOTED.fullmatch(value.strip())
    if quoted:
        return quoted[2]
    bare = value.strip()
    return bare.lower() if bare.lower() in _WORDS else bare


def _choices(asked: str, cells: Sequence[Cell], swept: Sequence[str]) -> Sequence[str]:
    """Return the nearest names; the numbers of jobs where two cells have one name."""
    names = [label(cell, swept) for cell in cells]
    if len(set(names)) < len(names):
        names = [cell.job for cell in cells]
    return nearest_first(asked, names)[:_MOST_CHOICES]
