"""The baseline of a sweep: which cell a user's words name."""

import re
from collections.abc import Mapping, Sequence

from harness.errors import ConfigError, nearest_first

_COMMA = re.compile(r",(?![^\[({]*[\])}])")
"""A comma outside of brackets: ``order=[asr,aligner],threads=1`` has one."""
_UNSEEN = re.compile(r"[\s'\"]")
"""Two spellings of a value differ at most in these."""
_MOST_SHOWN = 12


def baseline_cell(
    baseline: str | None, cells: Sequence[Mapping[str, str]], swept: Sequence[str], cell_of_job: Mapping[str, int]
) -> int:
    """Return the cell, counted from 0, with which the others are compared: the first where none is named.

    ``cells`` are the overrides of each, by key, and ``cell_of_job`` tells the cell of a job's folder. Raises
    :class:`ConfigError`, with cells to choose from, where the words fit no cell or several.
    """
    if baseline is None:
        return 0
    if "=" not in baseline:
        if baseline not in cell_of_job:
            found = f"the job '{baseline}'"
            raise ConfigError(
                "sweep.baseline", found, "key=value of one cell, or a job's number", [*cell_of_job][:_MOST_SHOWN]
            )
        return cell_of_job[baseline]
    wanted = dict(part.split("=", 1) for part in _COMMA.split(baseline) if "=" in part)
    asked = {_plain(key): _plain(value) for key, value in wanted.items()}
    fitting = [
        number
        for number, cell in enumerate(cells)
        if asked.items() <= {_plain(key): _plain(value) for key, value in cell.items()}.items()
    ]
    if len(fitting) == 1:
        return fitting[0]
    labels = [cell_label(cells[number], swept) for number in fitting or range(len(cells))]
    found = f"'{baseline}', which is {len(fitting)} cells" if fitting else f"'{baseline}', which is no cell"
    raise ConfigError("sweep.baseline", found, "one cell of the sweep", nearest_first(baseline, labels)[:_MOST_SHOWN])


def cell_label(cell: Mapping[str, str], swept: Sequence[str]) -> str:
    """Return the words that name a cell: its swept keys with their values."""
    return ",".join(f"{key}={_plain(cell[key])}" for key in swept if key in cell)


def _plain(text: str) -> str:
    return _UNSEEN.sub("", text).lstrip("+")
