"""The memory verdict of a run with legs: each leg is judged by itself, and no growth is told across a seam.

Memory begins anew with each leg's processes. A run leaks where any of its legs does; else the leg with the most steady
iterations speaks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.analysis.legs import by_leg
from harness.analysis.series import Series, series
from harness.analysis.verdict import Verdict, judge
from harness.records import Run, Trial


@dataclass(frozen=True, slots=True)
class Judged:
    """One leg's series and the verdict on it; ``leg`` is None for a run that was never taken up again."""

    leg: int | None
    series: Series
    verdict: Verdict


def judge_legs(run: Run, trials: Sequence[Trial]) -> tuple[Judged, ...]:
    """Judge each leg that has a trial, by what the run's budget says matters; the whole where there is no seam."""
    matters_mib = run.budgets.leak_kib / 1024
    groups = by_leg(trials)
    if not run.seams and len(groups) < 2:
        found = series(run, trials)
        return (Judged(None, found, judge(found, matters_mib)),)
    each = []
    for leg, some in (groups or {0: []}).items():
        found = series(run, some)
        verdict = judge(found, matters_mib)
        because = f"{_where(leg, some)}: {verdict.because}{_not_across(leg, groups)}"
        each.append(Judged(leg, found, replace(verdict, because=because, leg=leg)))
    return tuple(each)


def telling(each: Sequence[Judged]) -> Judged:
    """Return the leg that speaks for the run: the longest that leaks, else the longest; the first of equal ones."""
    leaking = [one for one in each if one.verdict.verdict == "leak"]
    return max(leaking or each, key=lambda one: one.verdict.n)


def _where(leg: int, trials: Sequence[Trial]) -> str:
    indices = [trial.index for trial in trials]
    return f"of leg {leg}, trials {min(indices)} to {max(indices)}" if indices else f"of leg {leg}"


def _not_across(leg: int, groups: dict[int, list[Trial]]) -> str:
    """Say which seams the verdict stops at."""
    seams = [f"before trial {min(trial.index for trial in groups[leg])}"] if leg and leg in groups else []
    following = next((some for number, some in groups.items() if number > leg), None)
    if following:
        seams.append(f"before trial {min(trial.index for trial in following)}")
    if not seams:
        return ""
    return f"; not told across the {'seam' if len(seams) == 1 else 'seams'} {' and '.join(seams)}"
