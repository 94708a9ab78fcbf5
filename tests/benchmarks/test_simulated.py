import numpy as np
import pytest

from benchmarks.simulated import (
    SHAPES,
    Cell,
    correlated,
    filled,
    flat,
    noise_kinds,
    saturated,
    sawtooth,
    simulated,
    steps,
)

SEEDS = range(50)


def silence(length: int, generator: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return no noise."""
    return np.zeros(length)


def test_a_flat_shape_is_flat() -> None:
    """Nothing but a level."""
    assert flat(5, np.random.default_rng(0)).tolist() == [0.0] * 5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plateau_rises_to_its_height_and_no_further(seed: int) -> None:
    """Filled: at its height of 1 to 64 MiB after thirty iterations at the latest, and evenly up to there."""
    values = filled(100, np.random.default_rng(seed))
    height = float(values[-1])
    assert 1.0 <= height <= 64.0
    assert values[29:].tolist() == [height] * 71
    assert float(values.max()) == height
    reached = int(np.argmax(values == height)) + 1
    assert np.diff(values[:reached]) == pytest.approx(height / reached)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_saturated_plateau_comes_near_to_its_height(seed: int) -> None:
    """It never falls and never goes beyond; after thirty iterations at most a twentieth is missing."""
    values = saturated(300, np.random.default_rng(seed))
    height = float(values[-1]) / (1 - float(np.exp(-30.0)))
    assert float(np.diff(values).min()) >= 0.0
    assert 0.95 * height <= float(values[29]) <= height <= 64.0 * (1 + 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_few_and_stay(seed: int) -> None:
    """At most three steps, each upwards, of 1/8 MiB or more; it never comes down."""
    added = np.diff(steps(100, np.random.default_rng(seed)), prepend=0.0)
    taken = added[added != 0]
    assert 1 <= len(taken) <= 3
    assert float(taken.min()) >= 0.125
    assert float(added.sum()) <= 3 * 16.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sawtooth_returns(seed: int) -> None:
    """It comes back to nothing every 3 to 25 iterations, and rises evenly between."""
    values = sawtooth(100, np.random.default_rng(seed))
    back = np.flatnonzero(values == 0.0)
    periods = set(np.diff(back).tolist())
    assert len(periods) == 1
    assert 3 <= min(periods) <= 25
    assert float(values.min()) >= 0.0
    assert float(values.max()) < 32.0
    rises = np.diff(values)
    assert rises[rises > 0] == pytest.approx(float(values[back[0] + 1]))


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_correlated_noise_has_its_deviation_and_its_memory(rho: float) -> None:
    """Over twenty thousand values, to two hundredths."""
    values = correlated(rho, 1 / 16)(20_000, np.random.default_rng(3))
    assert float(values.std()) * 16 == pytest.approx(1.0, abs=0.02)
    assert float(np.corrcoef(values[1:], values[:-1])[0, 1]) == pytest.approx(rho, abs=0.02)


def test_a_leak_on_a_level_without_noise() -> None:
    """20 MiB, and 64 KiB more in each iteration."""
    values = simulated(Cell("flat", "none", 64, 5), silence, np.random.default_rng(0))
    assert values.tolist() == [20.0625, 20.125, 20.1875, 20.25, 20.3125]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("noise", noise_kinds())
def test_the_same_seed_gives_the_same_series_in_whole_pages(shape: str, noise: str) -> None:
    """Every kind of series, of its length; 4 KiB are a page."""
    cell = Cell(shape, noise, 16, 50)
    one, same, other = (
        simulated(cell, noise_kinds()[noise], np.random.default_rng(seed)).tolist() for seed in (1, 1, 2)
    )
    assert one == same != other
    assert len(one) == 50
    assert all((value * 256).is_integer() for value in one)
