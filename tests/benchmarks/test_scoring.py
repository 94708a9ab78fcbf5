import pytest

from benchmarks import scoring
from benchmarks.results import Unmeasurable
from harness.analysis.accuracy import Counts


def test_the_errors_that_were_put_in_are_found() -> None:
    """Each step has its seconds, and the sums are exactly the known ones."""
    corpus = scoring.generated(60)
    assert corpus.known.length == 60 * 20
    assert min(corpus.known.substitutions, corpus.known.deletions, corpus.known.insertions) > 0
    assert len(scoring.scored(corpus)) == 4
    assert scoring.generated(60) == corpus


def test_wrong_sums_are_no_figure() -> None:
    """A corpus with other errors than it says cannot be measured."""
    corpus = scoring.generated(5)
    with pytest.raises(Unmeasurable, match="put in"):
        scoring.scored(scoring.Corpus(corpus.trials, corpus.known + Counts(1, 0, 0, 0)))
