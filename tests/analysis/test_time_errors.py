import pytest

from harness.analysis.time_errors import QUANTILES, ErrorsSoFar, TimeErrors
from harness.analysis.word_match import Matched

THREE = Matched(4, (10.0, -10.0, 0.0), (-10.0, 20.000_000_000_1, 100.0))
"""Three of four words: 150 ms in all over 6 boundaries."""


def test_errors() -> None:
    """AAS is half of what leaves out the 1/2; biases are medians over words, that of both over all boundaries."""
    so_far = ErrorsSoFar()
    so_far.add(THREE, "a", None)
    found = so_far.errors()
    assert (found.n, found.words, found.coverage) == (3, 4, 0.75)
    assert (found.aas_ms, found.start_bias_ms, found.end_bias_ms, found.bias_ms) == pytest.approx(
        (25.0, 0.0, 20.0, 5.0)
    )
    assert found.within == pytest.approx((5 / 6, 5 / 6, 1.0, 1.0))
    assert (found.interval, found.clusters, found.start_quantiles_ms) == (None, 1, ())


def test_medians_are_over_words() -> None:
    """An utterance with many words counts for more: the median of the utterances' medians would be 50."""
    so_far = ErrorsSoFar()
    so_far.add(Matched(1, (100.0,), (100.0,)), "a", None)
    so_far.add(Matched(3, (0.0, 0.0, 0.0), (0.0, 0.0, 2.0)), "b", None)
    found = so_far.errors(quantiles=True)
    assert (found.start_bias_ms, found.end_bias_ms, found.aas_ms) == (0.0, 1.0, 202 / 8)
    assert len(found.start_quantiles_ms) == QUANTILES
    assert (found.end_quantiles_ms[0], found.end_quantiles_ms[20], found.end_quantiles_ms[-1]) == (0.0, 1.0, 100.0)


@pytest.mark.parametrize(
    ("speakers", "clusters", "by"),
    [
        ("abcabc", 3, "speakers"),
        ("ababab", 6, "utterances"),
        ([*"abcab", None], 6, "utterances"),
    ],
    ids=["enough speakers", "too few", "one unknown"],
)
def test_what_an_interval_is_over(speakers: list[str | None], clusters: int, by: str) -> None:
    """Speakers where there are three and all are known, else utterances, each with all its trials."""
    so_far = ErrorsSoFar()
    for _ in range(2):
        for number, speaker in enumerate(speakers):
            so_far.add(Matched(1, (float(number % 3),), (float(number % 3),)), str(number), speaker)
    found = so_far.errors()
    assert (found.n, found.clusters, found.clustered_by) == (12, clusters, by)
    assert found.interval is not None
    low, high = found.interval
    assert 0.0 <= low < 1.0 < high <= 2.0


def test_nothing_was_found() -> None:
    """Without a matched word there is a coverage and nothing else; without words not even that."""
    so_far = ErrorsSoFar()
    assert so_far.errors() == TimeErrors(n=0, words=0)
    assert so_far.errors().coverage is None
    so_far.add(Matched(5), "a", None)
    assert so_far.errors() == TimeErrors(n=0, words=5)
    assert so_far.errors().coverage == 0.0
