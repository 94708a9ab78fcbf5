"""Where something can be heard."""

import numpy as np

from harness.synthetic.audible import audible, rms_by_ms
from tests.synthetic.sounds import recorded, square


def test_rms_of_each_millisecond() -> None:
    """Sixteen samples a value; seven left over are left out."""
    samples = np.concatenate((square(2, 100), square(1, 300), np.full(7, 9_000, np.int16)))
    assert rms_by_ms(samples).tolist() == [100.0, 100.0, 300.0]


def test_edges_are_the_first_millisecond_and_the_one_behind_the_last() -> None:
    """What is no louder than twice the background is not heard."""
    assert audible(recorded(100, [(30, 40), (60, 75)], floor=200), floor_rms=100.0) == (30, 75)
    assert audible(recorded(100, [(30, 75)], floor=201), floor_rms=100.0) == (0, 100)


def test_without_a_background_a_hundredth_of_the_loudest_is_not_heard() -> None:
    """80 of 8000 is not, 81 is."""
    assert audible(recorded(50, [(10, 20)], floor=80), 0.0) == (10, 20)
    assert audible(recorded(50, [(10, 20)], floor=81), 0.0) == (0, 50)


def test_a_single_millisecond_is_a_click() -> None:
    """Two in a row are a sound."""
    assert audible(recorded(50, [(5, 6), (20, 22), (40, 41)]), 100.0) == (20, 22)


def test_silence_has_no_edges() -> None:
    """Nor has what is shorter than a millisecond, or the background alone."""
    assert audible(square(20, 0), 0.0) is None
    assert audible(square(20, 100), 100.0) is None
    assert audible(np.ones(15, np.int16), 0.0) is None
