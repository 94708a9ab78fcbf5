from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.budget import Residual, Runway, residuals, runway
from harness.analysis.series import Series
from harness.analysis.verdict import Verdict, Word
from harness.protocol import Budgets, Protocol, Residency, Trim
from harness.records import Observation, Outcome, Run, Trial, Visit
from tests import stored

LEAK = Verdict(verdict="leak", because="", n=40, slope_mib_per_iteration=0.5, interval=(0.25, 1.0))
AT_400 = Series(peak_mib=400.0, iteration_s=36.0)


def test_runway() -> None:
    """100 MiB of room at 0.5 an iteration are 200 iterations, at the ends of the interval 100 and 400; 2 hours."""
    assert runway(AT_400, LEAK, 500.0) == Runway(
        budget_mib=500.0, peak_mib=400.0, iterations=200, fewest=100, most=400, hours=2.0
    )


def test_only_whole_iterations_fit() -> None:
    """0.9 MiB of room hold one iteration at 0.5, none at 1, three at 0.25."""
    found = runway(AT_400, LEAK, 400.9)
    assert found is not None
    assert (found.iterations, found.fewest, found.most) == (1, 0, 3)


@pytest.mark.parametrize("budget_mib", [400.0, 100.0])
def test_a_budget_that_is_used_up(budget_mib: float) -> None:
    """Nothing is left, and nothing is negative."""
    found = runway(AT_400, LEAK, budget_mib)
    assert found is not None
    assert (found.iterations, found.fewest, found.most, found.hours) == (0, 0, 0, 0.0)


def test_a_runway_without_a_pace_or_an_end() -> None:
    """Hours need two iterations; an interval down to zero has no most."""
    slow = Verdict(verdict="leak", because="", n=40, slope_mib_per_iteration=0.5, interval=(0.0, 1.0))
    found = runway(Series(peak_mib=400.0), slow, 500.0)
    assert found is not None
    assert (found.hours, found.most) == (None, None)


@pytest.mark.parametrize("word", ["plateau", "retention", "stable", "undecided"])
def test_no_runway_without_a_leak(word: Word) -> None:
    """What does not leak uses no budget up."""
    verdict = Verdict(verdict=word, because="", n=40, slope_mib_per_iteration=0.5, interval=(0.25, 1.0))
    assert runway(AT_400, verdict, 500.0) is None


def test_no_runway_without_a_budget_or_a_peak() -> None:
    """There is nothing to reach, or nobody knows where it stands."""
    assert runway(AT_400, LEAK, None) is None
    assert runway(Series(), LEAK, 500.0) is None


# --- residuals --------------------------------------------------------------------------------------------------


def run(budget_mib: float | None = None, trim: Trim = "end", **protocol: Any) -> Run:
    """Return a run of one stage with a budget for what is left of it."""
    made = Protocol(order=("asr",), trim=trim, **protocol)
    return stored.run(protocol=made, budgets=Budgets(residual_mib=budget_mib))


def trial(index: int, *readings: tuple[str, float], worker: int = 0, **changes: Any) -> Trial:
    """Return a trial of one stage from what was read of anon, in MiB."""
    observations = tuple(
        Observation(point, number, "rss", worker, stored.counters(anon_mib, anon_mib, anon_mib))
        for number, (point, anon_mib) in enumerate(readings)
    )
    return stored.trial(index, visits=(Visit("asr", "asr", observations=observations),), **changes)


def held(index: int, before_mib: float, after_mib: float, **changes: Any) -> Trial:
    """Return a trial that loaded at one level and unloaded to another."""
    return trial(index, ("before_load", before_mib), ("loaded", 900.0), ("unloaded", after_mib), **changes)


def residual(made: Run, trials: list[Trial]) -> Residual:
    """Return what is said of the only stage."""
    (found,) = residuals(made, trials).values()
    return found


def test_what_is_held_adds_up_from_the_first_load_on() -> None:
    """The cold trial's 8 MiB count, and of the unloads after it the most: 8, 9, then back to 7."""
    trials = [held(0, 10.0, 18.0), held(1, 18.0, 19.0), held(2, 19.0, 17.0)]
    assert residual(run(), trials) == Residual(stage="asr", held_mib=9.0, iteration=1)


def test_what_other_stages_take_between_is_not_its() -> None:
    """Only what stands between its own load and unload counts."""
    trials = [held(0, 10.0, 11.0), held(1, 500.0, 501.0)]
    assert (residual(run(), trials).held_mib, residual(run(), trials).iteration) == (2.0, 1)


def test_each_process_holds_its_own() -> None:
    """Under isolation=iteration nothing adds up; the most that one process held counts."""
    trials = [held(i, 10.0, 10.0 + more, worker=i) for i, more in enumerate((3.0, 5.0, 4.0))]
    found = residual(run(isolation="iteration"), trials)
    assert (found.held_mib, found.iteration) == (5.0, 1)


@pytest.mark.parametrize(("budget_mib", "passed"), [(5.0, False), (7.9, False), (8.0, True), (9.0, True), (None, None)])
def test_a_budget_is_passed_or_not(budget_mib: float | None, passed: bool | None) -> None:
    """8 MiB are in a budget of 8."""
    found = residual(run(budget_mib), [held(0, 10.0, 18.0)])
    assert (found.held_mib, found.budget_mib, found.passed) == (8.0, budget_mib, passed)


@pytest.mark.parametrize(("trim", "held_mib", "after_trim"), [("each", 1.0, True), ("end", 30.0, False)])
def test_a_trim_counts_where_each_unload_has_one(trim: Trim, held_mib: float, after_trim: bool) -> None:
    """A trim at the run's end says nothing of the unloads before it, so it is not taken for the last one either."""
    trials = [trial(0, ("before_load", 10.0), ("unloaded", 40.0), ("trimmed", 11.0))]
    found = residual(run(50.0, trim), trials)
    assert (found.held_mib, found.after_trim) == (held_mib, after_trim)


def test_one_unload_without_a_trim_is_said() -> None:
    """The figure follows a trim only where all of its unloads did."""
    trimmed = trial(0, ("before_load", 10.0), ("unloaded", 40.0), ("trimmed", 11.0))
    assert not residual(run(50.0, "each"), [trimmed, held(1, 11.0, 12.0)]).after_trim


def test_a_model_that_stayed_for_many_trials() -> None:
    """What stood before its load is compared with what its unload left, in another trial."""
    trials = [
        trial(0, ("before_load", 10.0), ("loaded", 110.0), ("ran", 115.0)),
        trial(1, ("before_run", 115.0), ("ran", 120.0)),
        trial(2, ("before_run", 120.0), ("ran", 125.0), ("unloaded", 22.0)),
    ]
    found = residual(run(lifecycle="restart"), trials)
    assert (found.held_mib, found.iteration) == (12.0, 2)


@pytest.mark.parametrize("residency", ["phase_batched", "all_resident"])
def test_other_residencies_promise_nothing(residency: Residency) -> None:
    """They are not checked, and say why."""
    reason = f"residency={residency}: only one_at_a_time promises that a model has left"
    found = residual(run(1.0, residency=residency), [held(0, 10.0, 99.0)])
    assert found == Residual(stage="asr", budget_mib=1.0, reason=reason)


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [stored.trial(0, visits=())],
        [held(0, 10.0, 99.0, outcome=Outcome("error"))],
        [trial(0, ("before_load", 10.0), ("loaded", 90.0))],
        [trial(0, ("unloaded", 90.0))],
    ],
    ids=["no trial", "no probe", "failed", "still loaded", "never loaded"],
)
def test_no_unload_was_seen(trials: list[Trial]) -> None:
    """There is no figure, and so neither pass nor fail."""
    reason = "no unload was seen by the probe rss"
    assert residual(run(1.0), trials) == Residual(stage="asr", budget_mib=1.0, reason=reason)


def test_each_stage_has_its_residual() -> None:
    """In the hand-made run the ASR keeps 8 MiB and the aligner 2 in each of three iterations, before the last trim."""
    found = residuals(stored.run(), stored.trials(3))
    assert {stage: (one.held_mib, one.iteration, one.after_trim) for stage, one in found.items()} == {
        "asr": (24.0, 2, False),
        "aligner": (6.0, 2, False),
    }


def test_each_leg_holds_its_own() -> None:
    """A process of a later leg is another one, whatever its number."""
    trials = [held(0, 10.0, 14.0), replace(held(1, 10.0, 15.0), leg=1)]
    found = residual(run(), trials)
    assert (found.held_mib, found.iteration) == (5.0, 1)
