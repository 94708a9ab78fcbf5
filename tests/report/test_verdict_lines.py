from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.budget import Residual, Runway
from harness.analysis.summary import summarise
from harness.analysis.verdict import StageVerdict, Verdict
from harness.report.verdict_lines import Finding, findings, overall, verdict_lines
from tests import stored


def lines(**changes: Any) -> list[str]:
    """Return the verdict lines of the hand-made run's summary with changes."""
    return verdict_lines(replace(summarise(stored.run(), stored.trials()), **changes))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (
            Verdict(
                verdict="leak",
                because="it grows",
                n=60,
                slope_mib_per_iteration=1.5,
                interval=(1.25, 1.75),
                detectable_mib=0.25,
            ),
            "leak: it grows (slope +1.50 MiB/iteration, 95 % interval +1.25 .. +1.75, n = 60, "
            "detectable: 256.0 KiB an iteration)",
        ),
        (
            Verdict(
                verdict="retention",
                because="trims give it back",
                n=40,
                slope_mib_per_iteration=0.0625,
                interval=(-0.5, 2.0),
                detectable_mib=1.5,
                given_back_mib=9.0,
                after_trim=True,
            ),
            "retention: trims give it back (slope +64.0 KiB/iteration, 95 % interval -512.0 .. +2048.0, "
            "after each trim, n = 40, detectable: 1.50 MiB an iteration)",
        ),
        (
            Verdict(verdict="undecided", because="too few", n=4, slope_mib_per_iteration=-1.0, settles_at=41),
            "undecided: too few; iterations=41 would settle it (slope -1.00 MiB/iteration, n = 4)",
        ),
        (
            Verdict(verdict="undecided", because="too few", n=2),
            "undecided: too few (n = 2)",
        ),
    ],
    ids=["leak", "after each trim", "undecided", "nothing known"],
)
def test_verdict_line(verdict: Verdict, expected: str) -> None:
    """The word, its sentence, what would settle it, and what it rests on; small rates in KiB."""
    assert lines(verdicts={"memory": verdict})[0] == f"Verdict (memory): {expected}"


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (
            StageVerdict(
                verdict="leak",
                because="it took",
                loop="load, run, unload",
                n=40,
                net_mib_per_iteration=0.5,
                interval=(0.25, 0.75),
            ),
            "Verdict (asr: load, run, unload): leak: it took "
            "(net +512.0 KiB/iteration, 95 % interval +256.0 .. +768.0)",
        ),
        (
            StageVerdict(verdict="undecided", because="it took", loop="run", n=1),
            "Verdict (asr: run): undecided: it took",
        ),
        (
            StageVerdict(
                verdict="stable", because="it took", loop="run", n=40, net_mib_per_iteration=0.0, interval=(-1e-9, 1e-9)
            ),
            "Verdict (asr: run): stable: it took (net +0.0 KiB/iteration, 95 % interval +0.0 .. +0.0)",
        ),
    ],
)
def test_stage_line(verdict: StageVerdict, expected: str) -> None:
    """The stage and its loop, the word, and what it took net."""
    assert lines(verdicts={}, stage_verdicts={"asr": verdict})[0] == expected


@pytest.mark.parametrize(
    ("most", "hours", "expected"),
    [
        (2000, 12.34, "1,000 iterations (500 .. 2,000), 12.3 hours at this pace; it is 3500.5 MiB now"),
        (None, None, "1,000 iterations (500 .. no end); it is 3500.5 MiB now"),
    ],
)
def test_budget_line(most: int | None, hours: float | None, expected: str) -> None:
    """When the peak reaches the budget, at the slope and at the ends of its interval."""
    runway = Runway(budget_mib=4000.0, peak_mib=3500.5, iterations=1000, fewest=500, most=most, hours=hours)
    assert f"Budget: a peak of 4000 MiB is reached in {expected}" in lines(runway=runway)


def test_a_budget_that_is_used_up() -> None:
    """No iterations are counted to what has happened."""
    runway = Runway(budget_mib=64.0, peak_mib=75.7, iterations=0, fewest=0, most=0, hours=0.0)
    assert "Budget: a peak of 64 MiB is passed already: it is 75.7 MiB now" in lines(runway=runway)


def test_no_budget_line_without_a_runway() -> None:
    """Where nothing leaks or no budget was set, there is none."""
    assert not [line for line in lines(runway=None) if line.startswith("Budget")]


@pytest.mark.parametrize(
    ("residual", "expected"),
    [
        (
            Residual(stage="asr", held_mib=1.25, iteration=3, after_trim=True, budget_mib=2.0, passed=True),
            "pass: unloaded, it still held 1.25 MiB in iteration 3 (budget 2 MiB, after a trim)",
        ),
        (
            Residual(stage="asr", held_mib=2.5, iteration=3, budget_mib=2.0, passed=False),
            "FAIL: unloaded, it still held 2.50 MiB in iteration 3 (budget 2 MiB, without a trim: trim=each tells kept "
            "from leaked)",
        ),
        (Residual(stage="asr", budget_mib=2.0, reason="nobody looked"), "not checked: nobody looked"),
    ],
    ids=["pass", "fail", "not checked"],
)
def test_residual_line(residual: Residual, expected: str) -> None:
    """Pass or, loudly, fail; or why it is neither."""
    assert f"Residual (asr): {expected}" in lines(residuals={"asr": residual})


def test_no_residual_line_without_a_budget() -> None:
    """What is held to nothing is in the summary alone."""
    residual = Residual(stage="asr", held_mib=1.25, iteration=3)
    assert not [line for line in lines(residuals={"asr": residual}) if line.startswith("Residual")]


def test_order_of_lines() -> None:
    """What was found, what it was held to, what went wrong."""
    runway = Runway(budget_mib=1.0, peak_mib=1.0, iterations=0, fewest=0, most=0, hours=0.0)
    residual = Residual(stage="asr", held_mib=1.0, iteration=0, budget_mib=1.0, passed=True)
    found = lines(runway=runway, residuals={"asr": residual}, problems=("p",), notes=("n",))
    assert [line.split(" ")[0].rstrip(":") for line in found] == [
        *("Verdict",) * 3,
        "Budget",
        "Guard",
        "Residual",
        "Trials",
        "Problem",
        "Note",
    ]


@pytest.mark.parametrize(("held", "word"), [(True, "held"), (False, "BROKEN")])
def test_guard_line(held: bool, word: str) -> None:
    """The guard's line says whether it held, loudly where it did not."""
    guard = {"residency": "one_at_a_time", "most_loaded": 2, "allowed": 1, "held": held}
    assert f"Guard (one_at_a_time): {word}, at most 2 loaded at one time" in lines(guard=guard)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [({"ok": 3}, "Trials: 3 ok"), ({"ok": 1, "crashed": 2}, "Trials: 1 ok, 2 crashed"), ({}, "Trials: none")],
)
def test_outcome_line(outcomes: Mapping[str, int], expected: str) -> None:
    """How many trials ended how."""
    assert expected in lines(outcomes=outcomes)


def test_problem_and_note_lines() -> None:
    """Problems and notes have a line each, at the end."""
    found = lines(problems=("trial 0: a", "trial 1: b"), notes=("c",))
    assert found[-3:] == ["Problem: trial 0: a", "Problem: trial 1: b", "Note: c"]


def test_findings() -> None:
    """Each line has what it means: a short run is undecided, a held guard and done trials are good."""
    found = findings(summarise(stored.run(notes=("a note",)), stored.trials()))
    assert [(one.line.partition(":")[0], one.status) for one in found] == [
        ("Verdict (memory)", "open"),
        ("Verdict (asr", "open"),
        ("Verdict (aligner", "open"),
        ("Guard (one_at_a_time)", "good"),
        ("Trials", "good"),
        ("Note", "plain"),
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [("leak", "bad"), ("undecided", "open"), ("stable", "good"), ("plateau", "good"), ("retention", "good")],
)
def test_status_of_a_verdict(word: Any, status: str) -> None:
    """A leak is bad, and only what could not be decided is open."""
    summary = replace(
        summarise(stored.run(), stored.trials()), verdicts={"memory": Verdict(verdict=word, because="", n=1)}
    )
    assert findings(summary)[0].status == status


@pytest.mark.parametrize(
    ("statuses", "line", "status"),
    [
        (("good", "plain"), "Nothing wrong was found", "good"),
        (("good", "open"), "Nothing wrong was found, but not everything could be decided", "open"),
        (("open", "bad"), "Something is wrong: look at the line marked \N{MULTIPLICATION X}", "bad"),
        (("bad", "bad"), "Something is wrong: look at the lines marked \N{MULTIPLICATION X}", "bad"),
    ],
)
def test_overall(statuses: Any, line: str, status: Any) -> None:
    """What is wrong outweighs what is open, and that what is well."""
    assert overall([Finding("", one) for one in statuses]) == Finding(line, status)
