"""Whether a difference between two runs is more than noise: tests, their smallest possible p, and Holm's correction.

One utterance: Mann and Whitney's test (1947) of the trials. Several: the same idea within each utterance, Hodges and
Lehmann's aligned ranks (1962, Ann. Math. Stat. 33), with the mean and the variance that rearranging the runs' names
within each utterance gives them; with one trial of each it is a paired test. Error rates, of at least six utterances:
the paired bootstrap over utterances (Bisani and Ney, 2004, ICASSP), for trials of the same audio say nothing new.
Resamples of few utterances differ less than other utterances would; so its interval and p are expanded (Hesterberg,
2015, Am. Stat. 69, 371): as much farther into the tails as Student's distribution is wider than the normal one, times
sqrt(n / (n - 1)).
No p is below what the number of possible rearrangements allows.
"""

from collections.abc import Sequence
from math import comb, exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.pairing import Pairing

_Floats = NDArray[np.float64]

ALPHA = 0.05
"""A difference is shown where its corrected p is at most this."""
_MOST_NEEDED = 100


def rank_p(values: Pairing) -> float:
    """Return the two-sided p of trials as they are spread over utterances and runs."""
    from scipy.stats import mannwhitneyu, norm

    floor = smallest_p(values)
    if len(values.utterances) == 1:
        return max(floor, _probability(float(mannwhitneyu(values.a.each, values.b.each).pvalue)))
    distance, spread = _aligned(values)
    return 1.0 if spread == 0 else max(floor, _probability(2 * float(norm.sf(abs(distance) / spread))))


def bootstrap_p(ours: _Floats, theirs: _Floats, utterances: int) -> float:
    """Return the two-sided p of a paired bootstrap: how often the resamples put the runs the other way round.

    It is expanded for so few ``utterances``, at least 2.
    """
    from scipy.stats import norm, t

    difference = theirs - ours
    fewer = min(int((difference <= 0).sum()), int((difference >= 0).sum()))
    plain = min(1.0, 2 * (fewer + 1) / (len(difference) + 1))
    expanded = 2 * float(t.cdf(norm.ppf(plain / 2) / _expansion(utterances), utterances - 1))
    return max(smallest_paired_p(utterances), _probability(expanded))


def _expansion(utterances: int) -> float:
    return sqrt(utterances / (utterances - 1))


def smallest_p(values: Pairing) -> float:
    """Return the smallest two-sided p that so many trials can give: 2 / the ways to share them out to the runs."""
    count = len(values.utterances)
    a, b = values.a.sizes(count), values.b.sizes(count)
    ways = sum(lgamma(m + n + 1) - lgamma(m + 1) - lgamma(n + 1) for m, n in zip(a.tolist(), b.tolist(), strict=True))
    return min(1.0, exp(log(2) - ways))


def smallest_paired_p(utterances: int) -> float:
    """Return the smallest two-sided p of pairs, each of which can point one way or the other."""
    return min(1.0, 2.0 ** (1 - utterances))


def trials_needed(tests: int) -> int:
    """Return how many trials of one utterance each run needs so that a difference can be shown beside other tests."""
    return next(n for n in range(1, _MOST_NEEDED) if tests * 2 / comb(2 * n, n) <= ALPHA)


def utterances_needed(tests: int) -> int:
    """Return how many utterances can show a difference of paired figures beside other tests."""
    return next(n for n in range(1, _MOST_NEEDED) if tests * smallest_paired_p(n) <= ALPHA)


def holm(found: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, 1979, Scand. J. Stat. 6), in the order in which they came."""
    corrected = [0.0] * len(found)
    reached = 0.0
    for rank, place in enumerate(sorted(range(len(found)), key=lambda place: found[place])):
        reached = max(reached, min(1.0, (len(found) - rank) * found[place]))
        corrected[place] = reached
    return corrected


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ArithmeticError(f"a test came to p = {p}")
    return p


def _aligned(values: Pairing) -> tuple[float, float]:
    """Return how far the sum of B's aligned ranks lies from what chance expects, and its standard deviation.

    Aligned is each value to the mean of its utterance over both runs: by a factor where all values are positive, for
    long utterances vary by more.
    """
    from scipy.stats import rankdata

    groups = np.concatenate([values.a.groups, values.b.groups])
    each = np.concatenate([values.a.each, values.b.each])
    if values.positive:
        each = np.log(each)
    size = np.bincount(groups)
    aligned = each - (np.bincount(groups, each) / size)[groups]
    ranks = rankdata(np.round(aligned, 12))  # equal values stay equal after their mean was taken away
    ours = np.arange(len(each)) >= len(values.a.groups)
    mean = np.bincount(groups, ranks) / size
    share = np.bincount(groups, ours)
    squares = np.bincount(groups, (ranks - mean[groups]) ** 2)
    variance = share * (size - share) / (size * np.maximum(size - 1, 1)) * squares
    return float(ranks[ours].sum() - (share * mean).sum()), float(np.sqrt(variance.sum()))
