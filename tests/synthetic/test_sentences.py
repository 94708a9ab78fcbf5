"""Which words in which order with which pauses."""

import random
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.synthetic.pieces import Cuttings
from harness.synthetic.sentences import drawn, plain, stock_of, stocked, told
from tests.synthetic.sounds import piece, recording, square

PIECES = tuple(piece(word, 50) for word in ("one", "two", "three", "four", "five", "six"))


def _drawn(kind: str, length: int, seed: int = 0) -> tuple[list[str], list[int]]:
    placed = drawn(PIECES, kind, length, (50, 300), random.Random(seed))
    return [one.piece.word for one in placed], [one.pause_ms for one in placed]


def test_the_same_seed_gives_the_same_sentence() -> None:
    """Another seed gives another one."""
    assert _drawn("shuffled", 6) == (["four", "six", "one", "two", "three", "five"], [285, 250, 262, 127, 297, 172])
    assert _drawn("shuffled", 6, seed=1) != _drawn("shuffled", 6)


def test_no_piece_is_used_twice_while_there_are_others() -> None:
    """Of six all six are drawn; of twelve words some come again."""
    assert sorted(_drawn("shuffled", 6)[0]) == sorted(one.word for one in PIECES)
    assert len(_drawn("shuffled", 12)[0]) == 12


def test_each_word_twice_in_a_row() -> None:
    """The last may stand alone."""
    words, pauses = _drawn("repeated", 5)
    assert words[0] == words[1] != words[2] == words[3] != words[4]
    assert len(pauses) == 5


def test_one_long_pause_and_not_before_the_first_word() -> None:
    """All others are as they were asked for; a single word has none."""
    for seed in range(20):
        _, (first, *others) = _drawn("long-pause", 4, seed)
        assert 50 <= first <= 300
        assert max(others) == 2_000
        assert all(50 <= pause <= 300 for pause in sorted(others)[:-1])
    assert _drawn("long-pause", 1)[1] != [2_000]


def test_back_to_back_has_no_pause() -> None:
    """Whatever was asked for."""
    assert _drawn("back-to-back", 4)[1] == [0, 0, 0, 0]


def test_words_that_were_asked_for(tmp_path: Path) -> None:
    """They are found by their plain form, and one of several pieces of a word is drawn."""
    pieces = (piece("Ask", 50), piece("not", 50), piece("ask,", 60))
    stock = stock_of(Cuttings(recording(tmp_path, [("ask", 300, 400)]), pieces, square(1, 0)))
    assert {word: len(found) for word, found in stock.items()} == {"ask": 2, "not": 1}
    used = {placed.piece for seed in range(9) for placed in told(("ask", "not"), stock, (70, 70), random.Random(seed))}
    assert used == set(pieces)
    (first, second) = told(("not", "ask"), stock, (70, 70), random.Random(0))
    assert (first.pause_ms, first.piece) == (70, pieces[1])
    assert second.piece in (pieces[0], pieces[2])


def test_the_recording_that_has_all_words_is_chosen() -> None:
    """The first one that has them."""
    stocks = [{"one": PIECES[:1]}, {"one": PIECES[:1], "two": PIECES[1:2]}]
    assert (stocked(["one"], stocks, 1), stocked(["two", "one"], stocks, 1)) == (0, 1)


def test_unknown_words_are_one_line() -> None:
    """Those that the nearest recording lacks, five at the most, and what it has."""
    stocks = [{"one": PIECES[:1]}, {"one": PIECES[:1], "two": PIECES[1:2]}]
    with pytest.raises(InputError) as caught:
        stocked(["one", "two", "red", "red", "a", "b", "c", "d", "e"], stocks, 3)
    assert str(caught.value) == (
        "--text: found line 3 with 'red', 'a', 'b', 'c', 'd', ..., expected words that one recording has: one, two"
    )


@pytest.mark.parametrize(("word", "expected"), [("So,", "so"), ('"Ask', "ask"), ("don't", "don't"), ("...", "")])
def test_plain(word: str, expected: str) -> None:
    """Lower case, and nothing around it."""
    assert plain(word) == expected
