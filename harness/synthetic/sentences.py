"""Which words in which order with which pauses: seeded, so that the same seed gives the same sentences."""

import random
from collections.abc import Mapping, Sequence

from harness.errors import InputError
from harness.synthetic.layout import Placed
from harness.synthetic.pieces import Cuttings, Piece

KINDS = ("shuffled", "repeated", "long-pause", "back-to-back")
"""``shuffled``: in a drawn order; ``repeated``: each word twice in a row; ``long-pause``: one pause of two seconds;
``back-to-back``: no pause between any two words."""
LONG_PAUSE_MS = 2_000
_NAMED = 5
"""How many unknown words one line of complaint names."""
PUNCTUATION = '.,;:!?"()[]\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}'
"""What may stand around a word and is no part of it; an apostrophe may be."""

Pauses = tuple[int, int]
"""The shortest and the longest pause in ms; one is drawn of all whole milliseconds between."""


def drawn(
    pieces: Sequence[Piece], kind: str, length: int, pauses_ms: Pauses, dice: random.Random
) -> tuple[Placed, ...]:
    """Return a sentence of so many words of one of :data:`KINDS`, each piece at most once where there are enough."""
    order = _draw(pieces, -(-length // 2), dice) if kind == "repeated" else _draw(pieces, length, dice)
    if kind == "repeated":
        order = [piece for one in order for piece in (one, one)][:length]
    pauses = [0 if kind == "back-to-back" else dice.randint(*pauses_ms) for _ in order]
    if kind == "long-pause" and len(order) > 1:
        pauses[dice.randrange(1, len(order))] = LONG_PAUSE_MS
    return tuple(map(Placed, pauses, order))


def told(
    words: Sequence[str], stock: Mapping[str, Sequence[Piece]], pauses_ms: Pauses, dice: random.Random
) -> tuple[Placed, ...]:
    """Return a sentence of the words that are asked for; of a word that was cut several times, one is drawn."""
    return tuple(Placed(dice.randint(*pauses_ms), dice.choice(stock[word])) for word in words)


def stock_of(cuttings: Cuttings) -> dict[str, list[Piece]]:
    """Return the pieces of a recording by their word, as :func:`plain` writes it."""
    stock: dict[str, list[Piece]] = {}
    for piece in cuttings.pieces:
        stock.setdefault(plain(piece.word), []).append(piece)
    return stock


def stocked(words: Sequence[str], stocks: Sequence[Mapping[str, Sequence[Piece]]], line: int) -> int:
    """Return which recording has all the words. Raises :class:`InputError` where none has, with those that lack."""
    lacking = [[word for word in dict.fromkeys(words) if word not in stock] for stock in stocks]
    best = min(range(len(stocks)), key=lambda number: len(lacking[number]))
    if lacking[best]:
        known = f"words that one recording has: {', '.join(sorted(stocks[best]))}"
        named = ", ".join(map(repr, lacking[best][:_NAMED])) + (", ..." if len(lacking[best]) > _NAMED else "")
        raise InputError("--text", f"line {line} with {named}", known)
    return best


def plain(word: str) -> str:
    """Return a word as it is looked up: lower case, without punctuation around it."""
    return word.lower().strip(PUNCTUATION)


def _draw(pieces: Sequence[Piece], length: int, dice: random.Random) -> list[Piece]:
    return dice.sample(pieces, length) if length <= len(pieces) else dice.choices(pieces, k=length)
