"""Samples the memory of each live worker from outside, while it rests and while it works.

One thread of the supervisor, so that the measured process has nothing to do with it. Its tick is short: one read of a
few bytes a worker, and no lock is held meanwhile; the supervisor hands workers over in a tuple that is replaced and
never changed.
"""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness import store
from harness.clock import Clock
from harness.sampling.curve import Cost, CurveWriter
from harness.sampling.footprint import UNKNOWN, Footprint, Resident, footprint
from harness.sampling.ticker import Ticker, ticker

_LONGEST_NS = 86_400_000_000_000
_TICKS_PER_LOOK = 10
_SHARE_OF_LOOKS = 1000
"""Looking for children takes at most one part in so many of the time, however many threads a worker has."""
_STOP_S = 10.0
"""A tick takes microseconds, and a frame a write to the disk that the run's records are written to."""


@dataclass(slots=True)
class _Watched:
    """A worker that is sampled, with the last that was seen of it.

    ``last_ns`` is the time of the last sample that was equal to the one before and was not handed on, else 0.
    """

    worker: int
    footprint: Footprint
    read: Callable[[], Resident | None]
    resident: Resident | None = None
    last_ns: int = 0
    children_kib: int = UNKNOWN
    look_ns: int = 0


class Sampler:
    """Writes the memory curve of a run into ``folder`` at ``hz`` samples a second; at 0 it does nothing.

    A context manager around what is to be sampled. ``watch`` and ``forget`` belong to the thread that entered it. A
    sampler that fails, on a full disk for instance, ends itself and leaves a line in ``problems``.
    """

    def __init__(self, folder: Path, hz: float, clock: Clock, leg: int = 0) -> None:
        self.problems: list[str] = []
        self._folder = folder
        self._hz = hz
        self._leg = leg
        self._clock = clock
        self._period_ns = round(min(1e9 / hz, _LONGEST_NS)) if hz else 0
        self._watched: tuple[_Watched, ...] = ()
        self._left: list[_Watched] = []
        self._samples = self._missed = 0
        self._ticker: Ticker | None = None
        self._thread: threading.Thread | None = None
        self._cost: Cost | None = None

    def __enter__(self) -> "Sampler":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to sample whoever is watched."""
        if not self._hz:
            return
        try:
            writer = CurveWriter(self._folder, self._hz, self._leg)
        except OSError as error:
            self._fail(error)
            return
        self._ticker = ticker(self._period_ns)
        self._thread = threading.Thread(target=self._work, args=(self._ticker, writer), name="sampler", daemon=True)
        self._thread.start()

    def watch(self, pid: int, worker: int) -> None:
        """Sample a process from now on. One that has gone already is no error."""
        if not self._sampling:
            return
        try:
            found = footprint(pid)
        except ProcessLookupError:
            return
        except OSError as error:
            self.problems.append(f"worker {worker} was not sampled: {error.strerror}")
            return
        self._watched = (*self._watched, _Watched(worker, found, found.read))

    def forget(self, worker: int) -> None:
        """Sample a worker no more."""
        leaving = [one for one in self._watched if one.worker == worker]
        self._watched = tuple(one for one in self._watched if one.worker != worker)
        self._left += leaving  # closed by the thread, which may be reading them now
        if not self._sampling:
            self._close_left()

    def stop(self) -> Cost | None:
        """Write what is left and end the thread; return the cost, None where there was no curve or it failed."""
        if self._thread is not None and self._ticker is not None:
            self._ticker.stop()
            self._thread.join(_STOP_S)
            if self._thread.is_alive():
                self.problems.append(f"{store.CURVE}: the sampler did not end within {_STOP_S:g} s")
                return None
            self._ticker.close()
            self._thread = None
            self._left += self._watched
            self._watched = ()
            self._close_left()
        return self._cost

    @property
    def _sampling(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _close_left(self) -> None:
        while self._left:
            self._left.pop().footprint.close()

    def _fail(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        self.problems.append(f"{store.CURVE} was not written on: {reason}")

    def _work(self, ticks: Ticker, writer: CurveWriter) -> None:
        """Be the thread, from the first tick to the end of the file."""
        if hasattr(signal, "pthread_sigmask"):  # Ctrl-C has to wake the thread that waits for the worker, not this
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        start_ns, start_cpu_ns = time.monotonic_ns(), time.thread_time_ns()
        try:
            self._tick(ticks, writer)
            cpu_s = (time.thread_time_ns() - start_cpu_ns) / 1e9
            cost = Cost(self._samples, self._missed, cpu_s, (time.monotonic_ns() - start_ns) / 1e9)
            writer.finish(cost)
            self._cost = cost
        except Exception as error:  # whatever it is, the run goes on without a curve and says so
            self._fail(error)
        finally:
            writer.close()

    def _tick(self, ticks: Ticker, writer: CurveWriter) -> None:
        """Sample at every tick until there are no more. Short, for after a sleep each line of it costs cache misses."""
        wait, now_ns = ticks.wait, self._clock.now_ns
        while passed := wait():
            at_ns = now_ns()
            for one in self._watched:
                resident = one.read()
                if resident is one.resident and at_ns < one.look_ns:
                    one.last_ns = at_ns
                    self._samples += 1
                elif resident is not None:
                    self._hand_on(one, resident, at_ns, writer)
            if passed > 1:
                self._missed += (passed - 1) * len(self._watched)
            if self._left:
                self._part(writer)
        for one in self._watched:
            _hand_on_last(one, writer)
        self._part(writer)

    def _hand_on(self, one: _Watched, resident: Resident, at_ns: int, writer: CurveWriter) -> None:
        """Write a sample that differs from the one before, or with which children were looked for."""
        _hand_on_last(one, writer)
        if at_ns >= one.look_ns:
            one.children_kib = one.footprint.children_kib()
            took_ns = self._clock.now_ns() - at_ns
            one.look_ns = at_ns + max(_TICKS_PER_LOOK * self._period_ns, _SHARE_OF_LOOKS * took_ns)
        one.resident = resident
        self._samples += 1
        writer.add(at_ns, one.worker, *resident, one.children_kib)

    def _part(self, writer: CurveWriter) -> None:
        """Write the last of workers that have left, and close their files."""
        while self._left:
            one = self._left.pop()
            _hand_on_last(one, writer)
            one.footprint.close()


def _hand_on_last(one: _Watched, writer: CurveWriter) -> None:
    """Write the last of a row of equal samples."""
    if one.last_ns and one.resident is not None:
        writer.add(one.last_ns, one.worker, *one.resident, one.children_kib)
        one.last_ns = 0
