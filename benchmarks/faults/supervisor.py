"""Commands of the harness in forked processes: everything is imported and composed before, so that each takes little.

A child says in a file of its own which trials it has finished, after each was synced: that is what is held against the
run's folder afterwards. Charts are not drawn in it, and what the defaults are is composed once for all.
"""

import functools
import io
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from omegaconf import DictConfig, OmegaConf, open_dict

import harness.defaults
import harness.finishing
import harness.hydra_app
import harness.job
import harness.report.publish
from benchmarks.faults.verdict import Row
from benchmarks.setting import ROOT
from harness import cli, store
from harness.analysis.sweep_plan import read_plan
from harness.clock import SystemClock
from harness.errors import StoreError
from harness.job import Job
from harness.resuming.begun import is_finished
from tests.whole.command import carrying

LIMIT_S = 120.0
"""For one command: it takes a second, on a busy machine some."""
TRIALS = 24
SCRIPTED = (
    "--config-dir", str(ROOT / "tests" / "engine" / "conf"), "plugins=[tests.engine.scripted]", "asr=scripted",
    "aligner=scripted", "asr.keep_mib=0", "asr.work_mib=0", "aligner.keep_mib=0", "aligner.work_mib=0",
    "quiet=true", f"iterations={TRIALS}",
)  # fmt: skip
_MARKER = "HARNESS_FAULTS_MARKER"
_GONE_S = 10.0
_CRASHED = 70
_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@dataclass(frozen=True, slots=True)
class Child:
    """A forked command: its process, and the files of what it printed and of what it finished."""

    pid: int
    folder: Path
    marker: str

    @property
    def said(self) -> str:
        """What it has printed up to now, both streams."""
        return "".join((self.folder / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))

    @property
    def finished(self) -> list[int]:
        """The indices of the trials that it has finished up to now, those that were cut short not among them."""
        return [index for index, _ in self._told()]

    def finished_in(self, job: str) -> list[int]:
        """Those of a job of a sweep."""
        return [index for index, name in self._told() if name == job]

    def _told(self) -> list[tuple[int, str]]:
        lines = (self.folder / "finished").read_text(encoding="utf-8").splitlines()
        return [(int(index), name) for index, _, name in (line.partition(" ") for line in lines)]

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return (Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]) != "Z"

    @property
    def workers(self) -> list[int]:
        """The processes that it has started and that live."""
        return [int(word) for word in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def wait_until(self, reached: Callable[[], Any], limit_s: float = LIMIT_S) -> bool:
        """Wait until something holds; False where the child has ended, or the time is up, before it does."""
        deadline = time.monotonic() + limit_s
        while not reached():
            if not self.is_alive or time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True

    def ended(self, row: Row, case: str, limit_s: float = LIMIT_S) -> int | None:
        """Wait for its end and return its status, negative for a signal; judge what it leaves. None where it hangs."""
        deadline = time.monotonic() + limit_s
        hangs = False
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                hangs = True
                os.kill(self.pid, signal.SIGKILL)
                deadline += LIMIT_S
            time.sleep(0.002)
        left = _left(self.marker)
        for process in left:
            os.kill(process, signal.SIGKILL)
        if left:
            row.wrong("orphans", case, f"{len(left)} processes were left", len(left))
        if "Traceback" in self.said or os.waitstatus_to_exitcode(status) == _CRASHED:
            row.wrong("tracebacks", case, self.said.strip().splitlines()[-1])
        if hangs:
            row.wrong("hangs", case, f"no end within {limit_s:g} s")
            return None
        return os.waitstatus_to_exitcode(status)


def _left(marker: str) -> list[int]:
    deadline = time.monotonic() + _GONE_S
    while (left := carrying(marker)) and time.monotonic() < deadline:
        time.sleep(0.005)
    return left


def composed(*overrides: str) -> DictConfig:
    """Return the configuration of a command line, composed as the command does it."""
    taken: list[DictConfig] = []

    def take(config: DictConfig, *_more: object) -> NoReturn:
        taken.append(config)
        raise KeyboardInterrupt

    with mock.patch.object(harness.hydra_app, "run_job", take):
        cli.status_of([*SCRIPTED, *overrides])
    return taken[0]


def forked(work: Callable[[], NoReturn], folder: Path) -> Child:
    """Begin a command line in a process of its own, which does of itself nothing about signals and errors."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = f"faults-{os.getpid()}-{folder}"
    for name in ("out", "err", "finished"):
        (folder / name).write_bytes(b"")
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)  # this process's handlers must not run in the child
    pid = os.fork()
    if pid == 0:
        _be_the_child(work, folder, marker)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Child(pid, folder, marker)


def _be_the_child(work: Callable[[], NoReturn], folder: Path, marker: str) -> NoReturn:
    """Do some work as a process that the interpreter has just begun, and end as it would."""
    status = _CRASHED
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for heard in _HEARD:
            signal.signal(heard, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        os.environ[_MARKER] = marker
        for number, name in ((0, os.devnull), (1, folder / "out"), (2, folder / "err")):
            os.dup2(os.open(name, os.O_RDWR | os.O_APPEND), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
        _witness(os.open(folder / "finished", os.O_WRONLY | os.O_APPEND))
        with _without_charts():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            work()
    except SystemExit as leaving:  # how main ends; what else it lets through, a user would see
        status = int(leaving.code or 0)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _witness(descriptor: int) -> None:
    append = store.TrialLog.append

    def told(log: store.TrialLog, trial: Any) -> None:
        append(log, trial)
        if trial.outcome.kind != "interrupted":
            os.write(descriptor, f"{trial.index} {log._path.parent.name}\n".encode())

    store.TrialLog.append = told  # type: ignore[method-assign, assignment]


def run(config: DictConfig, run_folder: Path, folder: Path, **changed: Any) -> Child:
    """Begin a run in a process of its own; what is composed already is changed here and there."""
    own = config.copy()
    with open_dict(own):
        for key, value in changed.items():
            OmegaConf.update(own, key.replace("__", "."), value)
    return forked(lambda: _main(own, Job(run_folder)), folder)


def sweep(sweep_folder: Path, folder: Path, *overrides: str) -> Child:
    """Begin a sweep in a process of its own, composed by it."""
    return forked(lambda: _command(*SCRIPTED, "-m", f"hydra.sweep.dir={sweep_folder}", *overrides), folder)


def resumed(run_folder: Path, folder: Path) -> Child:
    """Begin to resume a run, or a sweep, in a process of its own."""
    return forked(lambda: _command("resume", str(run_folder)), folder)


def _main(config: DictConfig, job: Job) -> NoReturn:
    """Do what the command line does with a configuration that is composed, and leave as it does."""

    def job_alone(_argv: Sequence[str]) -> int:
        return harness.finishing.finish(harness.job.run_job(config, job, SystemClock()), job)

    with mock.patch.object(harness.hydra_app, "run", job_alone):
        _command()


def _command(*argv: str) -> NoReturn:
    """Carry out a command line, and leave with its status."""
    with mock.patch.object(sys, "argv", ["harness", *argv]):
        cli.main()


def judged(row: Row, case: str, run_folder: Path, finished: Sequence[int], *, whole: bool = False) -> bool:
    """Hold the run's folder against what was finished; ``whole``, nothing may be left to do. Tell whether it is.

    A folder without a run is as good where nothing was finished.
    """
    try:
        stored = store.read_run(run_folder)
    except StoreError as error:
        if finished or whole:
            row.wrong("other", case, str(error))
        return True
    found = Counter(trial.index for trial in stored.trials if trial.outcome.kind != "interrupted")
    row.found += sum(index in found for index in finished)
    row.finished += len(finished)
    if lost := set(finished) - set(found):
        row.defects.append(f"{row.name}, {case}: trials {sorted(lost)} are gone")
    if twice := sum(count - 1 for count in found.values()):
        row.wrong("twice", case, f"{twice} trials stand there twice", twice)
    done = is_finished(stored.run, stored.trials)
    if whole and (not done or set(found) != set(range(stored.run.trials))):
        row.wrong("other", case, f"{len(found)} of {stored.run.trials} trials after it was resumed")
    return done


def forget(folder: Path) -> None:
    """Take away what a case has left: there are hundreds of them."""
    shutil.rmtree(folder)


def finish(row: Row, case: str, run_folder: Path, folder: Path, finished: Sequence[int]) -> None:
    """Judge a run that a fault has ended, resume it, and judge it again: with all that was finished, each once."""
    if judged(row, case, run_folder, finished):
        return
    child = resumed(run_folder, folder / "resumed")
    status = child.ended(row, case)
    if status not in (0, 1, None):
        row.wrong("other", case, f"resume ended with {status}: {child.said.strip()[-200:]}")
    judged(row, case, run_folder, [*finished, *child.finished], whole=True)


def finish_sweep(row: Row, case: str, sweep_folder: Path, folder: Path, killed: Child) -> None:
    """Judge a sweep that a fault has ended, resume it, and judge it again, each of its jobs."""
    plan = read_plan(sweep_folder)
    if plan is None:
        if killed.finished:
            row.wrong("other", case, "there are trials, and no plan")
        return
    jobs = [job.job for job in plan.jobs]
    for job in jobs:
        judged(row, case, sweep_folder / job, killed.finished_in(job))
    child = resumed(sweep_folder, folder / "resumed")
    status = child.ended(row, case)
    if status not in (0, None):
        row.wrong("other", case, f"resume ended with {status}: {child.said.strip()[-200:]}")
    for job in jobs:
        judged(row, case, sweep_folder / job, [*killed.finished_in(job), *child.finished_in(job)], whole=True)


@contextmanager
def warm(folder: Path) -> Iterator[DictConfig]:
    """Give the configuration, with all that a child would import or compute anew done once in this process.

    It runs and resumes in a folder, once, which leaves no thread behind: a fork would not take it along.
    """
    known = functools.lru_cache(harness.defaults.defaults)
    with mock.patch.object(harness.job, "defaults", known):
        config = composed()
        run_folder = folder / "run"
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said, _without_charts():
            status = cli.status_of([*SCRIPTED, f"hydra.run.dir={run_folder}"])
            (trials := run_folder / store.TRIALS).write_bytes(
                b"".join(trials.read_bytes().splitlines(keepends=True)[:TRIALS])
            )
            status = status or cli.status_of(["resume", str(run_folder)])
        if status or threading.active_count() != 1:
            raise RuntimeError(f"status {status}, {threading.active_count()} threads: {said.getvalue()}")
        shutil.rmtree(folder)
        yield config


def _without_charts() -> AbstractContextManager[object]:
    return mock.patch.object(harness.report.publish, "run_charts", return_value=())
