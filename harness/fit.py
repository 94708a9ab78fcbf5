"""The search for the smallest memory limit under which a run does everything: which limit to try next. Pure.

Bisection assumes that what fits in N MiB fits in more. Memory is not quite like that (when the kernel gives back file
pages, and which thread allocates first, differ from run to run), so that the limit that is found is tried once more,
a limit counts as too small if it failed once, and a smaller one that did fit is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CONFIRMATIONS = 2
"""How often the limit that is found has to have been enough."""
MOST_ATTEMPTS = 40
"""Doubling and bisection over a terabyte need fewer."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One limit in MiB, and whether every trial of the run under it was done."""

    limit_mib: int
    ok: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where to look, in whole MiB.

    ``floor_mib`` is what a worker needs without any engine, and is not tried; ``first_mib`` is a first guess of what is
    enough; ``most_mib`` is what the machine has. The search ends when what fits is within ``tolerance_mib`` of what
    does not.
    """

    floor_mib: int
    first_mib: int
    most_mib: int
    tolerance_mib: float


@dataclass(frozen=True, slots=True)
class Found:
    """What the attempts so far say.

    ``fits_mib`` is the smallest limit that was enough, above every one that was not; ``fails_mib`` the largest that was
    not; ``odd_mib`` are smaller ones that were enough all the same.
    """

    fits_mib: int | None
    fails_mib: int | None
    confirmed: bool
    odd_mib: tuple[int, ...] = ()


def next_limit(tried: Sequence[Tried], bounds: Bounds) -> int | None:
    """Return the limit to try next, or None where the search is over: nothing better to know, or nothing to gain."""
    if len(tried) >= MOST_ATTEMPTS:
        return None
    found = found_in(tried)
    if found.fits_mib is None:
        largest = max((one.limit_mib for one in tried), default=None)
        above = max(bounds.first_mib, bounds.floor_mib + 1) if largest is None else 2 * largest
        return above if largest is None or above <= bounds.most_mib else None
    fails_mib = bounds.floor_mib if found.fails_mib is None else found.fails_mib
    if found.fits_mib - fails_mib > bounds.tolerance_mib:
        return (found.fits_mib + fails_mib) // 2
    return None if found.confirmed else found.fits_mib


def found_in(tried: Sequence[Tried]) -> Found:
    """Say what attempts have shown, in whatever order they were made."""
    fails_mib = max((one.limit_mib for one in tried if not one.ok), default=None)
    enough = sorted(one.limit_mib for one in tried if one.ok)
    above = [limit for limit in enough if fails_mib is None or limit > fails_mib]
    failed = {one.limit_mib for one in tried if not one.ok}
    return Found(
        fits_mib=above[0] if above else None,
        fails_mib=fails_mib,
        confirmed=bool(above) and above.count(above[0]) >= CONFIRMATIONS,
        odd_mib=tuple(sorted({limit for limit in enough if limit not in above} - failed)),
    )
