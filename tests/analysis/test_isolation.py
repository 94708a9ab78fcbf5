from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from harness.analysis.isolation import IsolationCost, IsolationRow, Job, compared, isolation_cost
from harness.analysis.summary import summarise
from harness.metrics import Measurement, absent, sample
from harness.protocol import Protocol
from harness.records import Outcome, Phase, Trial, Visit
from tests import stored

S = 1_000_000_000
"""Nanoseconds in a second."""


def trial(
    index: int, first_s: float, *, starting_s: float = 0.0, end_mib: float = 50.0, peak_mib: float = 90.0
) -> Trial:
    """Return a trial whose first stamp is known; where a worker is started, import takes half of the time."""
    at_ns, half_ns = round(first_s * S), round(starting_s * S / 2)
    starting = [
        Phase(name, at_ns + number * half_ns, at_ns + (number + 1) * half_ns, 0, index, 1)
        for number, name in enumerate(("start", "prepare"))
        if starting_s
    ]
    run = Phase("run", at_ns + 2 * half_ns, at_ns + 2 * half_ns + S // 2, 0, index if starting_s else 0, 1)
    return Trial(
        index=index,
        iteration=index,
        utterance=stored.utterance(),
        started_at="",
        cold=index == 0,
        visits=(Visit("asr", "asr", phases=(*starting, run)),),
        measurements=(sample("memory", "peak_mib", peak_mib), sample("memory", "rss_end_mib", end_mib)),
    )


def cost_of(trials: Sequence[Trial], isolation: str = "run", residency: str = "one_at_a_time") -> IsolationCost:
    """Return what a run of these trials cost."""
    protocol = Protocol(order=("asr",), isolation=isolation, residency=residency)  # type: ignore[arg-type]
    run = stored.run(protocol=protocol)
    return isolation_cost(run, trials, summarise(run, trials).metrics)


def cost(isolation: str, iteration_s: tuple[float, ...] = (), end_mib: float | None = 50.0) -> IsolationCost:
    """Return a cost made by hand."""
    return IsolationCost(
        isolation=isolation,
        all_resident=False,
        peak_mib=90.0,
        end_mib=end_mib,
        growth_mib_per_iteration=None,
        iteration_s=iteration_s,
        cpu_s=tuple(seconds / 2 for seconds in iteration_s),
        starting_s=tuple(0.25 for _ in iteration_s),
        starts=1,
        lacking={"growth_mib_per_iteration": "too few"},
    )


def rows(*jobs: tuple[Mapping[str, str], IsolationCost | None]) -> list[IsolationRow]:
    """Compare jobs."""
    return compared([Job(keys=keys, outcome="ok" if one else "failed: no", cost=one) for keys, one in jobs])


# --- one run ----------------------------------------------------------------------------------------------------


def test_an_iteration_lasts_until_the_next_begins() -> None:
    """From first stamp to first stamp; the first iteration is cold, and the last has no next one."""
    trials = [trial(0, 0), trial(1, 10), trial(2, 12), trial(3, 15), trial(4, 19)]
    assert cost_of(trials).iteration_s == (2.0, 3.0, 4.0)


def test_a_workers_start_belongs_to_the_iteration_that_needed_it() -> None:
    """It begins with the process being made, and start and import are told apart from the rest."""
    trials = [trial(0, 0, starting_s=1), trial(1, 10, starting_s=0.5), trial(2, 13, starting_s=0.25), trial(3, 17)]
    found = cost_of(trials, "iteration")
    assert (found.iteration_s, found.starting_s, found.starts) == ((3.0, 4.0), (0.5, 0.25), 3)


def test_warm_up_is_left_out() -> None:
    """Trials that the user left out of steady-state statistics are in none of these either."""
    trials = [trial(0, 0), replace(trial(1, 10), warmup=True), trial(2, 12), trial(3, 15)]
    assert cost_of(trials).iteration_s == (3.0,)


def test_an_iteration_with_a_failed_trial_does_not_count() -> None:
    """Nor one that is followed by a hole; a worker that was started in it has been started."""
    broken = replace(trial(2, 12, starting_s=1), outcome=Outcome("crashed"))
    found = cost_of([trial(0, 0), trial(1, 10), broken, trial(3, 15), trial(5, 20), trial(6, 21)])
    assert (found.iteration_s, found.starts) == ((2.0, 1.0), 1)


def test_trials_of_one_iteration_are_one_iteration() -> None:
    """A dataset of two utterances: the earliest stamp of both, whichever was first."""
    trials = [replace(trial(number, 10.0 * number), iteration=number // 2) for number in range(6)]
    trials[2], trials[3] = replace(trials[3], index=2), replace(trials[2], index=3)
    assert cost_of(trials).iteration_s == (20.0,)


def test_memory_is_the_highest_peak_and_the_last_end() -> None:
    """Of all trials that were done, the cold one too; growth is the summary's."""
    trials = [trial(0, 0, peak_mib=95.0), trial(1, 10, end_mib=40.0), trial(2, 12, end_mib=45.0)]
    found = cost_of([*trials, replace(trial(3, 13, peak_mib=200.0, end_mib=1.0), outcome=Outcome("crashed"))])
    assert (found.peak_mib, found.end_mib) == (95.0, 45.0)


def test_growth_is_the_summarys() -> None:
    """Half a MiB in each iteration of the stored run, and its iterations are a minute apart."""
    run = stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=5))
    found = isolation_cost(run, stored.trials(5), summarise(run, stored.trials(5)).metrics)
    assert found.growth_mib_per_iteration == pytest.approx(0.5)
    assert (found.iteration_s, found.starting_s, found.starts) == ((60.0, 60.0, 60.0), (0.0, 0.0, 0.0), 1)
    assert found.cpu_s == (2.466, 2.466, 2.466)
    assert found.lacking == {}


def test_what_is_missing_has_its_reason() -> None:
    """One process for each iteration has no slope, and two iterations have no time that counts."""
    trials = [trial(0, 0, starting_s=1), trial(1, 10, starting_s=1)]
    assert cost_of(trials, "iteration").lacking == {
        "iteration_s": "it takes 3 iterations: the first is cold, the last has no next",
        "growth_mib_per_iteration": "nothing was measured",
    }


@pytest.mark.parametrize(
    ("measurements", "reason"),
    [
        ((), {"peak_mib": "the probe rss did not watch", "end_mib": "the probe rss did not watch"}),
        (
            (absent("memory", "peak_mib", "forbidden"), absent("memory", "rss_end_mib", "torn")),
            {"peak_mib": "forbidden", "end_mib": "torn"},
        ),
    ],
    ids=["no probe", "no reading"],
)
def test_memory_that_nobody_read(measurements: tuple[Measurement, ...], reason: Mapping[str, str]) -> None:
    """Without the probe, or where the machine forbids it, there is no figure and never a zero."""
    found = cost_of([replace(trial(0, 0), measurements=measurements)])
    assert (found.peak_mib, found.end_mib) == (None, None)
    assert {name: found.lacking[name] for name in reason} == reason


def test_a_run_without_a_trial() -> None:
    """Nothing was done, and each figure says so."""
    found = cost_of([])
    assert (found.iteration_s, found.starts, found.peak_mib) == ((), 0, None)
    assert found.lacking["peak_mib"] == found.lacking["end_mib"] == "no trial was completed"


# --- jobs beside each other -------------------------------------------------------------------------------------


def test_others_are_compared_with_one_worker_for_the_run() -> None:
    """Medians and the end's RSS, less those of the run with one worker, which differs from itself by nothing."""
    found = rows(
        ({"isolation": "iteration"}, cost("iteration", (3.0, 3.5, 4.0), end_mib=20.0)),
        ({"isolation": "run"}, cost("run", (2.0, 3.0, 2.0))),
    )
    assert [(row.iteration_s, row.iterations, row.more_s, row.more_share) for row in found] == [
        (3.5, 3, 1.5, 0.75),
        (2.0, 3, 0.0, 0.0),
    ]
    assert [(row.more_mib, row.starting_s) for row in found] == [(-30.0, 0.25), (0.0, 0.25)]
    assert [row.more_s_interval for row in found] == [(0.0, 2.0), None]
    assert [(row.more_cpu_s, row.more_cpu_s_interval) for row in found] == [(0.75, (0.0, 1.0)), (0.0, None)]


def test_other_swept_keys_are_equal_where_it_is_compared() -> None:
    """A job is held against the one with the same other keys, and against none where that is missing."""
    found = rows(
        ({"isolation": "run", "trim": "end"}, cost("run", (2.0,))),
        ({"isolation": "run", "trim": "each"}, cost("run", (4.0,))),
        ({"isolation": "stage", "trim": "each"}, cost("stage", (5.0,))),
        ({"isolation": "stage", "trim": "never"}, cost("stage", (5.0,))),
    )
    assert [row.more_s for row in found] == [0.0, 0.0, 1.0, None]
    assert found[2].lacking == {"growth_mib_per_iteration": "too few"}
    assert found[3].lacking == {
        "growth_mib_per_iteration": "too few",
        "more_mib": "no job with isolation=run to compare with",
        "more_s": "no job with isolation=run to compare with",
        "more_cpu_s": "no job with isolation=run to compare with",
    }


def test_a_job_that_could_not_run_is_a_row() -> None:
    """With its keys and its line, and with no figure; it takes no comparison from the others."""
    found = rows(({"isolation": "run"}, cost("run", (2.0,))), ({"isolation": "stage"}, None))
    assert found[1] == IsolationRow(keys={"isolation": "stage"}, isolation="stage", outcome="failed: no")


def test_a_figure_that_one_of_the_two_lacks_is_not_compared() -> None:
    """Times can be compared where memory cannot."""
    found = rows(
        ({"isolation": "run"}, cost("run", (2.0,), end_mib=None)),
        ({"isolation": "stage"}, cost("stage", (3.0,))),
    )[1]
    assert (found.more_mib, found.more_s) == (None, 1.0)
    assert found.lacking["more_mib"] == "one of the two has no figure"


def test_an_iteration_does_not_last_across_a_seam() -> None:
    """The last of a leg has no next; the first of the next leg is cold, and its clock began anew."""
    first = [trial(0, 0.0), trial(1, 100.0), trial(2, 103.0)]
    later = [replace(trial(3, 1.0), leg=1, cold=True), replace(trial(4, 6.0), leg=1), replace(trial(5, 10.0), leg=1)]
    assert cost_of([*first, *later]).iteration_s == (3.0, 4.0)
    assert cost_of([*later, *first]).iteration_s == (3.0, 4.0)
