"""What of a noise check will blur the figures: a line for each such thing, and none on a quiet machine.

A hypervisor, a container, huge pages and a swap that is in use are facts and no warnings: most machines have one of
them and measure well. What they do to a run is counted while it runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.machine.noise import Disturbance, Noise, Processor, Quota

_SLOW_HUNDREDTH = 1.5
"""Times the median: above it the slowest hundredth of an engine's calls is the machine's and not the engine's."""
_ENOUGH_REPEATS = 100
"""For a hundredth to be more than the one longest; the brief check of a series has fewer."""
_OUT_OF_TIME_MS = 90
"""Or there were fewer because the check, which takes half as long on a quiet machine, ran out of its 100 ms."""
_COARSE_STEP_NS = 10_000
"""1 % of the shortest call that is timed, 1 ms; a clock of today makes steps below 0.1 us."""
_FREE_SHARE = 0.1
"""Of all memory: below it the kernel begins to take pages from whoever holds them, and RSS falls for no reason."""
_NEAR_LIMIT_CELSIUS, _HOT_CELSIUS = 10, 90
"""Processors slow down from 5 to 10 degrees below their limit on; where none is told, 95 to 100 is usual."""
_DISTURBED_SHARE = 0.01
"""Of the CPU time or the periods of a run: 1 % is the smallest difference that the harness claims to tell."""
_SWAPPED_MIB = 1.0
"""Less than a measured model's smallest effect, and more than what the kernel moves by the way."""


@dataclass(frozen=True, slots=True)
class Blur:
    """One thing that will blur the figures, by its name, and the line that says so."""

    item: str
    line: str


def blurs(noise: Noise, usable_cores: int, threads: int | None) -> tuple[Blur, ...]:
    """Return what will blur a run. ``threads`` are those that its stages ask for, None where none of them cares."""
    return (
        *_threads(noise, usable_cores, threads),
        *_load(noise, usable_cores, threads or 1),
        *_jitter(noise),
        *_frequency(noise.processor),
        *_heat(noise.processor),
        *_room(noise),
    )


def disturbed(during: Disturbance) -> tuple[str, ...]:
    """Return a line for each thing that disturbed a run while it ran."""
    lines = []
    if during.throttled_share is not None and during.throttled_share >= _DISTURBED_SHARE:
        lines.append(
            f"the run was throttled: its CPU quota stopped it in {during.throttled_share:.0%} of the periods"
            + (f", for {during.throttled_ms / 1e3:.1f} s in all" if during.throttled_ms else "")
        )
    if during.stolen_share is not None and during.stolen_share >= _DISTURBED_SHARE:
        lines.append(f"the hypervisor gave {during.stolen_share:.0%} of the CPU time to others during the run")
    if during.heat_throttled:
        lines.append(f"the processor was slowed for heat {during.heat_throttled} times during the run")
    if during.swapped_mib is not None and during.swapped_mib >= _SWAPPED_MIB:
        lines.append(f"the machine moved {during.swapped_mib:.0f} MiB to the swap or back during the run")
    return tuple(lines)


def threads_item(threads: int) -> str:
    """Return the name of what blurs because of a thread count: another count is another thing."""
    return f"threads={threads}"


def _threads(noise: Noise, usable_cores: int, threads: int | None) -> Iterator[Blur]:
    quota, asked = noise.quota.cpus, threads or 1
    if quota is not None and quota < min(asked, usable_cores):
        yield _quota(noise.quota, quota, threads)
    elif threads is not None and threads > usable_cores:
        line = f"threads={threads} on {usable_cores} usable cores: the threads will wait for each other"
        yield Blur(threads_item(threads), line)
    elif threads is not None and noise.processor.smt and threads > (noise.processor.physical_cores or threads):
        line = f"threads={threads} on {noise.processor.physical_cores} physical cores: two threads will share one (SMT)"
        yield Blur(threads_item(threads), line)


def _quota(quota: Quota, cpus: float, threads: int | None) -> Blur:
    """Say what a quota does: the group spends its time early in each period, of 100 ms as a rule, then stands still."""
    if threads is None or threads == 1:
        return Blur("quota", f"a quota of {cpus:g} CPUs: even one thread will be stopped in each period")
    return Blur(
        threads_item(threads),
        f"threads={threads} under a quota of {cpus:g} CPUs: all will be stopped for a part of each period",
    )


def _load(noise: Noise, usable_cores: int, threads: int) -> Iterator[Blur]:
    """Compare threads that run now with the cores; the load average would still count what ran a minute ago."""
    others = noise.load.others_running
    if others and others + min(threads, usable_cores) > usable_cores:
        running = "1 other thread is" if others == 1 else f"{others:g} other threads are"
        yield Blur("load", f"the machine is busy: {running} running on {usable_cores} usable cores")


def _jitter(noise: Noise) -> Iterator[Blur]:
    jitter = noise.jitter
    telling = jitter is not None and (jitter.repeats >= _ENOUGH_REPEATS or jitter.total_ms >= _OUT_OF_TIME_MS)
    if jitter is not None and telling and jitter.p99_ratio > _SLOW_HUNDREDTH:
        times = f"{jitter.p99_ratio:.1f} times its median"
        yield Blur("jitter", f"the machine is uneven: the slowest hundredth of the same work takes {times}")
    step_ns = noise.clock.step_ns
    if step_ns is not None and step_ns > _COARSE_STEP_NS:
        yield Blur("clock", f"the clock moves in steps of {step_ns / 1e3:.0f} us")


def _frequency(processor: Processor) -> Iterator[Blur]:
    """Name a governor that follows the load, and turbo, which follows heat and how many cores are busy, in one line."""
    low, high = processor.lowest_mhz, processor.highest_mhz
    moving = [name for name in processor.governors if name != "performance"]
    reasons = [f"governor {', '.join(moving)}"] if moving and (low is None or low != high) else []
    if processor.turbo:
        reasons.append("turbo on")
    if reasons:
        between = f" between {low:.0f} and {high:.0f} MHz" if low is not None and high is not None else ""
        yield Blur("frequency", f"the processor's clock will move{between}: {', '.join(reasons)}")


def _heat(processor: Processor) -> Iterator[Blur]:
    hottest, critical = processor.hottest_celsius, processor.critical_celsius
    limit = _HOT_CELSIUS if critical is None else critical - _NEAR_LIMIT_CELSIUS
    if hottest is not None and hottest >= limit:
        bound = "" if critical is None else f", and its limit is {critical:.0f}"
        yield Blur("heat", f"the processor has {hottest:.0f} degrees Celsius{bound}: it will slow down")


def _room(noise: Noise) -> Iterator[Blur]:
    room = noise.room
    if room.available_mib is None:
        return
    if room.files_mib is not None and room.available_mib < room.files_mib:
        line = f"{room.available_mib:.0f} MiB of memory are available, and a stage's files alone have"
        yield Blur("memory", f"{line} {room.files_mib:.0f}")
    elif room.total_mib and room.available_mib < _FREE_SHARE * room.total_mib:
        line = f"{room.available_mib:.0f} of {room.total_mib:.0f} MiB of memory are available"
        yield Blur("memory", f"{line}: the kernel will take pages back")
