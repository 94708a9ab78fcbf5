from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.leg_verdict import judge_legs, telling
from harness.analysis.series import series
from harness.analysis.summary import summarise
from harness.analysis.verdict import judge
from harness.records import Run, Trial
from harness.report.verdict_lines import verdict_lines
from tests import stored

RUN = stored.run(seams=(stored.seam(),))
LEVEL = [0.001 * (index * 7 % 5) for index in range(60)]
LEAK = [0.5 * index for index in range(60)]


def leg(number: int, first: int, anon_mib: Sequence[float], worker: int = 0) -> list[Trial]:
    """Return a leg of one process whose anon after the last unload is so much above 18 MiB in each iteration."""
    made = []
    for index, more_mib in enumerate(anon_mib, start=first):
        one = stored.of_leg(stored.trial(0), number, worker=worker, later_ns=(index - first) * 60_000 * stored.MS)
        visits = tuple(
            replace(
                visit,
                observations=tuple(
                    replace(seen, values={**seen.values, "anon_kib": (seen.values["anon_kib"] or 0) + more_mib * 1024})
                    for seen in visit.observations
                ),
            )
            for visit in one.visits
        )
        made.append(replace(one, index=index, iteration=index, cold=index == first, visits=visits))
    return made


def test_without_a_seam_it_is_the_verdict_of_the_run() -> None:
    """To the last word."""
    run, trials = stored.run(), leg(0, 0, LEVEL[:14])
    (found,) = judge_legs(run, trials)
    assert (found.leg, found.series) == (None, series(run, trials))
    assert found.verdict == judge(found.series, 64 / 1024)


def test_growth_is_not_told_across_a_seam() -> None:
    """Eight iterations each; the second leg's level is 50 MiB above, its numbers and stamps are the first one's."""
    trials = [*leg(0, 0, LEVEL[:8]), *leg(1, 8, [50 + level for level in LEVEL[:8]])]
    found = telling(judge_legs(RUN, trials))
    assert (found.leg, found.series.iterations, found.series.rounds) == (0, tuple(range(1, 8)), 8)
    assert found.series == replace(series(RUN, trials), rounds=8)
    assert found.verdict.because == (
        "of leg 0, trials 0 to 7: 7 steady iterations; at least 10 are needed to tell growth from noise; not told "
        "across the seam before trial 8"
    )
    line = verdict_lines(summarise(RUN, trials))[0]
    assert "before trial 8; 41 iterations in one leg would settle it (slope " in line


@pytest.mark.parametrize(
    ("first", "second", "said", "words"),
    [
        (LEAK[:42], LEVEL[:45], (0, "leak"), ["leak", "stable"]),
        (LEVEL[:12], LEAK[:42], (1, "leak"), ["stable", "leak"]),
        (LEVEL[:12], LEVEL[:20], (1, "stable"), ["stable", "stable"]),
        (LEVEL[:20], LEVEL[:12], (0, "stable"), ["stable", "stable"]),
    ],
)
def test_a_run_leaks_where_a_leg_does(
    first: Sequence[float], second: Sequence[float], said: tuple[int, str], words: list[str]
) -> None:
    """Else the leg with the most steady iterations speaks; the figure of growth is of the same leg."""
    trials = [stored.measured(one) for one in (*leg(0, 0, first), *leg(1, len(first), second, worker=1))]
    summary = summarise(RUN, trials)
    verdict = summary.verdicts["memory"]
    assert (verdict.leg, verdict.verdict) == said
    assert [one.verdict for one in summary.legs] == words
    growth = summary.metrics["memory.growth_mib_per_iteration"]
    assert growth.n == verdict.n
    assert growth.value == pytest.approx(verdict.slope_mib_per_iteration)
    assert growth.n == len((first, second)[said[0]]) - 1


def test_a_middle_leg_names_both_seams() -> None:
    """And a run that was taken up again without a trial has none to name."""
    run: Run = replace(RUN, seams=(stored.seam(1), stored.seam(2)))
    trials = [*leg(0, 0, LEVEL[:3]), *leg(1, 3, LEVEL[:5]), *leg(2, 8, LEVEL[:3])]
    assert telling(judge_legs(run, trials)).verdict.because.endswith(
        "; not told across the seams before trial 3 and before trial 8"
    )
    assert telling(judge_legs(run, [])).verdict.because.startswith("of leg 0: 0 steady iterations")
