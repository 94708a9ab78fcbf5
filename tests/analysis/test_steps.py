import numpy as np
import pytest

from harness.analysis.steps import in_steps

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("places", [(10,), (10, 20), (7, 15, 31)])
def test_steps_are_steps(places: tuple[int, ...]) -> None:
    """Up to as many as are looked for."""
    values = np.array([float(sum(i >= place for place in places)) for i in range(40)])
    assert in_steps(values, 3)


def test_more_steps_than_are_looked_for_are_a_line() -> None:
    """Eight of them, evenly."""
    assert not in_steps(np.array([float(i // 5) for i in range(40)]), 3)


def test_a_line_is_no_steps() -> None:
    """Without noise, and with noise that is smaller and larger than what it rises by."""
    line = np.arange(40.0)
    assert not in_steps(line, 3)
    for sigma in (0.5, 5.0, 20.0):
        assert not in_steps(line + RNG.normal(0, sigma, 40), 3)


def test_a_level_is_a_level() -> None:
    """Neither explains it better where there is nothing to explain."""
    assert not in_steps(np.full(40, 7.0), 3)


def test_a_long_series_is_averaged() -> None:
    """Ten thousand values are told apart as forty are."""
    assert in_steps(np.repeat([1.0, 2.0, 4.0], 3_000), 3)
    assert not in_steps(np.arange(9_000.0), 3)
