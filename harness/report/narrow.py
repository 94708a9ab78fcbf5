"""A wide table as several narrow ones, for a terminal: the first columns again in each, long texts wrapped."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from textwrap import wrap

from harness.report.tables import Table

WIDTH = 120
"""Columns of a terminal in which tables stay readable."""
_LEAST = 60
_LONGEST = 36
"""A line of a cell that is longer is wrapped: an outcome, a path."""
_GAP = 2
_APART = 4
_PADDING = 2
"""What tabulate puts between two columns, and around a header."""


def screen_width() -> int:
    """Return the columns of the terminal, within what tables need and what stays readable; of a pipe the latter."""
    return max(_LEAST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def narrowed(table: Table, stub: int, width: int = WIDTH) -> list[Table]:
    """Split a table so that each part fits; the first ``stub`` columns stand in each, the notes below the last.

    One column beside the stub is always shown, whatever its width.
    """
    rows = [tuple(map(_wrapped, row)) for row in table.rows]
    widths = [_width(header, [row[column] for row in rows]) for column, header in enumerate(table.headers)]
    chosen = list(_packed(widths, stub, width))
    parts = [
        replace(
            table,
            headers=_picked(table.headers, stub, columns),
            rows=tuple(_picked(row, stub, columns) for row in rows),
            notes=(),
        )
        for columns in chosen
    ]
    return [*parts[:-1], replace(parts[-1], notes=table.notes)]


def side_by_side(texts: Sequence[str], width: int = WIDTH) -> str:
    """Lay small texts beside each other, as many as fit in a line, and the next ones below."""
    shelves: list[list[list[str]]] = []
    taken = width
    for lines in (text.split("\n") for text in texts):
        columns = max(map(len, lines)) + _APART
        if taken + columns - _APART > width:
            shelves.append([])
            taken = 0
        shelves[-1].append(lines)
        taken += columns
    return "\n\n".join(_shelf(blocks) for blocks in shelves)


def _shelf(blocks: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, lines)) + _APART for lines in blocks]
    rows = zip_longest(*blocks, fillvalue="")
    return "\n".join("".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _packed(widths: Sequence[int], stub: int, width: int) -> Iterator[range]:
    """Yield the columns of each part."""
    free = width - sum(widths[:stub]) - _GAP * max(0, stub - 1)
    start, taken = stub, 0
    for column in range(stub, len(widths)):
        taken += widths[column] + _GAP
        if taken > free and column > start:
            yield range(start, column)
            start, taken = column, widths[column] + _GAP
    yield range(start, len(widths))


def _picked(cells: Sequence[str], stub: int, columns: range) -> tuple[str, ...]:
    return (*cells[:stub], *(cells[column] for column in columns))


def _wrapped(text: str) -> str:
    lines = [part for line in text.split("\n") for part in (wrap(line, _LONGEST) if len(line) > _LONGEST else [line])]
    return "\n".join(lines)


def _width(header: str, cells: Sequence[str]) -> int:
    longest = max((len(line) for cell in cells for line in cell.split("\n")), default=0)
    return max(longest, _PADDING + max(len(line) for line in header.split("\n")))
