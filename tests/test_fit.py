from collections.abc import Callable

import pytest

from harness.fit import MOST_ATTEMPTS, Bounds, Found, Tried, found_in, next_limit

BOUNDS = Bounds(floor_mib=16, first_mib=200, most_mib=4096, tolerance_mib=8)


def walked(fits: Callable[[int, int], bool], bounds: Bounds = BOUNDS) -> list[Tried]:
    """Return the attempts of a search; ``fits`` is asked with a limit and how often it was tried before."""
    tried: list[Tried] = []
    while (limit_mib := next_limit(tried, bounds)) is not None:
        before = sum(one.limit_mib == limit_mib for one in tried)
        tried.append(Tried(limit_mib, fits(limit_mib, before)))
    return tried


def test_the_steps_of_a_search() -> None:
    """The guess first, then halves between what fits and what does not, and the answer once more."""
    tried = walked(lambda limit, _: limit >= 150)
    assert [(one.limit_mib, one.ok) for one in tried] == [
        (200, True),
        (108, False),
        (154, True),
        (131, False),
        (142, False),
        (148, False),
        (154, True),
    ]
    assert found_in(tried) == Found(fits_mib=154, fails_mib=148, confirmed=True)


@pytest.mark.parametrize("need", [17, 24, 25, 99, 199, 200, 201, 399, 400, 401, 3200])
@pytest.mark.parametrize("tolerance", [1, 8, 50.5])
def test_the_answer_is_within_the_tolerance(need: int, tolerance: float) -> None:
    """What is found is enough, and is no further from what is not, or from the floor, than was asked."""
    tried = walked(lambda limit, _: limit >= need, Bounds(16, 200, 4096, tolerance))
    found = found_in(tried)
    assert found.fits_mib is not None
    assert found.confirmed
    assert found.fits_mib >= need
    assert found.fits_mib - (found.fails_mib or 16) <= tolerance
    assert found.fails_mib is None or found.fails_mib < need


def test_a_guess_that_is_too_small_is_doubled() -> None:
    """Until it fits."""
    assert [one.limit_mib for one in walked(lambda limit, _: limit >= 700)][:4] == [200, 400, 800, 600]


def test_what_never_fits_ends_at_the_machines_memory() -> None:
    """Nothing is tried that the machine does not have."""
    tried = walked(lambda limit, _: False)
    assert [one.limit_mib for one in tried] == [200, 400, 800, 1600, 3200]
    assert found_in(tried) == Found(fits_mib=None, fails_mib=3200, confirmed=False)


def test_what_always_fits_ends_at_the_floor() -> None:
    """The floor itself is not tried, and is no limit that failed."""
    tried = walked(lambda limit, _: True)
    assert min(one.limit_mib for one in tried) == 21
    assert found_in(tried) == Found(fits_mib=21, fails_mib=None, confirmed=True)


def test_a_guess_below_the_floor_is_lifted() -> None:
    """An engine that takes nothing peaks below what a worker may be given."""
    assert walked(lambda limit, _: True, Bounds(16, 9, 4096, 8))[0] == Tried(17, True)


def test_an_answer_that_fails_the_second_time_is_too_small() -> None:
    """The search goes on above it, and the answer is one that was enough each time."""
    tried = walked(lambda limit, before: limit >= 150 and not (limit == 154 and before == 1))
    assert [one.limit_mib for one in tried[6:]] == [154, 177, 165, 159, 159]
    assert found_in(tried) == Found(fits_mib=159, fails_mib=154, confirmed=True)


def test_a_smaller_limit_that_fitted_is_named() -> None:
    """Where it fits below a limit that failed, the answer is above both, and the odd one is told."""
    tried = [Tried(200, True), Tried(100, True), Tried(150, False), Tried(100, True), Tried(200, True)]
    assert found_in(tried) == Found(fits_mib=200, fails_mib=150, confirmed=True, odd_mib=(100,))


def test_a_search_ends_whatever_comes() -> None:
    """Answers without any sense end it after a bounded number of attempts."""
    flips = iter(range(10_000))
    tried = walked(lambda limit, _: next(flips) % 3 != 1, Bounds(16, 200, 2**40, 1))
    assert len(tried) <= MOST_ATTEMPTS
