import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import harness.sampling.sampler
from harness.clock import FakeClock, SystemClock
from harness.sampling.curve import Curve, read_curve
from harness.sampling.footprint import Footprint, Resident
from harness.sampling.sampler import Sampler

MS = 1_000_000
TIMEOUT_S = 30


class HandTicker:
    """Ticks when it is told to, and tells when the thread has done with a tick."""

    def __init__(self) -> None:
        self._ticks: queue.Queue[int] = queue.Queue()
        self._asked: queue.Queue[None] = queue.Queue()

    def wait(self) -> int:
        """Wait for the next tick."""
        self._asked.put(None)
        return self._ticks.get(timeout=TIMEOUT_S)

    def tick(self, passed: int = 1) -> None:
        """Let so many ticks pass, and return when the thread waits again."""
        self._asked.get(timeout=TIMEOUT_S)
        self._ticks.put(passed)
        self._asked.get(timeout=TIMEOUT_S)
        self._asked.put(None)

    def last(self) -> None:
        """Let a tick pass after which the thread will not wait again."""
        self._asked.get(timeout=TIMEOUT_S)
        self._ticks.put(1)

    def stop(self) -> None:
        """End it."""
        self._ticks.put(0)

    def close(self) -> None:
        """Nothing is open."""


class Told(Footprint):
    """A process that is as large as it is told, in KiB."""

    def __init__(self) -> None:
        self.resident: Resident | None = (1000, 100)
        self.children = 0
        self.looks = 0
        self.closed = False

    def read(self) -> Resident | None:
        """Return what was told."""
        assert not self.closed
        return self.resident

    def children_kib(self) -> int:
        """Return what was told, and count how often."""
        self.looks += 1
        return self.children

    def close(self) -> None:
        """Note it; once only."""
        assert not self.closed
        self.closed = True


class Stand:
    """A sampler at 100 Hz whose clock, ticks and processes obey; worker N is the process N."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.ticker = HandTicker()
        self.workers = [Told() for _ in range(3)]
        monkeypatch.setattr(harness.sampling.sampler, "ticker", lambda period_ns: self.ticker)
        monkeypatch.setattr(harness.sampling.sampler, "footprint", self.workers.__getitem__)
        self.sampler = Sampler(folder, 100.0, self.clock)

    def tick(self, passed: int = 1) -> None:
        """Let ticks pass, ten milliseconds each."""
        self.clock.advance(passed * 0.01)
        self.ticker.tick(passed)

    @property
    def curve(self) -> Curve:
        """The curve as it was written."""
        curve = read_curve(self.folder)
        assert curve is not None
        return curve

    @property
    def rows(self) -> list[tuple[int, int, int, int]]:
        """Milliseconds, worker, RSS and children of each sample."""
        curve = self.curve
        columns = (curve.at_ns, curve.worker, curve.rss_kib, curve.children_kib)
        return [(at // MS, worker, rss, children) for at, worker, rss, children in zip(*columns, strict=True)]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    """Return a stand; its thread is ended."""
    made = Stand(tmp_path, monkeypatch)
    yield made
    made.sampler.stop()


def test_a_worker_is_sampled_from_watch_to_forget(stand: Stand) -> None:
    """At each tick, by the supervisor's clock; of equal samples the first and the last are written."""
    with stand.sampler as sampler:
        stand.tick()
        sampler.watch(0, 0)
        for _ in range(3):
            stand.tick()
        stand.workers[0].resident = (2000, 100)
        stand.tick()
        sampler.forget(0)
        stand.tick()
    assert stand.rows == [(20, 0, 1000, 0), (40, 0, 1000, 0), (50, 0, 2000, 0)]
    assert stand.workers[0].closed
    cost = stand.curve.sampling.cost
    assert cost is not None
    assert (cost.samples, cost.missed, sampler.problems) == (4, 0, [])
    assert cost.wall_s >= cost.cpu_s > 0


def test_the_last_sample_of_who_rests_is_written_when_it_leaves_and_at_the_end(stand: Stand) -> None:
    """A row of equal samples is as long as it was."""
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        sampler.watch(1, 1)
        for _ in range(5):
            stand.tick()
        sampler.forget(0)
        for _ in range(4):
            stand.tick()
    assert stand.rows == [(10, 0, 1000, 0), (10, 1, 1000, 0), (50, 0, 1000, 0), (90, 1, 1000, 0)]
    assert all(worker.closed for worker in stand.workers[:2])


def test_ticks_that_were_missed_are_counted_for_each_worker(stand: Stand) -> None:
    """Nothing is made up for them."""
    with stand.sampler as sampler:
        stand.tick(passed=7)
        sampler.watch(0, 0)
        sampler.watch(1, 1)
        stand.tick(passed=4)
    cost = stand.curve.sampling.cost
    assert cost is not None
    assert (cost.samples, cost.missed) == (2, 6)


def test_a_worker_that_dies_between_two_samples_is_no_error(stand: Stand) -> None:
    """Its curve ends with the last sample; the others go on."""
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        sampler.watch(1, 1)
        stand.tick()
        stand.tick()
        stand.workers[0].resident = None
        stand.tick()
        stand.tick()
    assert stand.rows == [(10, 0, 1000, 0), (10, 1, 1000, 0), (20, 0, 1000, 0), (40, 1, 1000, 0)]
    assert sampler.problems == []


def test_children_are_looked_for_at_every_tenth_tick(stand: Stand) -> None:
    """What was found stands in the samples up to the next look."""
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        for at in range(21):
            stand.workers[0].children = 500 if at > 3 else 0
            stand.tick()
    assert stand.workers[0].looks == 3
    assert [(row[0], row[3]) for row in stand.rows] == [(10, 0), (100, 0), (110, 500), (210, 500)]


def test_looking_for_children_takes_no_more_than_a_thousandth_of_the_time(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a worker of a thousand threads a look takes a millisecond, and the next comes a second later."""
    looks: list[int] = []

    def slow() -> int:
        looks.append(stand.clock.now_ns() // MS)
        stand.clock.advance(0.001)
        return 0

    monkeypatch.setattr(stand.workers[0], "children_kib", slow)
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        for _ in range(150):
            stand.tick()
    assert looks == [10, 1011]


def test_at_0_hz_nothing_happens(tmp_path: Path) -> None:
    """No thread, no file, no cost."""
    threads = threading.active_count()
    with Sampler(tmp_path, 0.0, SystemClock()) as sampler:
        sampler.watch(os.getpid(), 0)
        assert threading.active_count() == threads
        sampler.forget(0)
    assert list(tmp_path.iterdir()) == []
    assert (sampler.stop(), sampler.problems) == (None, [])


def test_a_folder_that_takes_no_file_is_a_problem(tmp_path: Path) -> None:
    """The run goes on without a curve."""
    with Sampler(tmp_path / "missing", 100.0, SystemClock()) as sampler:
        sampler.watch(os.getpid(), 0)
        sampler.forget(0)
    assert sampler.problems == ["memory.curve was not written on: No such file or directory"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(OSError(28, "No space left on device"), "No space left on device"), (ValueError("odd"), "ValueError: odd")],
)
def test_a_sampler_that_fails_ends_itself_and_says_so(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, fault: Exception, reason: str
) -> None:
    """Who is watched, watched later or forgotten then costs nothing, and no file stays open."""
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        sampler.watch(1, 1)
        stand.tick()

        def fail(*_arguments: object) -> None:
            raise fault

        monkeypatch.setattr("harness.sampling.curve.CurveWriter.add", fail)
        stand.workers[0].resident = (2000, 100)
        stand.ticker.last()
        assert sampler._thread is not None
        sampler._thread.join(TIMEOUT_S)
        sampler.watch(2, 2)
        sampler.forget(0)
        assert [worker.closed for worker in stand.workers] == [True, False, False]
    assert [worker.closed for worker in stand.workers] == [True, True, False]
    assert sampler.problems == [f"memory.curve was not written on: {reason}"]
    assert (sampler.stop(), read_curve(stand.folder) is None) == (None, False)


def test_a_worker_that_has_gone_already_is_no_error(tmp_path: Path) -> None:
    """It died between its start and the first look."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait(TIMEOUT_S)
    with Sampler(tmp_path, 100.0, SystemClock()) as sampler:
        sampler.watch(child.pid, 0)
        sampler.forget(0)
    assert sampler.problems == []


def test_a_process_that_cannot_be_opened_is_a_problem(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when there are no descriptors left."""

    def refuse(pid: int) -> Footprint:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(harness.sampling.sampler, "footprint", refuse)
    with stand.sampler as sampler:
        sampler.watch(0, 3)
    assert sampler.problems == ["worker 3 was not sampled: Too many open files"]


def test_ctrl_c_is_left_to_the_thread_that_waits_for_workers(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sampler's thread blocks every signal that can be blocked."""
    masks: list[Any] = []

    def read() -> Resident:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        return 1000, 100

    monkeypatch.setattr(stand.workers[0], "read", read)
    with stand.sampler as sampler:
        sampler.watch(0, 0)
        stand.tick()
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD} <= masks[0]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_a_living_process_is_sampled(tmp_path: Path) -> None:
    """For real: a child that takes 32 MiB when it is told to, with clock, timer and disk of this machine."""
    script = "input(); x = bytearray(b'x') * (32 << 20); print('taken', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with Sampler(tmp_path, 1000.0, SystemClock()) as sampler:
            sampler.watch(child.pid, 5)
            _wait_for_sample(sampler)
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "taken\n"
            rss_kib = psutil.Process(child.pid).memory_info().rss // 1024
            _wait_for_sample(sampler)
        child.kill()
    curve = read_curve(tmp_path)
    assert curve is not None
    assert set(curve.worker) == {5}
    assert curve.rss_kib[-1] == rss_kib
    assert curve.rss_kib[-1] - curve.rss_kib[0] >= 32 << 10
    assert sampler.problems == []


def _wait_for_sample(sampler: Sampler) -> None:
    """Return when two more samples have been taken."""
    before = sampler._samples
    for _ in range(TIMEOUT_S * 100):
        if sampler._samples >= before + 2:
            return
        threading.Event().wait(0.01)
    raise AssertionError("no sample was taken")


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    """Neither a thread nor a descriptor."""
    before = psutil.Process().num_fds(), threading.active_count()
    with Sampler(tmp_path, 1000.0, SystemClock()) as sampler:
        for worker in range(3):
            sampler.watch(os.getpid(), worker)
        sampler.forget(1)
    assert (psutil.Process().num_fds(), threading.active_count()) == before
