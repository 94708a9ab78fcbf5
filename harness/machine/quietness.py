"""The noise check: how quiet the machine is before a run, and what disturbed it meanwhile.

It runs before the first worker is started, so that it disturbs nothing and nothing of ours disturbs it.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from harness.clock import Clock
from harness.machine import facts
from harness.machine.cpu_group import quota_of
from harness.machine.noise import ClockSteps, Disturbance, Jitter, Load, Noise

_N = TypeVar("_N", int, float)

WHOLE, BRIEF = 200, 40
"""How often the fixed work is done: about 40 ms before a run, 8 ms before each further one of a series."""
_LONGEST_S = 0.1
"""On a machine that is busy each repetition takes longer; then there are fewer."""
_LOOK_EVERY = 20
_STEP_READINGS = 1000
_BLOCK = bytes(1 << 14)
_BLOCKS, _SUMS = 4, 500
_LEAST_TICKS = 100
"""Of CPU time; a share of fewer is coarser than what it has to tell."""
_PAGE_MIB = 4096 / 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What only grows, at one moment; None where the machine does not count it."""

    at_ns: int
    ticks: tuple[int, int] | None = None
    """Stolen, and all."""
    periods: tuple[int, int] | None = None
    """Those of the quota in which the group was stopped, and all."""
    throttled_ms: float | None = None
    heat_throttled: int | None = None
    swapped_pages: int | None = None


def checked(
    clock: Clock, repeats: int = WHOLE, files_mib: float | None = None, root: Path = Path("/")
) -> tuple[Noise, Counters]:
    """Measure and read what may blur a run's figures; return it, with the counters at the check's end.

    ``files_mib`` is what the models' files need, where that is known; ``root`` is where ``proc`` and ``sys`` are.
    """
    before = counters(clock, root)
    jitter, others_running = _worked(clock, repeats, root)
    now = facts.load(root)
    after = counters(clock, root)
    noise = Noise(
        clock=_clock_steps(clock, root),
        jitter=jitter,
        load=Load(average_1_min=now.average_1_min, average_5_min=now.average_5_min, others_running=others_running),
        processor=facts.processor(root),
        quota=quota_of(root=root),
        room=facts.room(root, files_mib),
        host=facts.host(root),
        check=disturbance(before, after),
    )
    return noise, after


def counters(clock: Clock, root: Path = Path("/")) -> Counters:
    """Read what grows while the machine is disturbed."""
    quota = quota_of(root=root)
    counted = quota.periods is not None and quota.throttled_periods is not None
    return Counters(
        at_ns=clock.now_ns(),
        ticks=facts.stolen_ticks(root),
        periods=(quota.throttled_periods or 0, quota.periods or 0) if counted else None,
        throttled_ms=quota.throttled_ms,
        heat_throttled=facts.heat_throttled(root),
        swapped_pages=facts.swapped_pages(root),
    )


def disturbance(before: Counters, after: Counters) -> Disturbance:
    """Return what happened to the machine between two readings of its counters."""
    swapped = _grown(before.swapped_pages, after.swapped_pages)
    return Disturbance(
        duration_s=(after.at_ns - before.at_ns) / 1e9,
        stolen_share=_share(before.ticks, after.ticks, _LEAST_TICKS),
        throttled_share=_share(before.periods, after.periods, 1),
        throttled_ms=_grown(before.throttled_ms, after.throttled_ms),
        heat_throttled=_grown(before.heat_throttled, after.heat_throttled),
        swapped_mib=None if swapped is None else swapped * _PAGE_MIB,
    )


def _worked(clock: Clock, repeats: int, root: Path) -> tuple[Jitter, float | None]:
    """Do the fixed work again and again; return how long it took, and what ran beside it."""
    durations_ns: list[int] = []
    looks: list[float] = []
    start_ns = clock.now_ns()
    while len(durations_ns) < repeats:
        at_ns = clock.now_ns()
        if at_ns - start_ns > _LONGEST_S * 1e9:
            break
        _work()
        durations_ns.append(clock.now_ns() - at_ns)
        if len(durations_ns) % _LOOK_EVERY == 0:
            others = facts.load(root).others_running
            looks += [] if others is None else [others]
    return jitter_of(durations_ns), _median(looks) if looks else None


def jitter_of(durations_ns: list[int]) -> Jitter:
    """Return the spread of durations, of which there is at least one."""
    ordered = sorted(durations_ns)
    rank = -(-99 * len(ordered) // 100)  # nearest rank, rounded up
    return Jitter(
        repeats=len(ordered),
        median_us=_median(ordered) / 1e3,
        p99_us=ordered[rank - 1] / 1e3,
        longest_us=ordered[-1] / 1e3,
        total_ms=sum(ordered) / 1e6,
    )


def _median(values: Sequence[float]) -> float:
    """Return the median of at least one value; the standard library's costs the start of a run 10 ms to import."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _work() -> None:
    """Hash and add: what the processor does in its caches, so that memory and disks have no part in it."""
    for _ in range(_BLOCKS):
        hashlib.blake2b(_BLOCK).digest()
    total = 0
    for number in range(_SUMS):
        total += number * number


def _clock_steps(clock: Clock, root: Path) -> ClockSteps:
    readings = [clock.now_ns() for _ in range(_STEP_READINGS)]
    steps = [after - before for before, after in pairwise(readings) if after > before]
    return ClockSteps(
        source=facts.clock_source(root),
        resolution_ns=time.get_clock_info("monotonic").resolution * 1e9,
        step_ns=min(steps, default=None),
    )


def _share(before: tuple[int, int] | None, after: tuple[int, int] | None, least: int) -> float | None:
    if before is None or after is None or after[1] - before[1] < least:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])


def _grown(before: _N | None, after: _N | None) -> _N | None:
    return None if before is None or after is None else after - before
