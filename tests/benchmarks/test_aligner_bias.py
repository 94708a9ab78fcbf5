"""The figures of aligners against known times."""

from benchmarks.aligner_bias import Errors, table
from harness.records import Word

TRUTH = (Word("ask", 300.0, 400.0), Word("not", 500.0, 700.0), Word("what", 800.0, 900.0))
FOUND = (Word("ask", 290.0, 420.0), Word("not", 480.0, 760.0), Word("what", 797.0, 1_110.0))


def _errors() -> Errors:
    errors = Errors(refused=["0003: the text does not fit the audio"])
    errors.add(TRUTH, FOUND)
    return errors


def test_errors_are_aligner_minus_truth() -> None:
    """Early is negative; AAS is the mean of six distances: 10, 20, 3, 20, 60 and 210 ms."""
    errors = _errors()
    assert (errors.start_ms, errors.end_ms) == ([-10.0, -20.0, -3.0], [20.0, 60.0, 210.0])
    assert errors.aas_ms == 323 / 6
    assert [errors.share_within(limit) for limit in (20, 50, 100, 200)] == [4 / 6, 4 / 6, 5 / 6, 5 / 6]


def test_a_row_for_each_aligner_and_speech() -> None:
    """Biases are medians; where nothing was aligned there is no figure."""
    rows = table({("one", "cut"): _errors(), ("two", "cut"): Errors(refused=["a", "b"])}).rows
    assert rows == [
        ["one, cut", "3", "53.8", "-10.0", "+60.0", "67%", "67%", "83%", "83%", "1"],
        ["two, cut", "0", "-", "-", "-", "-", "-", "-", "-", "2"],
    ]
