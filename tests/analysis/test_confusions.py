from harness.analysis.confusions import MOST, Confusion, ConfusionCounter
from harness.analysis.marked_text import Piece


def test_most_frequent_first_then_by_the_alphabet() -> None:
    """Word pairs that were taken for each other, words left out and words put in, each kind by itself."""
    counter = ConfusionCounter()
    counter.add([Piece("substitution", ("not", "two"), ("knot", "too")), Piece("none", ("so",), ("so",))], times=2)
    counter.add([Piece("insertion", (), ("uh", "uh")), Piece("deletion", ("a",), ()), Piece("deletion", ("the",), ())])
    counter.add([Piece("substitution", ("two",), ("too",)), Piece("deletion", ("the",), ())])
    found = counter.counted()
    assert found.frequent == (
        Confusion("substitution", "two", "too", 3, 2),
        Confusion("substitution", "not", "knot", 2, 1),
        Confusion("deletion", "the", "", 2, 2),
        Confusion("deletion", "a", "", 1, 1),
        Confusion("insertion", "", "uh", 2, 2),
    )
    assert found.different == {"substitution": 2, "deletion": 2, "insertion": 1}


def test_what_is_heard_often_in_one_place_comes_later() -> None:
    """Five trials of one utterance are one place; two utterances are two."""
    counter = ConfusionCounter()
    counter.add([Piece("deletion", ("a",), ())], times=5)
    for _ in range(2):
        counter.add([Piece("deletion", ("the",), ())])
    assert counter.counted().frequent == (Confusion("deletion", "the", "", 2, 2), Confusion("deletion", "a", "", 5, 1))


def test_a_large_corpus_has_a_small_table() -> None:
    """Of hundreds of words that were left out, ten are kept and the others counted."""
    counter = ConfusionCounter()
    counter.add([Piece("deletion", tuple(f"w{number:03}" for number in range(500)), ())])
    found = counter.counted()
    assert [one.said for one in found.frequent] == [f"w{number:03}" for number in range(MOST)]
    assert found.different == {"substitution": 0, "deletion": 500, "insertion": 0}
