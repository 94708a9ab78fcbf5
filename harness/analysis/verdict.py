"""Whether memory leaks, is only kept, or rests: one word, what it rests on, and what would make it surer.

A *leak* is growth that goes on: the interval of the slope lies above zero over the whole series and over its second
half, and the second half grows all along, neither in a few steps nor slower and slower. A plateau may take many
iterations to be reached, so nothing is called a leak before :data:`MIN_FOR_LEAK` of them. How often these rules are
wrong is simulated by ``python -m benchmarks.truth``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.analysis.series import Loop, Series, StageSeries
from harness.analysis.slope import Slope, level, slope, theil_sen
from harness.analysis.statistics import Interval
from harness.analysis.steps import in_steps

Word = Literal["leak", "plateau", "retention", "stable", "undecided"]
_Floats = NDArray[np.float64]

MIN_POINTS = 10
"""Below ten steady points an interval says nothing that an eye could not."""
MIN_FOR_LEAK = 40
"""Engines fill caches and arenas for up to thirty iterations; a series must go on well past that to be a leak."""
FLOOR_MIB = 1 / 1024
"""Growth below this is not told from that of the measuring process itself: a page in a dozen iterations."""
GIVEN_BACK = 0.9
"""Growth is retention when a trim gives back at least this share of it."""
_BLOCKS = 4
_WINDOW = 3
"""A running median over so many takes spikes away before anything is compared by its level."""
_STEPS = 3
"""Up to so many steps do not explain a leak's second half better than a line does."""
_EVEN = 0.25
"""Each quarter of a leak's second half adds at least this share of what the mean quarter adds."""
_SLOWING = 0.5
"""The second half of a leak grows at least at this share of its first half's rate, and so do the ends of that half."""
_ITS_SHARE = 0.25
"""Growth that is no leak is a stage's where it took at least this share of it."""
_POWER = 1 + 1.645 / 1.96
"""From half an interval to the growth that 19 runs of 20 would have told from none."""
_MOST_ITERATIONS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on a series. ``because`` is one sentence for a reader.

    ``detectable_mib`` is the smallest growth an iteration that 19 of 20 such runs would tell from none in their second
    half. ``settles_at`` is how many iterations would settle an undecided one. ``grown_mib`` is the growth over the
    series, ``given_back_mib`` what a trim at the end gave back. ``after_trim``: the readings follow a trim. ``leg`` is
    the one leg of a resumed run that it is about, and that has to have ``settles_at`` iterations; None without a seam.
    """

    verdict: Word
    because: str
    n: int
    slope_mib_per_iteration: float | None = None
    interval: Interval | None = None
    detectable_mib: float | None = None
    settles_at: int | None = None
    grown_mib: float | None = None
    given_back_mib: float | None = None
    after_trim: bool = False
    leg: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageVerdict:
    """What one stage has to do with the growth of the process that it lives in.

    ``net_mib_per_iteration`` is what it takes and does not give back in the mean iteration, far ones pulled in; with
    its interval. ``loop`` says what an iteration does to its model.
    """

    verdict: Word
    because: str
    loop: Loop
    n: int
    net_mib_per_iteration: float | None = None
    interval: Interval | None = None
    grown_mib: float = 0.0


def judge(series: Series, matters_mib: float) -> Verdict:
    """Judge a process. ``matters_mib`` is the growth an iteration that is to be told from none."""
    untrimmed = judge_values(series.iterations, series.anon_mib, matters_mib)
    if series.trimmed_mib is not None and len(series.anon_mib) > 1:
        return _with_each_trimmed(series, untrimmed, matters_mib)
    if series.served == 1 < series.rounds:
        because = "no process served more than one iteration, so none could grow"
        because += "" if series.isolation == "run" else "; isolation=run tells"
        return replace(untrimmed, because=because, settles_at=None)
    if series.end_trimmed_mib is None or series.base_mib is None or series.end_mib is None:
        return untrimmed
    return _with_a_last_trim(
        untrimmed, series.end_mib - series.end_trimmed_mib, series.end_trimmed_mib - series.base_mib
    )


def judge_stages(series: Series, whole: Verdict) -> dict[str, StageVerdict]:
    """Say of each stage whether the growth of the process is its."""
    return {stage.stage: _of_stage(stage, whole) for stage in series.stages}


def judge_values(iterations: Sequence[float], anon_mib: Sequence[float], matters_mib: float) -> Verdict:
    """Judge a series by itself: ``leak``, ``plateau``, ``stable`` or ``undecided``."""
    n, whole = len(anon_mib), slope(iterations, anon_mib)
    if whole is None or whole.interval is None or n < MIN_POINTS:
        because = f"{n} steady {_iterations(n)}; at least {MIN_POINTS} are needed to tell growth from noise"
        rate, interval = (whole.per_iteration, whole.interval) if whole else (None, None)
        return Verdict(
            verdict="undecided",
            because=because,
            n=n,
            slope_mib_per_iteration=rate,
            interval=interval,
            settles_at=MIN_FOR_LEAK + 1,
        )
    tail = slope(iterations[n // 2 :], anon_mib[n // 2 :])
    assert tail is not None
    assert tail.interval is not None
    values = _without_spikes(np.asarray(anon_mib, np.float64))
    word, because = _judged(values, whole, tail, matters_mib)
    half_tail = (tail.interval[1] - tail.interval[0]) / 2
    return Verdict(
        verdict=word,
        because=because,
        n=n,
        slope_mib_per_iteration=whole.per_iteration,
        interval=whole.interval,
        detectable_mib=max(half_tail * _POWER, FLOOR_MIB),
        settles_at=_settles_at(whole, matters_mib) if word == "undecided" else None,
        grown_mib=_rise_mib(values),
    )


def _judged(values: _Floats, whole: Slope, tail: Slope, matters_mib: float) -> tuple[Word, str]:
    assert whole.interval is not None
    assert tail.interval is not None
    low, high = whole.interval
    if low <= FLOOR_MIB:
        if high < matters_mib:
            return "stable", f"growth of {_kib(max(high, FLOOR_MIB))} an iteration or more is excluded"
        return "undecided", f"growth of up to {_kib(high)} an iteration could hide in the noise"
    if tail.interval[0] > FLOOR_MIB:
        why_not = _why_no_leak(values)
        if why_not is None:
            return "leak", "it grows, and its second half still grows all along"
        return "undecided", why_not
    if tail.interval[1] < matters_mib:
        return "plateau", f"it grew by {_rise_mib(values):.2f} MiB, and the second half of the series does not"
    return "undecided", "it grew, and whether its second half still does is lost in the noise"


def _why_no_leak(values: _Floats) -> str | None:
    """Say why growth that the second half still shows is not called a leak; None where it is one."""
    if len(values) < MIN_FOR_LEAK:
        return f"it grows; whether it stops, as caches that fill do, needs at least {MIN_FOR_LEAK} steady iterations"
    tail = values[len(values) // 2 :]
    blocks = np.array([np.median(block) for block in np.array_split(tail, _BLOCKS)])
    added = np.diff(blocks)
    if added.min() <= _EVEN * added.mean():
        return "it grows, but not all along: a part of its second half does not grow"
    if in_steps(tail, _STEPS, _WINDOW):
        return f"it grows in steps: up to {_STEPS} explain its second half better than a line does"
    head = values[: len(values) // 2]
    if added[-1] < _SLOWING * added[0] or _rate(tail) < _SLOWING * _rate(head):
        return "it grows slower and slower"
    return None


def _rate(values: _Floats) -> float:
    return theil_sen(np.arange(len(values), dtype=np.float64), values)


def _without_spikes(values: _Floats) -> _Floats:
    """Return the running median of three: a spike of one iteration goes, a step stays."""
    if len(values) < 3:
        return values
    windows = np.stack([values[:-2], values[1:-1], values[2:]])
    return np.concatenate([values[:1], np.median(windows, axis=0), values[-1:]])


def _rise_mib(values: _Floats) -> float:
    """Return how much higher the series ends than it begins: medians of its first and last tenth, at least three."""
    k = max(3, len(values) // 10)
    return float(np.median(values[-k:]) - np.median(values[:k]))


def _settles_at(whole: Slope, matters_mib: float) -> int:
    """Return how many iterations would do for the noise seen: a slope's interval narrows as n to the power 3/2.

    Counted with the first iteration, which is in no series.
    """
    assert whole.interval is not None
    half = (whole.interval[1] - whole.interval[0]) / 2
    wanted = max(abs(matters_mib - abs(whole.per_iteration)), matters_mib) / (2 * 2**1.5)
    needed = max(whole.n * float(half / wanted) ** (2 / 3), whole.n * 1.5, MIN_FOR_LEAK)
    return int(min(_MOST_ITERATIONS, 10 * ceil(needed / 10))) + 1


def _with_each_trimmed(series: Series, untrimmed: Verdict, matters_mib: float) -> Verdict:
    """Judge what is left after each trim; what only grew before it is kept memory."""
    assert series.trimmed_mib is not None
    left = replace(judge_values(series.iterations, series.trimmed_mib, matters_mib), after_trim=True)
    given_back = series.anon_mib[-1] - series.trimmed_mib[-1]
    grown, kept = untrimmed.grown_mib or 0.0, left.grown_mib or 0.0
    grew = untrimmed.verdict in ("leak", "plateau") and grown >= matters_mib
    if grew and left.verdict in ("stable", "plateau") and kept <= (1 - GIVEN_BACK) * grown:
        because = f"it grew by {grown:.2f} MiB, and trims give it back: after them it grew by {kept:.2f} MiB"
        return replace(left, verdict="retention", because=because, given_back_mib=given_back)
    return replace(left, given_back_mib=given_back)


def _with_a_last_trim(untrimmed: Verdict, given_back: float, held: float) -> Verdict:
    """Tell kept from leaked by one trim at the very end: what it leaves above the first level has room for a leak."""
    found = replace(untrimmed, given_back_mib=given_back)
    grown = found.grown_mib or 0.0
    if found.verdict not in ("leak", "plateau"):
        return found
    if held <= (1 - GIVEN_BACK) * grown:
        because = f"it grew by {grown:.2f} MiB, and a trim gave back all but {max(held, 0.0):.2f} MiB of what it held"
        return replace(found, verdict="retention", because=because)
    if found.verdict == "leak" and given_back > grown / 2:
        because = (
            f"it grows; the last trim gave back {given_back:.2f} MiB and left {held:.2f}, so the {grown:.2f} that it "
            "grew by may be of either; trim=each tells"
        )
        return replace(found, verdict="undecided", because=because)
    return found


def _of_stage(stage: StageSeries, whole: Verdict) -> StageVerdict:
    """Attribute: in a process that leaks, whose net takings lie above zero; else who holds what it grew by."""
    found, grown = level(stage.net_mib), sum(stage.net_mib)
    rate, interval = (found.per_iteration, found.interval) if found else (None, None)
    word, because = _attributed(whole, interval, grown)
    return StageVerdict(
        verdict=word,
        because=because,
        loop=stage.loop,
        n=len(stage.net_mib),
        net_mib_per_iteration=rate,
        interval=interval,
        grown_mib=grown,
    )


def _attributed(whole: Verdict, interval: Interval | None, grown_mib: float) -> tuple[Word, str]:
    took = f"over {whole.n} {_iterations(whole.n)} it took {grown_mib:+.2f} MiB more than it gave back"
    if whole.verdict in ("undecided", "stable") or interval is None:
        return whole.verdict if interval else "undecided", took
    its = interval[0] > 0 if whole.verdict == "leak" else grown_mib >= _ITS_SHARE * (whole.grown_mib or 0.0)
    return (whole.verdict, took) if its else ("stable", f"{took}: the growth is not its")


def _iterations(n: int) -> str:
    return "iteration" if n == 1 else "iterations"


def _kib(mib: float) -> str:
    return f"{mib * 1024:.0f} KiB" if mib < 1 else f"{mib:.1f} MiB"
