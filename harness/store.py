"""A run's folder: what is in it, how it is written so that nothing finished is lost, and how it is read again.

========================== =====================================================================================
``run.json``               what was to be run; written before the first worker starts
``config.yaml``            the whole configuration, resolved
``differs.json``           what of it is not as the defaults are; after the last trial
``environment.json``       machine, versions, limits, noise; after the last trial once more, with hashes of models
                           and what disturbed the run; ``environment-0.json`` and so on are of its earlier legs
``identity.json``          what the run is of (configuration, models, libraries, code, data, machine), with a hash of it
``owner-0000.json``        which process runs it, with a heartbeat; each later owner has the next number; it stays
``trials.jsonl``           one line a trial, flushed and synced before the next trial begins
``interrupted.jsonl``      trials that were cut short by whoever stopped the run, and done again when it was resumed
``memory.curve``           memory of each worker while it rests and works; :mod:`harness.sampling.curve`;
                           ``memory-1.curve`` and so on are of the run's later legs
``engine.log``             what worker and engine printed; ``engine-STAGE.log`` where a stage has its own process
``summary.json``           what analysis made of the trials
``asr_align_results.json`` the same in the shape of the original experiment
``report.md``, ``.html``   the same, to be read
``utterances.csv``         a row an utterance and ASR: its counts, error rates and texts; where there are several
``*.STAGE.srt`` and others word timings, where the configuration asks for subtitles; in ``words/``, and one
                           CTM or JSON file for all, where the run is over several recordings
``trials.csv`` and others  what exporters wrote, unless they were told another place
``rescored/LABEL/``        the run, or the sweep, scored again: a folder as this one, without logs
``charts/*``               the charts of the report, or of a sweep's page, as SVG or PNG, where they are asked for
``failure.json``           only where a job could not run at all: its overrides and the line that says why
``fit.json``, ``.md``      in the folder of a search for a memory limit, over the runs in ``attempts/``
``plan.json``              in a sweep's folder: the jobs that it was to run, written before the first one; beside it
                           ``multirun.yaml``, by which any sweep of Hydra's is known
``sweep.json``, ``.csv``,  in a sweep's folder, over its jobs' folders
``.md``, ``.html``
========================== =====================================================================================

Schema history: 1, the first. 2: ``plan.json``, blocks of a cell, and in a summary what it was made from. 3: the seams
of a resumed run, its trials' legs, its identity, and the CPUs that a job was given. A folder of an older schema is
read as one of today, with what it does not say left at its default.
"""

import errno
import gc
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from harness.errors import DiskError, StoreError, unwritten
from harness.inside import opened, subfolder
from harness.records import SCHEMA, Environment, Run, Trial

_T = TypeVar("_T")
_READABLE = range(1, SCHEMA + 1)
_END_BYTES = 65_536

RUN = "run.json"
CONFIG = "config.yaml"
DIFFERS = "differs.json"
ENVIRONMENT = "environment.json"
IDENTITY = "identity.json"
TRIALS = "trials.jsonl"
INTERRUPTED = "interrupted.jsonl"
CURVE = "memory.curve"
ENGINE_LOG = "engine.log"
SUMMARY = "summary.json"
ORIGINAL = "asr_align_results.json"
REPORT_MD = "report.md"
REPORT_HTML = "report.html"
UTTERANCES = "utterances.csv"
CHARTS = "charts"
FAILURE = "failure.json"
FIT_JSON = "fit.json"
FIT_MD = "fit.md"
ATTEMPTS = "attempts"
RESCORED = "rescored"
PLAN = "plan.json"
MULTIRUN = "multirun.yaml"
"""What Hydra's own sweeper, and ours, leave in the folder of a sweep: the configuration that all its jobs share."""
SWEEP_JSON = "sweep.json"
SWEEP_CSV = "sweep.csv"
SWEEP_MD = "sweep.md"
SWEEP_HTML = "sweep.html"


_AT_THE_START = (RUN, CONFIG, ENVIRONMENT, TRIALS)
"""What stands in a run's folder before its first trial."""
_SYNCED_PARENTS = 4
"""``outputs/runs/DAY/TIME``: each may be new."""


def curve_name(leg: int) -> str:
    """Return the name of the memory curve of a run's leg: each has its own, for each has its own clock."""
    return f"memory-{leg}.curve" if leg else CURVE


def environment_name(leg: int) -> str:
    """Return the name under which the environment of a leg is kept when a later one has begun."""
    return f"environment-{leg}.json"


@dataclass(frozen=True, slots=True)
class TrialsStamp:
    """Which trials a summary was made from: the size of their file, and the SHA-256 of its two ends.

    A copy of the folder has the same stamp. Of a large file the middle is not read, for that costs as much as the
    trials themselves; they are appended, so what grows or is torn differs at the end.
    """

    size_bytes: int
    ends_sha256: str


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it was read from its folder. ``notes`` says what was dropped while reading, ``stamp`` what was read."""

    folder: Path
    run: Run
    environment: Environment | None
    trials: tuple[Trial, ...]
    notes: tuple[str, ...] = ()
    stamp: TrialsStamp | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that could not run at all: how it was asked for, and the line that says why."""

    overrides: tuple[str, ...]
    message: str
    schema: int = SCHEMA


class TrialLog:
    """The open ``trials.jsonl`` of a run that is going on; locked, which :func:`is_being_written` asks."""

    def __init__(self, folder: Path) -> None:
        """Open it, and return when its name is on the disk. Raises :class:`DiskError`."""
        self._path = folder / TRIALS
        try:
            self._file = opened(
                self._path, "ab", buffering=0
            )  # what could not be written must not be tried again later
        except OSError as error:
            raise DiskError(self._path, error) from None
        self._end = self._file.seek(0, os.SEEK_END)
        _locked(self._file, exclusive=True)
        try:
            _sync_folder(folder)
        except OSError as error:
            self._file.close()
            raise DiskError(self._path, error) from None

    def append(self, trial: Trial) -> None:
        """Write one trial, and return when it is on the disk.

        Raises :class:`DiskError` where the disk does not take it. What it took of the line is cut off again; where that
        fails too, it is a torn last line, which every reader drops.
        """
        line = msgspec.json.encode(trial) + b"\n"
        try:
            _write_whole(self._file, line)
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
                os.fsync(self._file.fileno())
            raise DiskError(self._path, error) from None
        self._end += len(line)

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # nothing is left to write
            self._file.close()


def _write_whole(file: IO[bytes], content: bytes) -> None:
    """Write all of it: the system may take a part, and say only at the next try why no more."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk; at once where the platform or file system knows no such thing.

    A file that is synced may be gone all the same after a loss of power, where its name was not.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM):
            raise
    finally:
        os.close(descriptor)


def is_being_written(folder: Path) -> bool:
    """Tell whether a process holds a run's trials open to write; the lock ends with the process, however that ends.

    False also where the file system or the platform knows no such lock.
    """
    try:
        with (folder / TRIALS).open("rb") as file:
            return _locked(file, exclusive=False) is False
    except OSError:
        return False


def _locked(file: IO[bytes], *, exclusive: bool) -> bool | None:
    """Lock an open file until it is closed: False where another holds a lock on it, None where there are no locks."""
    try:
        import fcntl  # not on every platform

        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


def claim(folder: Path) -> None:
    """Make a run's folder. Raises :class:`StoreError` where it cannot be made or written, or holds a run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StoreError("output folder", f"'{folder}' ({error.strerror})", "a folder that can be written") from None
    if (folder / TRIALS).exists():
        raise StoreError("output folder", f"'{folder}' with a run in it", "a folder without one")
    for parent in list(folder.absolute().parents)[:_SYNCED_PARENTS]:
        with suppress(OSError):  # it need not be ours
            _sync_folder(parent)


def forsake(folder: Path) -> None:
    """Take away what was written for a run of which nothing has run; a folder with a trial in it stays as it is."""
    with suppress(OSError):
        if (folder / TRIALS).stat().st_size == 0:
            written = (*folder.glob(f"{Path(ENGINE_LOG).stem}*"), *folder.glob("owner-*.json"))
            for path in (*written, *(folder / name for name in _AT_THE_START)):
                path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder in a run's, where there is none. Raises :class:`DiskError`."""
    try:
        subfolder(folder)
    except OSError as error:
        raise unwritten(folder, error) from None


def write_json(path: Path, record: object) -> None:
    """Write a record as indented JSON: to a temporary name, synced, then renamed."""
    write_text(path, msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n")


def write_text(path: Path, text: str, *, synced: bool = True) -> None:
    """Write a text file as :func:`write_bytes` does."""
    write_bytes(path, text.encode(), synced=synced)


def write_bytes(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Write a file so that a reader sees the old or the new one, never a part; ``synced``, it is then on the disk.

    Raises :class:`DiskError` where that cannot be; the old one is whole then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with opened(temporary, "wb") as file:
            file.write(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        temporary.replace(path)
        if synced:
            _sync_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        raise unwritten(path, error) from None
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    """Take away what is left of a file that was not finished; a read-only disk keeps it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def read_json(path: Path, shape: type[_T]) -> _T:
    """Read a record. Raises :class:`StoreError` where the file is missing, torn or of another shape."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except FileNotFoundError:
        raise StoreError("run folder", f"'{path.parent}' without {path.name}", "the folder of a run") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError("run folder", f"'{path}' ({error})", f"schema {_READABLE[0]} to {SCHEMA}") from None


def read_run(folder: Path) -> StoredRun:
    """Read a finished, running or killed run.

    A torn last line of ``trials.jsonl`` is dropped with a note; a damaged line before it is an error, for it is
    not what a killed writer leaves.
    """
    run, environment = read_description(folder)
    notes: list[str] = []
    content = _content(folder / TRIALS)
    with uncollected():
        trials = tuple(_trials(folder / TRIALS, BytesIO(content or b""), notes))
    stamp = None if content is None else _stamp(len(content), content[:_END_BYTES], content[-_END_BYTES:])
    return StoredRun(folder, run, environment, trials, tuple(notes), stamp)


def read_description(folder: Path) -> tuple[Run, Environment | None]:
    """Read what a run was to be and where, without its trials. Raises :class:`StoreError`."""
    if not folder.is_dir():
        raise StoreError("run folder", f"'{folder}'", "the folder of a run")
    head = _of_this_schema(folder)
    run = read_json(folder / RUN, Run)
    if "sample_hz" not in head.protocol:  # it is from before there was sampling, whatever is the default now
        run = replace(run, protocol=replace(run.protocol, sample_hz=0.0))
    environment = read_json(folder / ENVIRONMENT, Environment) if (folder / ENVIRONMENT).exists() else None
    return run, environment


def each_trial(folder: Path, notes: list[str]) -> Iterator[Trial]:
    """Yield the trials of a run one by one, as :func:`read_run` reads them, but with one in memory at a time.

    What was dropped is added to ``notes``. Raises :class:`StoreError`.
    """
    try:
        with (folder / TRIALS).open("rb") as lines:
            yield from _trials(folder / TRIALS, lines, notes)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(folder / TRIALS, error) from None


def write_trials(folder: Path, trials: Iterable[Trial]) -> None:
    """Write the trials of a run that is over into a new folder, and return when they are on the disk."""
    with opened(folder / TRIALS, "wb") as file:
        _write_lines(file, trials)
    _sync_folder(folder)


def append_trials(path: Path, trials: Iterable[Trial]) -> None:
    """Add trials to a short file of them, and return when they are on the disk; it is replaced as a whole.

    Raises :class:`StoreError` where it cannot be read or written, and is as it was then.
    """
    there = _content(path) or b""
    lines = b"".join(msgspec.json.encode(trial) + b"\n" for trial in trials)
    write_bytes(path, there[: there.rfind(b"\n") + 1] + lines)


def rewrite_trials(folder: Path, trials: Iterable[Trial]) -> None:
    """Replace the trials of a run by those of them that are to stay; a reader sees the old file or the new one."""
    temporary = folder / f".{TRIALS}.{os.getpid()}"
    try:
        with opened(temporary, "wb") as file:
            _write_lines(file, trials)
        temporary.replace(folder / TRIALS)
        _sync_folder(folder)
    except OSError as error:
        _remove(temporary)
        raise DiskError(folder / TRIALS, error) from None


def _write_lines(file: IO[bytes], trials: Iterable[Trial]) -> None:
    for trial in trials:
        file.write(msgspec.json.encode(trial) + b"\n")
    file.flush()
    os.fsync(file.fileno())


def trials_stamp(folder: Path) -> TrialsStamp | None:
    """Return the stamp of the trials that a folder holds now, None where it has no file of them."""
    try:
        with (folder / TRIALS).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            first = file.read(_END_BYTES)
            file.seek(max(0, size - _END_BYTES))
            return _stamp(size, first, file.read(_END_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(folder / TRIALS, error) from None


def _stamp(size: int, first: bytes, last: bytes) -> TrialsStamp:
    return TrialsStamp(size, hashlib.sha256(first + last).hexdigest())


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError("run folder", f"'{path}' ({error.strerror})", "a file that can be read")


@dataclass(frozen=True, slots=True)
class _Head:
    """What of a run's record says how to read the rest of it; of any schema."""

    schema: Any = None
    protocol: Any = None


def _of_this_schema(folder: Path) -> _Head:
    """Return the head of a run's record as it is stored."""
    head = read_json(folder / RUN, _Head)
    schema = head.schema
    if isinstance(schema, bool) or not isinstance(schema, int) or schema not in _READABLE:
        newer = isinstance(schema, int) and schema > SCHEMA
        advice = "; a newer asr-align-harness wrote it, and reads it" if newer else ""
        expected = f"schema {_READABLE[0]} to {SCHEMA}{advice}"
        raise StoreError("run folder", f"'{folder}' of schema {schema}", expected)
    return head


@contextmanager
def uncollected() -> Iterator[None]:
    """Let nothing be searched for garbage that is made in here: records, all of which are kept and in no cycle.

    The search would go through the millions of objects of a long run again and again, also while they are analysed,
    and take more time than the analysis. They are freed when nobody holds them any more, as everything is.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _trials(path: Path, lines: Iterable[bytes], notes: list[str]) -> Iterator[Trial]:
    """Yield a trial a line; a line without an end is the last, and torn where it is no trial."""
    decoder = msgspec.json.Decoder(Trial)
    for number, line in enumerate(lines, start=1):
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not line.endswith(b"\n"):
                notes.append(f"{path.name}: the last line is torn and was dropped (line {number})")
                return
            raise StoreError("run folder", f"'{path}' line {number} ({error})", "a trial") from None
