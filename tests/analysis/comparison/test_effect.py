from itertools import product

import numpy as np
import pytest

from harness.analysis.comparison import effect as module
from harness.analysis.comparison.effect import bounds, draws_utterances, effect
from harness.metrics import Kind
from tests.analysis.comparison.pairs import pairs


def test_a_ratio_of_medians() -> None:
    """B / A of the medians, with both figures."""
    found = effect(pairs([[90.0, 100.0, 400.0]], [[110.0, 120.0, 130.0]]))
    assert (found.a, found.b, found.scale, found.change) == (100.0, 120.0, "ratio", 1.2)
    assert found.interval is not None
    assert found.interval[0] < 1.2 < found.interval[1]


def test_a_ratio_of_sums() -> None:
    """Of a ratio metric sum / sum is compared, not the mean of the trials' own."""
    found = effect(
        pairs([[1.0, 9.0, 2.0]], [[3.0, 3.0, 3.0]], Kind.RATIO, below_a=[[1.0, 3.0, 4.0]], below_b=[[4.0, 4.0, 4.0]])
    )
    assert (found.a, found.b, found.change) == (1.5, 0.75, 0.5)


@pytest.mark.parametrize("values", [[0.0, 1.0, 2.0], [-3.0, 1.0, 2.0]])
def test_a_difference_where_a_ratio_has_no_meaning(values: list[float]) -> None:
    """Zeros and negative values, as of net overhead, are compared by difference."""
    found = effect(pairs([values], [[4.0, 5.0, 6.0]]))
    assert (found.scale, found.change) == ("difference", 4.0)
    assert found.interval is not None
    assert 2.0 <= found.interval[0] <= 4.0 <= found.interval[1] <= 6.0 - min(values)


def test_a_difference_where_the_ratio_could_be_anything() -> None:
    """Values that hover just above zero have a ratio whose interval spans more than a factor of 100."""
    found = effect(pairs([[0.001, 4.0, 60.0]], [[0.001, 4.0, 60.0]]))
    assert (found.scale, found.change) == ("difference", 0.0)


def test_an_error_rate_that_may_be_zero_is_a_difference() -> None:
    """Where a resample has no error at all, its ratio would be infinite."""
    errors = [[0.0], [0.0], [0.0], [0.0], [0.0], [1.0]]
    words = [[10.0]] * 6
    found = effect(pairs(errors, errors, Kind.RATIO, below_a=words, below_b=words))
    assert (found.a, found.scale, found.change, found.interval) == (1 / 60, "difference", 0.0, (0.0, 0.0))


def test_equal_values_have_an_interval_without_width() -> None:
    """A deterministic figure that differs is a ratio without doubt."""
    found = effect(pairs([[2.0] * 5], [[3.0] * 5]))
    assert (found.change, found.interval, found.a_interval) == (1.5, (1.5, 1.5), (2.0, 2.0))


@pytest.mark.parametrize("few", [[5.0], [5.0, 6.0]])
def test_no_interval_of_two_trials(few: list[float]) -> None:
    """Below three trials of one utterance there is a change and no interval."""
    found = effect(pairs([few], [[10.0, 11.0, 12.0]]))
    assert (found.interval, found.a_interval, found.drawn) == (None, None, None)
    assert found.change == 11.0 / (sum(few) / len(few))


@pytest.mark.parametrize("n", [3, 4])
def test_medians_of_resamples_have_their_exact_distribution(n: int) -> None:
    """The shortcut gives each median as often as all n^n resamples do."""
    values = [1.0, 2.0, 4.0, 8.0][:n]
    drawn = effect(pairs([values], [values])).drawn
    assert drawn is not None
    every = [float(np.median(chosen)) for chosen in product(values, repeat=n)]
    for median in sorted(set(every)):
        exact = every.count(median) / len(every)
        assert float((drawn[0] == median).mean()) == pytest.approx(exact, abs=4 * (exact / 10_000) ** 0.5)


def test_trials_are_drawn_within_their_utterance() -> None:
    """With three trials of each utterance, no resample loses the long one."""
    found = effect(pairs([[1.0] * 3, [100.0] * 3], [[2.0] * 3, [200.0] * 3], Kind.RATIO))
    assert (found.change, found.interval) == (2.0, (2.0, 2.0))


def test_utterances_are_drawn_where_each_has_one_trial() -> None:
    """Both runs keep the same utterances in each resample, so that their ratio keeps its sense."""
    a = [[1.0], [10.0], [100.0], [1000.0]]
    found = effect(pairs(a, [[value * 1.5] for (value,) in a]))
    assert (found.change, found.interval) == (1.5, (1.5, 1.5))


def test_medians_of_drawn_utterances() -> None:
    """The weighted median is the median of the trials with each as often as its utterance was drawn."""
    side = pairs([[5.0], [1.0, 2.0], [9.0]], [[1.0]] * 3).a
    times = np.array([[1, 1, 1], [0, 3, 0], [2, 1, 0], [0, 0, 3]])
    expected = [np.median([5, 1, 2, 9]), np.median([1, 2] * 3), np.median([5, 5, 1, 2]), 9.0]
    assert module._weighted(side, Kind.SAMPLE, times).tolist() == expected


def test_what_is_drawn() -> None:
    """Utterances where any has fewer than three trials in either run, else trials."""
    assert draws_utterances(pairs([[1.0] * 3, [1.0] * 2], [[1.0] * 3] * 2))
    assert draws_utterances(pairs([[1.0] * 3] * 2, [[1.0] * 3, [1.0] * 2]))
    assert not draws_utterances(pairs([[1.0] * 3] * 2, [[1.0] * 4] * 2))


def test_two_utterances_of_one_trial_have_no_interval() -> None:
    """Fewer than three utterances are not drawn from."""
    assert effect(pairs([[1.0], [2.0]], [[1.0], [2.0]])).interval is None


def test_the_same_figures_every_time() -> None:
    """The seed is fixed: a stored run always gives the same interval."""
    values = pairs([[1.0, 2.0, 3.0, 5.0], [7.0, 7.5, 9.0]], [[1.0, 2.5, 3.0], [6.0, 7.5, 9.0]])
    assert effect(values).interval == effect(values).interval


def test_a_failed_calculation_is_an_error() -> None:
    """What is no number is raised, never given a word."""
    with pytest.raises(ArithmeticError, match="came to nan"):
        effect(pairs([[1.0, 2.0, float("nan")]], [[1.0, 2.0, 3.0]]))
    with pytest.raises(ArithmeticError, match="came to inf"):
        bounds(np.array([1.0, np.inf, np.inf]))
