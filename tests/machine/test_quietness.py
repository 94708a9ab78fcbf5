from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.clock import FakeClock
from harness.machine.noise import Disturbance, Jitter
from harness.machine.quietness import Counters, checked, counters, disturbance, jitter_of
from tests import machines


class Ticking:
    """A clock that moves by a fixed step whenever it is read."""

    def __init__(self, step_ns: int) -> None:
        self._step_ns = step_ns
        self._now_ns = 0

    def now_ns(self) -> int:
        """Return the time, and move on."""
        self._now_ns += self._step_ns
        return self._now_ns

    def wall(self) -> datetime:
        """Return always the same."""
        return datetime(2026, 1, 1, tzinfo=UTC)


def test_the_fixed_work_is_timed_by_the_clock(tmp_path: Path) -> None:
    """As often as asked for, with one reading before and one after each time."""
    noise, _ = checked(Ticking(1000), 100, root=tmp_path)
    assert noise.jitter == Jitter(repeats=100, median_us=1.0, p99_us=1.0, longest_us=1.0, total_ms=0.1)
    assert noise.clock.step_ns == 1000
    assert noise.load.others_running is None


def test_a_slow_machine_gets_less_work(tmp_path: Path) -> None:
    """After 100 ms no repetition is begun: here each takes 10 ms, and as long between two."""
    noise, _ = checked(Ticking(10_000_000), 200, root=tmp_path)
    assert noise.jitter is not None
    assert (noise.jitter.repeats, noise.jitter.median_us) == (5, 10_000.0)


def test_a_clock_that_stands_still_has_no_step(tmp_path: Path) -> None:
    """And shows no jitter."""
    noise, _ = checked(FakeClock(), 40, root=tmp_path)
    assert (noise.clock.step_ns, noise.jitter) == (
        None,
        Jitter(repeats=40, median_us=0.0, p99_us=0.0, longest_us=0.0, total_ms=0.0),
    )


def test_everything_is_read_below_the_root(tmp_path: Path) -> None:
    """The parts come from where the kernel has them; what the models' files need from the caller."""
    noise, start = checked(FakeClock(5), 40, 10.0, machines.machine(tmp_path, machines.container(2)))
    assert (noise.quota.cpus, noise.host.container, noise.host.hypervisor) == (1.5, "docker", "QEMU")
    assert (noise.load.others_running, noise.load.average_1_min) == (0.0, 0.1)
    assert (noise.room.files_mib, noise.clock.source) == (10.0, "tsc")
    assert noise.check == Disturbance(duration_s=0.0, throttled_ms=0.0, heat_throttled=0, swapped_mib=0.0)
    assert start == Counters(
        at_ns=5, ticks=(0, 9500), periods=(50, 200), throttled_ms=2500.0, heat_throttled=0, swapped_pages=30
    )


def test_a_machine_with_nothing_to_read(tmp_path: Path) -> None:
    """Has no counters, and nothing that could have disturbed it."""
    assert counters(FakeClock(7), tmp_path) == Counters(at_ns=7)
    assert disturbance(Counters(at_ns=0), Counters(at_ns=10**9)) == Disturbance(duration_s=1.0)


def test_what_happened_between_two_readings() -> None:
    """Shares of what there was in that time, and what the rest has grown by."""
    before = Counters(
        at_ns=0, ticks=(10, 1000), periods=(5, 100), throttled_ms=50.0, heat_throttled=1, swapped_pages=256
    )
    after = Counters(
        at_ns=2 * 10**9, ticks=(60, 1200), periods=(15, 140), throttled_ms=250.0, heat_throttled=4, swapped_pages=1024
    )
    assert disturbance(before, after) == Disturbance(
        duration_s=2.0,
        stolen_share=0.25,
        throttled_share=0.25,
        throttled_ms=200.0,
        heat_throttled=3,
        swapped_mib=3.0,
    )


@pytest.mark.parametrize(("ticks", "share"), [(99, None), (100, 0.1)])
def test_a_share_of_few_ticks_is_none(ticks: int, share: float | None) -> None:
    """A tick is 10 ms: of fewer than 100, one would pass for more than 1 %."""
    found = disturbance(Counters(at_ns=0, ticks=(0, 0)), Counters(at_ns=1, ticks=(10, ticks)))
    assert found.stolen_share == share


def test_the_slowest_hundredth_is_by_nearest_rank() -> None:
    """Of 200 durations it is the third from the end, of 40 the longest."""
    assert jitter_of([1000 * one for one in range(1, 201)]) == Jitter(
        repeats=200, median_us=100.5, p99_us=198.0, longest_us=200.0, total_ms=20.1
    )
    assert jitter_of([1000 * one for one in range(1, 41)]).p99_us == 40.0
