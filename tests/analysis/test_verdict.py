from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.series import Loop, Series, StageSeries
from harness.analysis.verdict import (
    FLOOR_MIB,
    MIN_FOR_LEAK,
    MIN_POINTS,
    StageVerdict,
    Verdict,
    Word,
    judge,
    judge_stages,
    judge_values,
)

MATTERS_MIB = 1 / 16
"""The default of ``leak_kib``."""
LINE = [20.0 + i / 16 for i in range(100)]
"""A leak of 64 KiB an iteration and nothing else."""
FILLED = [20.0 + min(i, 20) for i in range(60)]
STEPS = [20.0 + 8.0 * ((i >= 35) + (i >= 43) + (i >= 51)) for i in range(60)]
SAW = [20.0 + 2.0 * (i % 7) for i in range(60)]
ALL_ALONG = "it grows, and its second half still grows all along"


def noise(sigma_mib: float, n: int, seed: int = 0) -> list[float]:
    """Return noise without memory around 20 MiB."""
    return [20.0 + float(one) for one in np.random.default_rng(seed).normal(0, sigma_mib, n)]


def judged(values: Sequence[float]) -> Verdict:
    """Judge values of consecutive iterations."""
    return judge_values(range(1, len(values) + 1), values, MATTERS_MIB)


def process(values: Sequence[float], **changes: object) -> Series:
    """Return the series of a process that served one more iteration, the cold one."""
    iterations = tuple(range(1, len(values) + 1))
    whole = Series(
        iterations=iterations,
        anon_mib=tuple(values),
        base_mib=19.0,
        end_mib=values[-1],
        rounds=len(values) + 1,
        served=len(values) + 1,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


# --- a series by itself -----------------------------------------------------------------------------------------


def test_leak() -> None:
    """64 KiB an iteration over a hundred: the word, its sentence, and the figures that it rests on."""
    found = judged(LINE)
    assert found.interval == pytest.approx((1 / 16, 1 / 16), abs=1e-9)
    assert replace(found, interval=None) == Verdict(
        verdict="leak",
        because=ALL_ALONG,
        n=100,
        slope_mib_per_iteration=1 / 16,
        detectable_mib=FLOOR_MIB,
        grown_mib=90 / 16,  # from the median of the first ten to that of the last ten
    )


def test_leak_under_noise() -> None:
    """64 KiB an iteration under noise of 64 KiB; what the run could tell is far less."""
    values = [value + i / 16 for i, value in enumerate(noise(1 / 16, 100))]
    found = judged(values)
    assert (found.verdict, found.because) == ("leak", ALL_ALONG)
    assert found.slope_mib_per_iteration == pytest.approx(1 / 16, rel=0.02)
    assert found.detectable_mib is not None
    assert FLOOR_MIB < found.detectable_mib < 1 / 64


def test_a_gap_in_the_iterations_is_no_faster_growth() -> None:
    """Iterations that failed are missing on both axes."""
    kept = [i for i in range(100) if i % 10 not in (3, 4)]
    found = judge_values(kept, [LINE[i] for i in kept], MATTERS_MIB)
    assert (found.verdict, found.n, found.slope_mib_per_iteration) == ("leak", 80, 1 / 16)


@pytest.mark.parametrize(("n", "word"), [(MIN_FOR_LEAK - 1, "undecided"), (MIN_FOR_LEAK, "leak")])
def test_few_iterations_are_never_a_leak(n: int, word: Word) -> None:
    """A perfect line is one from the least number on; below it, more iterations are asked for."""
    found = judged(LINE[:n])
    assert (found.verdict, found.settles_at is None) == (word, word == "leak")


def test_a_line_that_is_too_short_says_how_long_it_should_be() -> None:
    """The sentence has the number of steady iterations, ``settles_at`` counts the first one, too."""
    found = judged(LINE[:MIN_POINTS])
    because = f"it grows; whether it stops, as caches that fill do, needs at least {MIN_FOR_LEAK} steady iterations"
    assert (found.verdict, found.because, found.settles_at) == ("undecided", because, MIN_FOR_LEAK + 1)
    assert found.slope_mib_per_iteration == 1 / 16


def test_one_iteration_is_no_plural() -> None:
    """In the sentence that is read most: that of a run of two iterations."""
    assert judged(LINE[:1]).because == f"1 steady iteration; at least {MIN_POINTS} are needed to tell growth from noise"


@pytest.mark.parametrize("n", [0, 2, 3, MIN_POINTS - 1])
def test_too_few_points_for_any_word(n: int) -> None:
    """Below ten points there is a slope where there are three, an interval where there are five, and no verdict."""
    found = judged(LINE[:n])
    because = f"{n} steady iterations; at least {MIN_POINTS} are needed to tell growth from noise"
    assert (found.verdict, found.because, found.n) == ("undecided", because, n)
    assert (found.slope_mib_per_iteration, found.interval is None) == (1 / 16 if n >= 3 else None, n < 5)
    assert (found.settles_at, found.detectable_mib, found.grown_mib) == (MIN_FOR_LEAK + 1, None, None)


def test_plateau_that_is_filled_evenly() -> None:
    """It grew over twenty iterations, and its second half rests."""
    found = judged(FILLED)
    assert (found.verdict, found.grown_mib) == ("plateau", 17.5)
    assert found.because == "it grew by 17.50 MiB, and the second half of the series does not"


@pytest.mark.parametrize("height", [1.0, 16.0, 64.0])
@pytest.mark.parametrize("reached", [1, 5, 10, 20, 30])
@pytest.mark.parametrize("n", [50, 100, 300])
def test_a_plateau_is_never_a_leak(height: float, reached: int, n: int) -> None:
    """Neither one that fills evenly nor one that is come near to slower and slower, under a little noise."""
    for shape in (lambda i: min(i / reached, 1.0), lambda i: 1 - float(np.exp(-3.0 * i / reached))):
        values = [one + height * shape(i) for i, one in enumerate(noise(1 / 64, n))]
        assert judged(values).verdict != "leak"


def test_steps_are_no_leak() -> None:
    """Arenas taken now and then, with rests between them, also under noise."""
    for values in (STEPS, [one + other - 20.0 for one, other in zip(STEPS, noise(0.5, 60), strict=True)]):
        found = judged(values)
        assert (found.verdict, found.settles_at is not None) == ("undecided", True)
        assert found.because == "it grows in steps: up to 3 explain its second half better than a line does"


def test_steps_without_end_are_a_leak() -> None:
    """Memory that is taken in chunks, every sixth iteration, for ever."""
    assert judged([20.0 + 8.0 * (i // 6) for i in range(60)]).verdict == "leak"


@pytest.mark.parametrize(("rate_mib", "sigma_mib", "n"), [(0.5, 2.0, 60), (0.25, 1.0, 100), (1 / 16, 0.25, 100)])
def test_noise_makes_no_steps_of_a_line(rate_mib: float, sigma_mib: float, n: int) -> None:
    """Of twenty lines under noise of four times their rate none is taken for steps."""
    for seed in range(20):
        values = [one + rate_mib * i for i, one in enumerate(noise(sigma_mib, n, seed))]
        assert "steps" not in judged(values).because


def test_a_second_half_that_rests_for_a_while_is_no_leak() -> None:
    """Growth up to a third step in the middle of the second half, and none behind it."""
    found = judged([20.0 + 2.0 * ((i >= 20) + (i >= 35) + (i >= 50)) for i in range(60)])
    assert found.because == "it grows, but not all along: a part of its second half does not grow"
    assert found.verdict == "undecided"


def test_growth_that_slows_down_is_no_leak() -> None:
    """Growth that dies down at two thirds of the way has a last quarter that adds less than half of the first."""
    found = judged([20.0 + 64.0 * (1 - float(np.exp(-i / 25))) for i in range(60)])
    assert (found.verdict, found.because) == ("undecided", "it grows slower and slower")


def test_a_sawtooth_is_no_leak() -> None:
    """Memory that piles up and is given back: the slope is none, but a small leak could hide in it."""
    found = judged(SAW)
    assert (found.verdict, found.slope_mib_per_iteration) == ("undecided", 0.0)
    assert found.because == "growth of up to 108 KiB an iteration could hide in the noise"


@pytest.mark.parametrize(
    ("values", "slope"), [([20.0] * 60, 0.0), (LINE[::-1], -1 / 16)], ids=["a level", "a falling line"]
)
def test_stable(values: list[float], slope: float) -> None:
    """What neither moves nor grows is stable, and says which growth it excludes."""
    found = judged(values)
    assert (found.verdict, found.slope_mib_per_iteration, found.settles_at) == ("stable", slope, None)
    assert found.because == "growth of 1 KiB an iteration or more is excluded"


def test_stable_by_what_matters() -> None:
    """The same series is stable where 64 KiB matter, and undecided where 16 do."""
    values = noise(1.0, 60)
    assert judged(values).verdict == "stable"
    found = judge_values(range(60), values, 1 / 64)
    assert (found.verdict, found.settles_at is not None) == ("undecided", True)


def test_a_noisy_short_series_is_undecided() -> None:
    """It says what could hide, and how many iterations would do; so many of that noise do."""
    found = judged(noise(1.0, 20))
    assert (found.verdict, found.because.split(" ")[:4]) == ("undecided", ["growth", "of", "up", "to"])
    assert found.settles_at is not None
    assert judged(noise(1.0, found.settles_at - 1)).verdict == "stable"


def test_a_spike_is_no_growth() -> None:
    """One iteration that takes 500 MiB and gives them back makes no leak, hides none, and is in no growth."""
    for values in (LINE, FILLED, [20.0] * 60):
        spiked = [value + 500.0 * (i == 45) for i, value in enumerate(values)]
        expected, found = judged(values), judged(spiked)
        assert (found.verdict == "leak", found.grown_mib) == (expected.verdict == "leak", expected.grown_mib)


# --- what trims and processes add ---------------------------------------------------------------------------------


def test_retention_by_a_last_trim() -> None:
    """It grew as a leak does, and one trim at the end leaves next to nothing of it."""
    found = judge(process(LINE, end_trimmed_mib=19.5), MATTERS_MIB)
    because = "it grew by 5.62 MiB, and a trim gave back all but 0.50 MiB of what it held"
    assert (found.verdict, found.because, found.given_back_mib) == ("retention", because, LINE[-1] - 19.5)
    assert (found.n, found.after_trim, found.slope_mib_per_iteration) == (100, False, 1 / 16)


def test_a_plateau_that_a_last_trim_gives_back_is_retention() -> None:
    """Also what has stopped growing was kept."""
    assert judge(process(FILLED, end_trimmed_mib=19.0), MATTERS_MIB).verdict == "retention"


def test_a_leak_that_a_last_trim_does_not_touch() -> None:
    """A trim that gives back less than a tenth of the growth says that the rest is held."""
    found = judge(process(LINE, end_trimmed_mib=LINE[-1] - 0.5), MATTERS_MIB)
    assert (found.verdict, found.because, found.given_back_mib) == ("leak", ALL_ALONG, 0.5)


def test_a_last_trim_that_cannot_tell() -> None:
    """It gave back a part: what is left may be leaked or loaded once. More of the same would not settle it."""
    found = judge(process(LINE, end_trimmed_mib=LINE[-1] - 3.0), MATTERS_MIB)
    because = (
        "it grows; the last trim gave back 3.00 MiB and left 4.19, so the 5.62 that it grew by may be of either; "
        "trim=each tells"
    )
    assert (found.verdict, found.because, found.settles_at) == ("undecided", because, None)


@pytest.mark.parametrize("lacking", ["base_mib", "end_mib", "end_trimmed_mib"])
def test_a_trim_without_a_reading_beside_it_says_nothing(lacking: str) -> None:
    """Without the level before the first load, or one beside the trim, the series is judged by itself."""
    made = process(LINE, **{"end_trimmed_mib": 19.0, lacking: None})
    assert judge(made, MATTERS_MIB) == judged(LINE)


def test_a_model_that_leaves_at_the_end_was_not_given_back_by_the_trim() -> None:
    """What a trim gives back is counted from after the unload, though the series stands on loaded models."""
    found = judge(process([value + 500.0 for value in LINE], end_mib=26.0, end_trimmed_mib=25.5), MATTERS_MIB)
    assert (found.verdict, found.given_back_mib) == ("leak", 0.5)


def test_stable_stays_stable_whatever_a_trim_gives_back() -> None:
    """There was no growth that it could explain."""
    found = judge(process([60.0] * 60, end_trimmed_mib=19.0), MATTERS_MIB)
    assert (found.verdict, found.given_back_mib) == ("stable", 41.0)


def test_retention_by_each_trim() -> None:
    """It grows before each trim and rests after it: the figures are those of what is left."""
    found = judge(process(LINE, trimmed_mib=(19.5,) * 100), MATTERS_MIB)
    because = "it grew by 5.62 MiB, and trims give it back: after them it grew by 0.00 MiB"
    assert (found.verdict, found.because, found.after_trim) == ("retention", because, True)
    assert (found.slope_mib_per_iteration, found.given_back_mib) == (0.0, LINE[-1] - 19.5)


def test_a_leak_that_each_trim_leaves() -> None:
    """What grows also after each trim is a leak at the rate that is left."""
    left = tuple(19.0 + i / 32 for i in range(100))
    found = judge(process(LINE, trimmed_mib=left), MATTERS_MIB)
    assert (found.verdict, found.after_trim, found.slope_mib_per_iteration) == ("leak", True, 1 / 32)
    assert found.given_back_mib == LINE[-1] - left[-1]


def test_what_each_trim_gives_back_at_once_is_no_growth() -> None:
    """A level before trims and one after them: stable, with what a trim gives back."""
    found = judge(process([60.0] * 60, trimmed_mib=(20.0,) * 60), MATTERS_MIB)
    assert (found.verdict, found.after_trim, found.given_back_mib) == ("stable", True, 40.0)


def test_no_process_served_more_than_one_iteration() -> None:
    """Nothing could grow, and more iterations would not help."""
    because = "no process served more than one iteration, so none could grow"
    found = judge(Series(rounds=60, served=1, isolation="stage"), MATTERS_MIB)
    assert found == Verdict(verdict="undecided", because=f"{because}; isolation=run tells", n=0)
    assert judge(Series(rounds=3, served=1), MATTERS_MIB).because == because


def test_one_iteration_alone() -> None:
    """A run of one iteration wants more of them, not another isolation."""
    found = judge(Series(rounds=1, served=1), MATTERS_MIB)
    assert (found.verdict, found.settles_at) == ("undecided", MIN_FOR_LEAK + 1)
    assert found.because == f"0 steady iterations; at least {MIN_POINTS} are needed to tell growth from noise"


# --- which stage ------------------------------------------------------------------------------------------------


def stages(
    values: Sequence[float], loop: Loop = "load, run, unload", **net_mib: Sequence[float]
) -> dict[str, StageVerdict]:
    """Judge the stages of a process: its anon, and what each stage took and did not give back."""
    made = process(values, stages=tuple(StageSeries(stage, loop, tuple(net)) for stage, net in net_mib.items()))
    return judge_stages(made, judge(made, MATTERS_MIB))


def test_the_stage_that_leaks_is_named() -> None:
    """Of two stages in a process that leaks, the one that takes more than it gives back."""
    found = stages(LINE, asr=[1 / 16] * 100, aligner=[0.0] * 100)
    asr, aligner = found["asr"], found["aligner"]
    assert (asr.verdict, asr.because) == ("leak", "over 100 iterations it took +6.25 MiB more than it gave back")
    assert (asr.net_mib_per_iteration, asr.grown_mib, asr.n) == (1 / 16, 6.25, 100)
    assert (aligner.verdict, aligner.because) == (
        "stable",
        "over 100 iterations it took +0.00 MiB more than it gave back: the growth is not its",
    )


def test_both_stages_can_leak() -> None:
    """Each of them takes a half."""
    found = stages(LINE, asr=[1 / 32] * 100, aligner=[1 / 32] * 100)
    assert [one.verdict for one in found.values()] == ["leak", "leak"]


def test_a_stage_that_takes_and_gives_by_turns_does_not_leak() -> None:
    """Its takings are about nothing."""
    found = stages(LINE, asr=[1 / 16] * 100, aligner=[(-1.0) ** i for i in range(100)])
    assert [one.verdict for one in found.values()] == ["leak", "stable"]


def test_the_stage_that_holds_a_plateau_is_named() -> None:
    """The growth of a plateau is a stage's that took a quarter of it or more."""
    found = stages(FILLED, asr=[1.0] * 17 + [0.0] * 43, aligner=[0.0] * 60)
    assert [one.verdict for one in found.values()] == ["plateau", "stable"]


@pytest.mark.parametrize(
    ("values", "word"), [([20.0] * 60, "stable"), (LINE[:20], "undecided")], ids=["stable", "undecided"]
)
def test_stages_of_a_process_that_has_no_growth_to_share(values: list[float], word: Word) -> None:
    """They are what the process is, with their own figures."""
    found = stages(values, "run", asr=[0.25] * len(values))["asr"]
    assert (found.verdict, found.loop, found.net_mib_per_iteration) == (word, "run", 0.25)


@pytest.mark.parametrize(("n", "rate"), [(2, None), (4, 0.25)])
def test_a_stage_without_an_interval_is_undecided(n: int, rate: float | None) -> None:
    """Two iterations have no level, four no interval of it."""
    found = stages(LINE[:n], asr=[0.25] * n)["asr"]
    assert (found.verdict, found.net_mib_per_iteration, found.interval) == ("undecided", rate, None)
