"""A run followed from its files while it goes on: each poll reads what was appended, and nothing a second time.

A run that is taken up again has its trials rewritten, without those that were cut short: it is then read from the
beginning. The pace is that of the leg that goes on.
"""

from bisect import insort
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from harness import store
from harness.errors import StoreError
from harness.metrics import Kind, Measurement, Metric
from harness.records import Run, Trial, Visit
from harness.sampling.curve_tail import CurveTail

KEPT_TRIALS = 8
"""How many of the last trials are kept whole."""
JUDGED_TRIALS = 5000
"""A verdict is made of so many trials at most while the run goes on; the run's end has that of all."""
_PIECE = 1 << 24
_NEWS_S = 60.0


@dataclass
class Figure:
    """What the trials so far say of one metric: values in order of size, or the sums of a ratio; and the last value."""

    metric: Metric
    ordered: list[float] = field(default_factory=list)
    above: float = 0.0
    below: float = 0.0
    last: float | None = None

    @property
    def value(self) -> float | None:
        """The median of a sample, sum over sum of a ratio, as the run's summary has them; None before there is one."""
        if self.metric.kind is Kind.RATIO:
            return self.above / self.below if self.below else None
        middle = len(self.ordered) // 2
        if not self.ordered:
            return None
        return self.ordered[middle] if len(self.ordered) % 2 else sum(self.ordered[middle - 1 : middle + 1]) / 2

    def take(self, trial: Trial, measurement: Measurement) -> None:
        """Add one trial's value; the cold one and warm-ups are last values and in no figure."""
        value, above, below = measurement.value, measurement.numerator, measurement.denominator
        if above is not None and below:
            self.last = above / below
        elif value is not None:
            self.last = value
        else:
            return
        if self.metric.cold_apart and (trial.cold or trial.warmup):
            return
        if above is not None and below:
            self.above, self.below = self.above + above, self.below + below
        elif value is not None:
            insort(self.ordered, value)


class FollowedRun:
    """A run's folder, followed. :meth:`poll` brings everything up to date; it writes nothing.

    ``run`` is None until ``run.json`` is there. Raises :class:`StoreError` for what is no run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.curve = CurveTail(folder)
        self._decoder = msgspec.json.Decoder(Trial)
        self._begin()

    def _begin(self) -> None:
        """Forget what was read: the files are new, or others than they were."""
        self.run: Run | None = None
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.last: deque[Trial] = deque(maxlen=KEPT_TRIALS)
        self.figures: dict[tuple[str, str], Figure] = {}
        self.verdict = ""
        self.problems: deque[str] = deque(maxlen=3)
        self._leg = 0
        self._of_leg = 0
        self._first_at_s: float | None = None
        self._stamp: tuple[int, int] | None = None
        self._file: int | None = None
        self._place = 0
        self._slim: list[Trial] = []
        self._judge_at = 4

    def poll(self) -> None:
        """Take in what was appended since the last time."""
        if self._is_rewritten():
            self._begin()
        stamp = _stamp(self.folder / store.RUN)
        if stamp is not None and stamp != self._stamp:  # the first time, and when a leg begins
            self.run, _ = store.read_description(self.folder)
            self._stamp = stamp
            self.figures = self.figures or dict(_figures(self.run))
            self._begin_leg(len(self.run.seams))
        if self.run is None:
            return
        for trial in self._appended():
            self._take(trial)
        self.curve.poll()
        if self.finished and not self.verdict.startswith("Verdict"):
            self.verdict = self._stored_verdict()
        elif self.done >= self._judge_at and len(self._slim) == self.done:
            self._judge_at = self.done + max(1, self.done // 5)
            self.verdict = self._judged()

    def _is_rewritten(self) -> bool:
        """Tell whether the trials are another file than the one that was read."""
        path = self.folder / store.TRIALS
        before = self._file
        try:
            found = path.stat()
        except OSError:
            return False
        self._file = found.st_ino
        return (before is not None and before != found.st_ino) or found.st_size < self._place

    def _begin_leg(self, leg: int) -> None:
        """Count the time of a leg from its first trial on, and follow its memory."""
        if leg > self._leg:
            self._leg, self._of_leg, self._first_at_s = leg, 0, None
            self.curve.begin(leg)

    @property
    def finished(self) -> bool:
        """Whether all trials are there, or the run was summarised after its last one."""
        if self.run is None:
            return False
        return self.done >= self.run.trials or self._summarised()

    def left_s(self, now_s: float) -> float | None:
        """Return the seconds left at this leg's pace, None without a basis; ``now_s`` is the time of day (epoch)."""
        end_s = _changed_s(self.folder / store.TRIALS)
        if self.run is None or not self._of_leg or self._first_at_s is None or end_s is None:
            return None
        mean_s = max(0.0, end_s - self._first_at_s) / self._of_leg
        return max(0.0, mean_s * (self.run.trials - self.done) - max(0.0, now_s - end_s))

    def silent_s(self, now_s: float) -> float | None:
        """Return for how long nothing was written, where that is longer than a trial and a minute; else None.

        Files cannot tell a killed run from one whose engine takes its time; who looks can.
        """
        names = (store.RUN, store.TRIALS, store.curve_name(self._leg))
        changed = [_changed_s(self.folder / name) for name in names]
        newest_s = max((one for one in changed if one is not None), default=now_s)
        mean_s = 0.0
        if self._of_leg and self._first_at_s is not None:
            mean_s = max(0.0, newest_s - self._first_at_s) / self._of_leg
        silent_s = now_s - newest_s
        return silent_s if silent_s > max(_NEWS_S, 3 * mean_s) else None

    def _summarised(self) -> bool:
        summary_s, trials_s = _changed_s(self.folder / store.SUMMARY), _changed_s(self.folder / store.TRIALS)
        return summary_s is not None and summary_s >= (trials_s or 0.0)

    def _appended(self) -> Iterator[Trial]:
        """Yield the trials whose lines have become whole; a torn end waits for the rest of it."""
        path = self.folder / store.TRIALS
        try:
            with path.open("rb") as file:
                file.seek(self._place)
                rest = b""
                while piece := file.read(_PIECE):
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        self._place += len(line) + 1
                        yield self._decoder.decode(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError("run folder", f"'{path}' ({error.strerror})", "a file that can be read") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreError("run folder", f"'{path}' trial {self.done} ({error})", "a trial") from None

    def _take(self, trial: Trial) -> None:
        self._begin_leg(trial.leg)
        if trial.leg == self._leg:
            if self._first_at_s is None:
                self._first_at_s = datetime.fromisoformat(trial.started_at).timestamp()
            self._of_leg += 1
        self.done += 1
        self.outcomes[trial.outcome.kind] += 1
        self.last.append(trial)
        self.problems.extend(f"trial {trial.index}: {problem}" for problem in trial.problems)
        if len(self._slim) == self.done - 1 and self.done <= JUDGED_TRIALS:
            self._slim.append(_slim(trial))
        elif self._slim:
            self._slim = []
        if trial.outcome.ok:
            for measurement in trial.measurements:
                if (figure := self.figures.get((measurement.scope, measurement.metric))) is not None:
                    figure.take(trial, measurement)

    def _judged(self) -> str:
        from harness.analysis.leg_verdict import judge_legs, telling  # with NumPy, which a first look has no use for

        run = self.run
        if run is None or not any(metric.kind is Kind.TREND for probe in run.probes for metric in probe.metrics):
            return ""
        found = telling(judge_legs(run, [trial for trial in self._slim if trial.outcome.ok])).verdict
        return f"so far: {found.verdict}: {found.because}"

    def _stored_verdict(self) -> str:
        """Return the verdict of a finished run's summary, as soon as that is there."""
        try:
            stored = msgspec.json.decode((self.folder / store.SUMMARY).read_bytes(), type=_StoredSummary)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return self.verdict
        return "; ".join(f"Verdict ({name}): {one.verdict}: {one.because}" for name, one in stored.verdicts.items())


class _StoredVerdict(msgspec.Struct):
    verdict: str = ""
    because: str = ""


class _StoredSummary(msgspec.Struct):
    """What is read of a summary, whichever version wrote it."""

    verdicts: dict[str, _StoredVerdict] = {}


def _figures(run: Run) -> Iterator[tuple[tuple[str, str], Figure]]:
    for probe in run.probes:
        for metric in probe.metrics:
            if metric.main and metric.kind in (Kind.SAMPLE, Kind.RATIO):
                scopes: Sequence[str] = [stage.key for stage in run.stages] if metric.scope == "stage" else ["memory"]
                for scope in scopes:
                    yield (scope, metric.name), Figure(metric)


def _slim(trial: Trial) -> Trial:
    """Return what a verdict on memory needs of a trial."""
    visits: tuple[Visit, ...] = tuple(replace(one, deliveries=(), text=None, words=()) for one in trial.visits)
    return replace(trial, visits=visits, measurements=(), problems=())


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written anew, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _changed_s(path: Path) -> float | None:
    """Return when a file was last written, None where it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
