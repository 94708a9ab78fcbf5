"""A table's cell that shows a text with its edits marked: ``~~said~~ **written**``, in a page deleted and inserted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.analysis.marked_text import Piece
from harness.printable import printable

_MARKUP = re.compile(r"([\\`*_~\[\]<>&#])")
_MARKS = {"": "{}", "del": "~~{}~~", "ins": "**{}**"}


@dataclass(frozen=True, slots=True)
class Span:
    """Words in a row: right ones, or which element of HTML marks them."""

    tag: Literal["", "del", "ins"]
    text: str


class MarkedCell(str):
    """The text as a terminal shows it; ``markdown`` is escaped, ``spans`` are for a page.

    ``space`` is what stands between two spans: nothing in languages without spaces.
    """

    spans: tuple[Span, ...]
    space: str

    @property
    def markdown(self) -> str:
        """The same for a Markdown file: what the words have of its markup is escaped."""
        return self.space.join(_MARKS[span.tag].format(_MARKUP.sub(r"\\\1", span.text)) for span in self.spans)


def marked_cell(pieces: Iterable[Piece], *, spaceless: bool) -> MarkedCell:
    """Return the cell of an alignment."""
    space = "" if spaceless else " "
    spans = tuple(_spans(pieces, space))
    cell = MarkedCell(space.join(_MARKS[span.tag].format(span.text) for span in spans))
    cell.spans, cell.space = spans, space
    return cell


def _spans(pieces: Iterable[Piece], space: str) -> Iterator[Span]:
    for piece in pieces:
        said, written = (printable(space.join(words)) for words in (piece.said, piece.written))
        if piece.edit == "none":
            yield Span("", said)
            continue
        if said:
            yield Span("del", said)
        if written:
            yield Span("ins", written)
