import numpy as np
import pytest

from benchmarks.noise import SETTLED, STRETCH, block_length, drawn, noises, residuals


def test_what_is_left_of_a_line_is_nothing() -> None:
    """Whatever it did until it settled, a line has no noise."""
    anon_kib = [99_999.0] * SETTLED + [10_000.0 + 12.0 * i for i in range(60)]
    assert residuals(anon_kib).tolist() == pytest.approx([0.0] * 60, abs=1e-12)


def test_what_is_left_is_in_mib_and_around_zero() -> None:
    """A line with every fifth value 512 KiB above it: that is half a MiB, and the rest lies at zero."""
    anon_kib = [10_000.0 + 4.0 * i + 512.0 * (i % 5 == 0) for i in range(SETTLED + 60)]
    assert residuals(anon_kib).tolist() == pytest.approx([0.5 * (i % 5 == 0) for i in range(60)], abs=1e-12)


def test_a_rate_that_changes_slowly_is_no_noise() -> None:
    """Each stretch has a line of its own."""
    rising = [float(4 * i) for i in range(STRETCH)]
    faster = [rising[-1] + 12.0 * i for i in range(STRETCH)]
    assert residuals([0.0] * SETTLED + rising + faster).tolist() == pytest.approx([0.0] * 2 * STRETCH, abs=1e-12)


@pytest.mark.parametrize(("length", "block"), [(1, 1), (27, 3), (59, 4), (279, 7)])
def test_blocks_are_as_long_as_the_cube_root(length: int, block: int) -> None:
    """Of the noise that they are drawn from."""
    assert block_length(np.zeros(length)) == block


def test_what_is_drawn_keeps_its_blocks() -> None:
    """Three values follow each other as they were, the end joined to the beginning."""
    values = drawn(np.arange(37.0), 95, np.random.default_rng(1))
    assert len(values) == 95
    for start in range(0, 95, 3):
        block = values[start : start + 3]
        assert block.tolist() == [(block[0] + i) % 37 for i in range(len(block))]
    assert len({values[start] for start in range(0, 95, 3)}) > 1


def test_the_same_seed_draws_the_same() -> None:
    """And another one does not."""
    one, same, other = (drawn(np.arange(50.0), 30, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert one == same != other


def test_stored_noise_can_be_drawn_from() -> None:
    """Each stored series has more values than a block, lies around zero, and is not still."""
    found = noises()
    assert found
    for name, values in found.items():
        assert len(values) > block_length(values), name
        assert float(np.median(values)) == pytest.approx(0.0, abs=1 / 256), name
        assert float(np.abs(values).max()) > 0, name
