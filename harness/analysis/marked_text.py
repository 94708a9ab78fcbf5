"""A reference and a hypothesis as one text with its edits marked: what was said, and what was written instead.

The alignment is jiwer's, of words as in the word error rate; in languages written without spaces, of characters as in
the character error rate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.analysis.accuracy import aligned_words

Edit = Literal["none", "substitution", "deletion", "insertion"]
_KINDS: dict[str, Edit] = {
    "equal": "none",
    "substitute": "substitution",
    "delete": "deletion",
    "insert": "insertion",
}
_MOST_PIECES = 60
_LONGEST_EQUAL, _KEPT = 16, 6
"""Of more right words than that in a row so many are shown at either end; of edits, the first pieces."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row with the same edit: ``said`` in the reference, ``written`` in the hypothesis; either may be empty.

    Of right words (``none``) both are the same.
    """

    edit: Edit
    said: tuple[str, ...]
    written: tuple[str, ...]


def tokens(text: str, *, spaceless: bool) -> list[str]:
    """Return what is aligned of a normalised text: words, or characters where words have no spaces between them."""
    return list("".join(text.split())) if spaceless else text.split()


def pieces(said: Sequence[str], written: Sequence[str]) -> list[Piece]:
    """Align what was written with what was said, at least one token; return the pieces in their order."""
    if not said:
        raise ValueError("the reference has no words")
    if not written:
        return [Piece("deletion", tuple(said), ())]
    found = []
    for chunk in aligned_words(said, written).alignments[0]:
        ours = tuple(said[chunk.ref_start_idx : chunk.ref_end_idx])
        theirs = tuple(written[chunk.hyp_start_idx : chunk.hyp_end_idx])
        found.append(Piece(_KINDS[chunk.type], ours, theirs))
    return found


def shortened(found: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return pieces that a table has room for: long stretches of right words cut, and the end of very many edits."""
    short = tuple(_cut(piece) for piece in found[:_MOST_PIECES])
    if len(found) <= _MOST_PIECES:
        return short
    return (*short, Piece("none", (ELLIPSIS,), (ELLIPSIS,)))


def _cut(piece: Piece) -> Piece:
    return Piece(piece.edit, _ends(piece.said), _ends(piece.written))


def _ends(words: tuple[str, ...]) -> tuple[str, ...]:
    return words if len(words) <= _LONGEST_EQUAL else (*words[:_KEPT], ELLIPSIS, *words[-_KEPT:])


def edits(found: Sequence[Piece]) -> Iterator[tuple[Edit, str, str]]:
    """Yield each single edit: its kind, the word that was said and the one that was written; one of them may be ``""``.

    A substitution has as many words on both sides.
    """
    for piece in found:
        if piece.edit == "deletion":
            yield from (("deletion", word, "") for word in piece.said)
        elif piece.edit == "insertion":
            yield from (("insertion", "", word) for word in piece.written)
        elif piece.edit == "substitution":
            yield from (("substitution", *pair) for pair in zip(piece.said, piece.written, strict=True))
