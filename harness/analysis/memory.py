"""Whether memory grows from iteration to iteration: a robust slope, and a verdict in one word.

The slope is Theil and Sen's median of pairwise slopes (Sen, 1968), with Sen's interval. The verdict is a plain first
version: it does not yet allow for serial correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.analysis.statistics import Interval

MIN_POINTS = 10
"""Below ten steady points a slope's interval says nothing that an eye could not."""

Word = Literal["leak", "plateau", "retention", "stable", "undecided"]


@dataclass(frozen=True, slots=True)
class Growth:
    """A slope in MiB per iteration with its 95 % interval, from ``n`` steady points."""

    n: int
    slope_mib_per_iteration: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a series, with what it rests on. ``because`` is one sentence for a reader."""

    verdict: Word
    because: str
    n: int
    slope_mib_per_iteration: float | None = None
    interval: Interval | None = None
    given_back_mib: float | None = None


def growth(iterations: Sequence[float], anon_mib: Sequence[float]) -> Growth | None:
    """Return the slope of anonymous memory over iterations; None below three points."""
    if len(anon_mib) < 3:
        return None
    from scipy.stats import theilslopes  # half a second, paid only by a run that has a slope

    slope, _, low, high = theilslopes(anon_mib, iterations, alpha=0.95)
    return Growth(len(anon_mib), float(slope), (float(low), float(high)))


def verdict(iterations: Sequence[float], anon_mib: Sequence[float], given_back_mib: float | None) -> Verdict:
    """Judge a series of one process's anonymous memory after each iteration, the cold one left out.

    ``given_back_mib`` is what a heap trim at the end gave back, None where there was none.
    """
    n = len(anon_mib)
    whole = growth(iterations, anon_mib)
    if whole is None or n < MIN_POINTS:
        because = f"{n} steady iterations; at least {MIN_POINTS} are needed to tell growth from noise"
        slope, interval = (whole.slope_mib_per_iteration, whole.interval) if whole else (None, None)
        return Verdict("undecided", because, n, slope, interval, given_back_mib)
    second = growth(iterations[n // 2 :], anon_mib[n // 2 :])
    word, because = _judged(whole, second, max(anon_mib) - min(anon_mib), given_back_mib)
    return Verdict(word, because, n, whole.slope_mib_per_iteration, whole.interval, given_back_mib)


def _judged(whole: Growth, second: Growth | None, rise_mib: float, given_back_mib: float | None) -> tuple[Word, str]:
    if whole.interval[0] <= 0:
        return "stable", "the slope's interval does not lie above zero"
    if given_back_mib is not None and given_back_mib >= 0.9 * rise_mib:
        return (
            "retention",
            f"it grew by {rise_mib:.2f} MiB, and a heap trim gave back {given_back_mib:.2f} MiB",
        )
    if second is None or second.interval[0] <= 0:
        return "plateau", "it grew, and the second half of the series does not"
    return "leak", "the slope's interval lies above zero, and the second half still grows"
