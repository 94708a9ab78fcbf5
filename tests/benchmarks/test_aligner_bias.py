"""The figures of aligners against known times."""

from benchmarks.aligner_bias import Aligned, table, vars_of
from harness.analysis.word_match import Matched

ALIGNED = Aligned({"0001": Matched(2, (-10.0, -20.0), (20.0, 60.0)), "0002": Matched(1, (-3.0,), (210.0,))}, ["0003"])


def test_a_row_for_each_aligner_and_speech() -> None:
    """AAS is the mean of 10, 20, 3, 20, 60 and 210 ms; where nothing was aligned there is no figure."""
    rows = table({("one", "cut"): ALIGNED, ("two", "cut"): Aligned(refused=["a", "b"])}).rows
    assert rows == [
        ["one, cut", "3", "53.8", "-10.0", "+60.0", "67%", "67%", "83%", "83%", "1"],
        ["two, cut", "0", "-", "-", "-", "-", "-", "-", "-", "2"],
    ]


def test_every_words_errors_are_stored() -> None:
    """In the order of the sentences."""
    stored = {"start_error_ms": [-10.0, -20.0, -3.0], "end_error_ms": [20.0, 60.0, 210.0], "refused": ["0003"]}
    assert vars_of(ALIGNED) == stored
