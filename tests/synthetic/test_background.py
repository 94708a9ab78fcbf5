"""What is heard between words."""

import numpy as np
import pytest

from harness.synthetic.background import hiss, looped, quietest, rms_of
from tests.synthetic.sounds import recorded, square


def test_the_quietest_stretch_is_found_to_the_sample() -> None:
    """Between two tones 200 ms apart there is one place for it."""
    samples = recorded(1_000, [(0, 400), (600, 1_000)])
    assert np.shares_memory(quietest(samples), samples)
    assert np.array_equal(quietest(samples), samples[400 * 16 : 600 * 16])


def test_a_short_recording_is_its_own_background() -> None:
    """There is nothing to choose."""
    assert len(quietest(square(150, 7))) == 150 * 16


def test_rms() -> None:
    """Of a square wave it is its height, of nothing nothing."""
    assert (rms_of(square(3, 7)), rms_of(square(0, 7))) == (7.0, 0.0)


def test_copies_fade_into_each_other_with_constant_power() -> None:
    """Two halves that have nothing in common: at the seam the gains' squares add up to one."""
    stretch = np.concatenate((square(100, 1_000), np.resize(np.array([1_000, 1_000, -1_000, -1_000], np.int16), 1_600)))
    loop = looped(stretch, 2 * 180 * 16)
    assert np.array_equal(loop[: 180 * 16], loop[180 * 16 :])
    assert np.array_equal(loop[: 160 * 16], stretch[20 * 16 : 180 * 16])
    assert rms_of(loop[160 * 16 : 180 * 16]) == pytest.approx(1_000.0, rel=0.001)


@pytest.mark.parametrize(("stretch", "expected"), [([], [0, 0, 0]), ([5], [5, 5, 5])])
def test_too_little_to_fade_is_repeated(stretch: list[int], expected: list[int]) -> None:
    """Of nothing, silence is made."""
    assert looped(np.array(stretch, np.int16), 3).tolist() == expected


def test_hiss_is_low_seeded_and_white() -> None:
    """The same seed gives the same samples; neighbours have nothing to do with each other."""
    noise = hiss(16_000, "0-1")
    assert np.array_equal(noise, hiss(16_000, "0-1"))
    assert not np.array_equal(noise, hiss(16_000, "0-2"))
    assert (noise.min(), noise.max()) == (-32, 31)
    assert rms_of(noise) == pytest.approx(18.5, abs=0.2)
    assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 0.03
