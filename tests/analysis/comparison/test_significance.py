from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm, wilcoxon

from harness.analysis.comparison.significance import (
    bootstrap_p,
    holm,
    rank_p,
    smallest_p,
    smallest_paired_p,
    trials_needed,
    utterances_needed,
)
from harness.analysis.statistics import expanded_tail
from tests.analysis.comparison.pairs import pairs


def test_one_utterance_is_mann_and_whitney() -> None:
    """Separated trials have the exact p: 2 of the 70 ways to share out eight."""
    assert rank_p(pairs([[1.0, 2.0, 3.0, 4.0]], [[5.0, 6.0, 7.0, 8.0]])) == pytest.approx(2 / 70)


def test_no_p_below_what_rearranging_allows() -> None:
    """With ties the normal approximation may promise more than there is."""
    tied = pairs([[1.0] * 3], [[2.0] * 3])
    assert float(mannwhitneyu([1.0] * 3, [2.0] * 3).pvalue) < 0.1
    assert rank_p(tied) == pytest.approx(2 / 20)


def test_pairs_are_tested_as_pairs() -> None:
    """One trial of each utterance: where all point one way, the smallest p of pairs; an effect hidden in the pool."""
    a = [[10.0 * 2**number] for number in range(8)]
    b = [[value * (1.01 + 0.001 * number)] for number, (value,) in enumerate(a)]
    pooled = rank_p(pairs([[value for (value,) in a]], [[value for (value,) in b]]))
    paired = rank_p(pairs(a, b))
    exact = float(wilcoxon([x for (x,) in a], [y for (y,) in b]).pvalue)
    assert exact == 2 / 2**8
    assert paired == pytest.approx(2 * float(norm.sf(64 / 680**0.5)))  # 1 + 3 + .. + 15, and their squares
    assert pooled > 0.5


def test_aligned_ranks_have_the_variance_of_rearranging() -> None:
    """Mean and variance agree with those of all rearrangements within the utterances, counted out."""
    from harness.analysis.comparison.significance import _aligned

    a, b = [[1.0, -2.0], [5.0]], [[4.0], [7.0, 8.5]]
    distance, spread = _aligned(pairs(a, b))
    groups = [[1.0, -2.0, 4.0], [5.0, 7.0, 8.5]]
    aligned = [value - float(np.mean(group)) for group in groups for value in group]
    ranks = np.argsort(np.argsort(aligned)) + 1.0
    sums = [
        sum(ranks[place] for place in (*first, *(3 + one for one in second)))
        for first, second in product(combinations(range(3), 1), combinations(range(3), 2))
    ]
    assert distance == pytest.approx(ranks[2] + ranks[4] + ranks[5] - np.mean(sums))
    assert spread == pytest.approx(float(np.std(sums)))


def test_utterances_without_spread_show_nothing() -> None:
    """Where no utterance's trials differ between the runs the p is 1."""
    assert rank_p(pairs([[1.0], [2.0]], [[1.0], [2.0]])) == 1.0


@pytest.mark.parametrize(
    ("a", "b", "smallest"),
    [
        ([[1.0] * 4], [[1.0] * 4], 2 / comb(8, 4)),
        ([[1.0] * 3], [[1.0] * 5], 2 / comb(8, 3)),
        ([[1.0]] * 6, [[1.0]] * 6, 2 / 2**6),
        ([[1.0] * 2, [1.0] * 3], [[1.0] * 2, [1.0] * 3], 2 / (comb(4, 2) * comb(6, 3))),
        ([[1.0]], [[1.0]], 1.0),
        ([[1.0] * 10_000], [[1.0] * 10_000], 0.0),
    ],
)
def test_smallest_p(a: list[list[float]], b: list[list[float]], smallest: float) -> None:
    """Two of all the ways to share out the trials to the runs, within each utterance."""
    assert smallest_p(pairs(a, b)) == pytest.approx(smallest, rel=1e-9)


def test_trials_needed() -> None:
    """The first number of trials whose smallest p survives the correction."""
    assert [trials_needed(tests) for tests in (1, 2, 10, 14, 100)] == [4, 5, 6, 6, 8]
    assert 14 * 2 / comb(12, 6) <= 0.05 < 14 * 2 / comb(10, 5)
    assert [utterances_needed(tests) for tests in (1, 10)] == [6, 9]


def test_paired_bootstrap() -> None:
    """Twice the share of resamples that say the opposite, counting ties against both."""
    ours = np.zeros(99)
    assert bootstrap_p(ours, np.array([1.0] * 95 + [-1.0] * 4), 10**6) == pytest.approx(2 * 5 / 100, abs=1e-6)
    assert bootstrap_p(ours, np.array([1.0] * 95 + [0.0] * 4), 10**6) == pytest.approx(2 * 5 / 100, abs=1e-6)
    assert bootstrap_p(ours, np.zeros(99), 20) == 1.0
    assert bootstrap_p(np.zeros(9999), np.ones(9999), 6) == smallest_paired_p(6) == 1 / 32


def test_paired_bootstrap_of_few_utterances() -> None:
    """Student's 2.0930 of 19 degrees, times sqrt(20 / 19), is 2.1474 normal deviations; p turns with the interval."""
    assert expanded_tail(20) == pytest.approx(norm.cdf(-2.1474), rel=1e-3)
    assert expanded_tail(10**6) == pytest.approx(0.025, rel=1e-4)
    resamples = 10**5
    beyond = round(expanded_tail(20) * (resamples + 1)) - 1
    drawn = np.array([1.0] * (resamples - beyond) + [-1.0] * beyond)
    assert bootstrap_p(np.zeros(resamples), drawn, 20) == pytest.approx(0.05, rel=1e-3)


def test_holm() -> None:
    """Holm's own steps: the smallest times all, the next times one fewer, never falling, at most 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_failed_test_is_an_error() -> None:
    """A p that is no number is raised."""
    with pytest.raises(ArithmeticError, match="p = nan"):
        rank_p(pairs([[1.0, float("nan")]], [[1.0, 2.0]]))
