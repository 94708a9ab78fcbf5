"""The listener that says in plain lines how far a run is, where there is no terminal for a bar."""

from pathlib import Path

from harness.clock import Clock
from harness.console.screen import Write
from harness.hookspecs import hookimpl
from harness.records import Run, Trial
from harness.report.status_line import status_line
from harness.sweeping.place import Place

INTERVAL_NS = 2_000_000_000


class StatusLines:
    """Writes a line when a trial is over: at most one in two seconds, and in any case after the last."""

    def __init__(self, write: Write, clock: Clock, place: Place | None = None, before: int = 0) -> None:
        """Count on from the trials that were done ``before``, in which nothing is known of their time."""
        self._before = before
        self._write = write
        self._clock = clock
        self._place = place
        self._run: Run | None = None
        self._start_ns = self._written_ns = 0
        self._done = self._failed = 0

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Begin to count the time."""
        self._run = run
        self._start_ns = self._clock.now_ns()
        self._written_ns = self._start_ns - INTERVAL_NS

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Say how far the run is, unless that was said a moment ago."""
        self._done += 1
        self._failed += not trial.outcome.ok
        now_ns, done = self._clock.now_ns(), self._before + self._done
        if self._run is None or (now_ns - self._written_ns < INTERVAL_NS and done < self._run.trials):
            return
        self._written_ns = now_ns
        left_s = (now_ns - self._start_ns) / 1e9 / self._done * (self._run.trials - done)
        self._write(
            status_line(
                self._run,
                trial,
                done,
                failed=self._failed,
                place=str(self._place) if self._place else "",
                left_s=left_s,
                sweep_left_s=self._place.left_s(left_s) if self._place else None,
            )
        )
