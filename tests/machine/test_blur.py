from dataclasses import replace
from pathlib import Path

import pytest

from harness.clock import FakeClock
from harness.machine.blur import Blur, blurs, disturbed
from harness.machine.noise import ClockSteps, Disturbance, Jitter, Load, Noise, Processor, Quota, Room
from harness.machine.quietness import checked
from tests import machines

UNEVEN = "the machine is uneven: the slowest hundredth of the same work takes 1.9 times its median"
FREE = Room(total_mib=1000.0, available_mib=500.0)


def lines(noise: Noise, threads: int | None = 2, cores: int = 2) -> list[str]:
    """Return what is warned of, on two cores."""
    return [blur.line for blur in blurs(noise, cores, threads)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        (machines.quiet(), []),
        (
            machines.laptop(),
            [
                "threads=2 on 1 physical cores: two threads will share one (SMT)",
                "the processor's clock will move between 800 and 4600 MHz: governor powersave, turbo on",
            ],
        ),
        (machines.container(1), ["threads=2 under a quota of 1.5 CPUs: all will be stopped for a part of each period"]),
        (machines.container(2), ["threads=2 under a quota of 1.5 CPUs: all will be stopped for a part of each period"]),
        (
            machines.server(),
            [
                "the machine is busy: 8 other threads are running on 2 usable cores",
                "1024 of 16384 MiB of memory are available: the kernel will take pages back",
            ],
        ),
        (machines.hot(), ["the processor has 92 degrees Celsius, and its limit is 95: it will slow down"]),
    ],
    ids=["nothing readable", "quiet", "laptop", "container v1", "container v2", "server", "hot"],
)
def test_machines(files: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    """One line for each thing that blurs, none for a quiet machine; a virtual machine and a container are none."""
    noise, _ = checked(FakeClock(), root=machines.machine(tmp_path, files))
    assert lines(noise) == expected


@pytest.mark.parametrize(
    ("threads", "quota", "expected"),
    [
        (None, None, []),
        (2, None, []),
        (6, None, [Blur("threads=6", "threads=6 on 2 usable cores: the threads will wait for each other")]),
        (2, 2.0, []),
        (1, 1.0, []),
        (
            6,
            1.5,
            [Blur("threads=6", "threads=6 under a quota of 1.5 CPUs: all will be stopped for a part of each period")],
        ),
        (6, 4.0, [Blur("threads=6", "threads=6 on 2 usable cores: the threads will wait for each other")]),
        (
            None,
            0.5,
            [Blur("quota", "a quota of 0.5 CPUs: even one thread will be stopped in each period")],
        ),
    ],
)
def test_threads(threads: int | None, quota: float | None, expected: list[Blur]) -> None:
    """Beyond the cores or beyond the quota, whichever is less; nothing where no stage cares and a CPU is left."""
    assert list(blurs(Noise(quota=Quota(cpus=quota)), 2, threads)) == expected


@pytest.mark.parametrize(
    ("others", "threads", "expected"),
    [
        (0.0, 2, []),
        (None, 2, []),
        (1.0, 1, []),
        (1.0, 2, ["the machine is busy: 1 other thread is running on 2 usable cores"]),
        (1.5, 1, ["the machine is busy: 1.5 other threads are running on 2 usable cores"]),
    ],
)
def test_load(others: float | None, threads: int, expected: list[str]) -> None:
    """A thread on a core that the run leaves free is no warning."""
    assert lines(Noise(load=Load(others_running=others)), threads) == expected


@pytest.mark.parametrize(
    ("repeats", "p99_us", "total_ms", "expected"),
    [
        (200, 150.0, 20.0, []),
        (200, 190.0, 20.0, [UNEVEN]),
        (40, 190.0, 8.0, []),
        (40, 190.0, 99.0, [UNEVEN]),
        (40, 150.0, 99.0, []),
    ],
)
def test_jitter(repeats: int, p99_us: float, total_ms: float, expected: list[str]) -> None:
    """The one slowest of a few says little, unless they are few because the time was up."""
    jitter = Jitter(repeats=repeats, median_us=100.0, p99_us=p99_us, longest_us=200.0, total_ms=total_ms)
    assert lines(Noise(jitter=jitter)) == expected


def test_a_coarse_clock() -> None:
    """A clock of another system may move in steps of 16 ms."""
    assert lines(Noise(clock=ClockSteps(step_ns=15_600_000))) == ["the clock moves in steps of 15600 us"]
    assert lines(Noise(clock=ClockSteps(step_ns=100))) == []


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        (Processor(governors=("performance",), turbo=True), ["the processor's clock will move: turbo on"]),
        (Processor(governors=("schedutil",), lowest_mhz=2000.0, highest_mhz=2000.0), []),
        (Processor(governors=("powersave",)), ["the processor's clock will move: governor powersave"]),
        (Processor(hottest_celsius=89.0), []),
        (Processor(hottest_celsius=90.0), ["the processor has 90 degrees Celsius: it will slow down"]),
        (Processor(hottest_celsius=84.0, critical_celsius=95.0), []),
    ],
)
def test_frequency_and_heat(processor: Processor, expected: list[str]) -> None:
    """A governor that has one frequency to choose is as good as none."""
    assert lines(Noise(processor=processor), threads=1) == expected


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (FREE, []),
        (
            replace(FREE, available_mib=99.0),
            ["99 of 1000 MiB of memory are available: the kernel will take pages back"],
        ),
        (
            replace(FREE, files_mib=600.0),
            ["500 MiB of memory are available, and a stage's files alone have 600"],
        ),
        (replace(FREE, files_mib=400.0, swap_total_mib=100.0, swap_used_mib=100.0), []),
    ],
)
def test_room(room: Room, expected: list[str]) -> None:
    """Too little for a model's files, or little at all; a swap that is in use is a fact."""
    assert lines(Noise(room=room)) == expected


def test_a_run_that_was_disturbed() -> None:
    """A line for each thing, from 1 % on."""
    during = Disturbance(
        duration_s=60.0,
        stolen_share=0.03,
        throttled_share=0.25,
        throttled_ms=2500.0,
        heat_throttled=4,
        swapped_mib=12.0,
    )
    assert disturbed(during) == (
        "the run was throttled: its CPU quota stopped it in 25% of the periods, for 2.5 s in all",
        "the hypervisor gave 3% of the CPU time to others during the run",
        "the processor was slowed for heat 4 times during the run",
        "the machine moved 12 MiB to the swap or back during the run",
    )


def test_a_run_that_was_left_alone() -> None:
    """What is not counted, and what is too little, says nothing."""
    assert disturbed(Disturbance(duration_s=60.0)) == ()
    little = Disturbance(
        duration_s=60.0, stolen_share=0.009, throttled_share=0.0, throttled_ms=0.0, heat_throttled=0, swapped_mib=0.5
    )
    assert disturbed(little) == ()
