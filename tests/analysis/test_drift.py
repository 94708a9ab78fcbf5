from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.drift import BlockFigures, Drift, drifts, sweep_drift
from harness.analysis.metric_summary import Measured, MetricSummary
from harness.analysis.summary import summarise
from harness.metrics import Kind, Metric, absent, sample
from harness.records import Outcome, Trial
from harness.sweeping.rounds import order_of_round
from tests import stored
from tests.analysis import made

N = 40


def noise(n: int, seed: int = 0, part: float = 0.01) -> list[float]:
    """Return factors around 1 that remember nothing."""
    return list(1 + part * np.random.default_rng(seed).normal(size=n))


def trials(values: Sequence[float], hot_c: Sequence[float | None] = (), apart_s: float = 60.0) -> list[Trial]:
    """Return a cold trial and one for each value, a minute apart, at these temperatures."""
    found = []
    for index, value in enumerate((9_999.0, *values)):
        one = made.trial(index, sample("asr", "speed_ms", value))
        at_ns = int(index * apart_s * 1e9)
        phases = tuple(replace(phase, start_ns=at_ns, end_ns=at_ns + 1) for phase in one.visits[0].phases)
        hot = hot_c[index - 1] if hot_c and index else None
        found.append(replace(one, visits=(replace(one.visits[0], phases=phases),), temperature_c=hot))
    return found


def drifting(values: Sequence[float], hot_c: Sequence[float | None] = ()) -> tuple[Drift, ...]:
    """Return what drifts in a run of these values."""
    return drifts(made.run(made.SPEED), Measured(trials(values, hot_c)))


def test_a_metric_that_rises_evenly_drifts_with_time() -> None:
    """By exactly what it rose: 10 % of the median, over 39 minutes, the cold trial left out."""
    (found,) = drifting([95 + 10 * index / (N - 1) for index in range(N)])
    assert (found.metric, found.against, found.n) == ("asr.speed_ms", "time", N)
    assert found.change_percent == pytest.approx(10.0)
    assert found.interval == pytest.approx((10.0, 10.0))
    assert (found.first, found.last) == (0.0, 39 * 60.0)


def test_a_drift_is_seen_through_noise() -> None:
    """Of 1 % from trial to trial, with the drift inside its interval; it may go down as well."""
    values = [100 * factor * (1 + sign * 0.1 * index / N) for sign in (1, -1) for index, factor in enumerate(noise(N))]
    (up,), (down,) = drifting(values[:N]), drifting(values[N:])
    assert up.interval[0] < 9.75 < up.interval[1]
    assert down.interval[0] < -9.75 < down.interval[1]


def test_noise_is_no_drift() -> None:
    """Nor is a metric that stays, nor noise that remembers."""
    assert drifting([100.0] * N) == ()
    assert drifting([100 * factor for factor in noise(N)]) == ()
    remembered = np.convolve(noise(N + 4, 1), np.ones(5) / 5, "valid")
    assert drifting(list(100 * remembered)) == ()


def test_false_alarms_are_rare() -> None:
    """At most 2 of 100 runs without a drift, each with a slowly changing temperature, are warned of."""
    warned = 0
    for seed in range(100):
        hot_c = [round(60 + 5 * float(np.sin(index / 5 + seed))) for index in range(20)]
        warned += bool(drifting([100 * factor for factor in noise(20, seed, 0.03)], hot_c))
    assert warned <= 2


def test_too_small_a_drift_is_not_told() -> None:
    """However sure it is: below 1 % it blurs nothing."""
    assert drifting([100 + 0.9 * index / (N - 1) for index in range(N)]) == ()
    assert len(drifting([100 + 1.1 * index / (N - 1) for index in range(N)])) == 1


def test_few_trials_cannot_tell() -> None:
    """Ten steady ones can."""
    rising = [100.0 + index for index in range(10)]
    assert len(drifting(rising)) == 1
    assert drifting(rising[:9]) == ()


def test_a_metric_drifts_with_temperature() -> None:
    """Where the processor was as hot again and again, in whole degrees, time is no part of it."""
    hot_c = [float(50 + 10 * (index % 2) + index % 3) for index in range(N)]
    values = [100 * factor * (1 + 0.01 * (hot - 50)) for factor, hot in zip(noise(N, 3, 0.002), hot_c, strict=True)]
    (found,) = drifting(values, hot_c)
    assert (found.against, found.first, found.last, found.n) == ("temperature", 50.0, 62.0, N)
    assert found.interval[0] < 11.4 < found.interval[1]


def test_an_even_temperature_explains_nothing() -> None:
    """Below a range of three degrees, and where it was read too seldom."""
    rising = [100.0 + index for index in range(N)]
    assert [one.against for one in drifting(rising, [50.0 + 2 * index / N for index in range(N)])] == ["time"]
    seldom = [50.0 + index if index < 9 else None for index in range(N)]
    assert [one.against for one in drifting(rising, seldom)] == ["time"]
    assert [one.against for one in drifting(rising, [50.0 + index for index in range(N)])] == ["time", "temperature"]


def test_utterances_of_different_lengths_are_no_drift() -> None:
    """Each is held against its own median; those that came once or twice have none."""
    made_of = trials([100.0 if index % 2 else 900.0 for index in range(N)])
    lengths = [replace(one, utterance=replace(one.utterance, id=f"{one.index % 2}")) for one in made_of]
    assert drifts(made.run(made.SPEED), Measured(lengths)) == ()
    once = [replace(one, utterance=replace(one.utterance, id=f"{one.index}")) for one in trials(range(1, N))]
    assert drifts(made.run(made.SPEED), Measured(once)) == ()


@pytest.mark.parametrize(
    "metric",
    [
        replace(made.SPEED, main=False),
        replace(made.SPEED, kind=Kind.TREND),
        replace(made.SPEED, unit="MiB"),
        replace(made.SPEED, name="other_ms"),
    ],
    ids=["not main", "no sample", "memory", "not measured"],
)
def test_some_metrics_are_not_asked(metric: Metric) -> None:
    """What is not shown, what is a slope itself, and memory, which has a verdict of its own."""
    assert drifts(made.run(metric), Measured(trials(range(100, 140)))) == ()


def test_failed_cold_and_warming_trials_are_left_out() -> None:
    """They are in no other figure either."""
    rising = trials([100.0 + index for index in range(10)])
    run = made.run(made.SPEED)
    assert drifts(run, Measured([*rising[:-1], replace(rising[-1], outcome=Outcome("crashed"))])) == ()
    assert drifts(run, Measured([rising[0], replace(rising[1], warmup=True), *rising[2:]])) == ()
    nothing = replace(rising[-1], measurements=(absent("asr", "speed_ms", "none"),))
    assert drifts(run, Measured([*rising[:-1], nothing])) == ()
    assert drifts(run, Measured([])) == ()


def test_a_metric_without_a_level_has_no_per_cents() -> None:
    """A median of 0 is nothing to be relative to."""
    assert drifting([0.0] * 30 + [1.0] * 10) == ()


def test_many_trials_are_looked_at_in_parts() -> None:
    """The change is the same, and ``n`` is what there was."""
    (found,) = drifting([95 + 10 * index / 4999 for index in range(5000)])
    assert found.n == 5000
    assert found.change_percent == pytest.approx(10.0, abs=0.02)


def test_the_summary_has_it() -> None:
    """So that no sweep has to read trials for it."""
    run, drifted = made.run(made.SPEED), trials([100.0 + index for index in range(N)])
    assert summarise(run, drifted).drift == drifts(run, Measured(drifted))
    assert len(drifts(run, Measured(drifted))) == 1


# --- across the blocks of a sweep ---------------------------------------------------------------


def figures(value: float | None, **changes: object) -> MetricSummary:
    """Return what a block says of one metric."""
    entry = MetricSummary(
        scope="asr",
        metric="latency_ms",
        kind=Kind.SAMPLE,
        unit="ms",
        better="lower",
        format=".2f",
        main=True,
        description="",
        value=value,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def blocks(cells: int, rounds: int, drift: float, only: int | None = None, seed: int = 0) -> list[BlockFigures]:
    """Return the blocks of cells of different speed on a machine, or with one cell, that slows down by a share."""
    factors = noise(cells * rounds, seed)
    found: list[BlockFigures] = []
    for number in range(rounds):
        for cell in order_of_round(number, cells):
            at = len(found)
            slower = 1 + drift * at / (cells * rounds - 1) if only in (None, cell) else 1.0
            value = 100 * (cell + 1) * factors[at] * slower
            found.append(BlockFigures(cell, number, 60.0 * at, {"asr.latency_ms": figures(value)}))
    return found


@pytest.mark.parametrize(("cells", "rounds"), [(2, 6), (3, 4), (12, 3), (40, 2)])
def test_cells_that_slow_down_together_show_the_machine(cells: int, rounds: int) -> None:
    """However different they are; the change is that from the first block to the last, near enough."""
    (found,) = sweep_drift(blocks(cells, rounds, 0.2))
    assert (found.metric, found.against, found.n) == ("asr.latency_ms", "time", cells * rounds)
    assert 10 < found.change_percent < 25
    assert found.interval[0] < found.change_percent < found.interval[1]


def test_cells_that_stay_show_no_drift() -> None:
    """Nor do they one time in fifty, which is as often as is looked here."""
    assert [sweep_drift(blocks(4, 3, 0.0, seed=seed)) for seed in range(50)] == [()] * 50


def test_one_cell_that_slows_down_is_not_the_machine() -> None:
    """Most have to go the same way."""
    assert sweep_drift(blocks(4, 6, 2.0, only=2)) == ()


def test_few_blocks_cannot_tell() -> None:
    """Nine cannot, and cells of one block say nothing."""
    assert sweep_drift(blocks(3, 3, 0.5)) == ()
    assert sweep_drift(blocks(40, 1, 0.5)) == ()
    assert sweep_drift([]) == ()


def test_blocks_without_a_figure_are_left_out() -> None:
    """As those that failed."""
    some = blocks(3, 5, 0.3)
    nothing = {"asr.latency_ms": figures(None, null_reason="no trial was completed")}
    left = [one for number, one in enumerate(some) if number not in (4, 9)]
    (found,) = sweep_drift([replace(some[4], metrics=nothing), replace(some[9], metrics={}), *left])
    assert found.n == 13
    assert sweep_drift([replace(one, metrics={"asr.latency_ms": figures(1.0, unit="MiB")}) for one in some]) == ()


def test_each_leg_drifts_by_itself() -> None:
    """A step at the seam, to a slower machine with another clock, is no drift; one within a leg says which leg."""
    run = made.run(made.SPEED, seams=(stored.seam(),))
    even = trials([100.0 + index % 2 for index in range(N)])
    slower = [replace(one, leg=1, index=one.index + N + 1) for one in trials([200.0 + index % 2 for index in range(N)])]
    assert drifts(run, Measured([*even, *slower])) == ()
    rising = [replace(one, leg=1) for one in trials([95 + 10 * index / (N - 1) for index in range(N)])]
    moved = [replace(one, index=one.index + N + 1) for one in rising]
    (found,) = drifts(run, Measured([*even, *moved]))
    assert (found.leg, found.n, found.first, found.last) == (1, N, 0.0, 39 * 60.0)
    assert found.change_percent == pytest.approx(10.0)
