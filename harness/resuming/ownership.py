"""Who runs what is in a folder: one process at a time, also on a file system that many machines share.

Owners are numbered files, ``owner-0000.json`` and on; the highest number owns the folder. A dead owner is followed by
making the next number with O_EXCL, which one process alone succeeds in, on NFS too, where flock(2) does not reach
other machines. A living owner touches its file every 10 s. Who was taken for dead and comes back (a suspended laptop)
finds a higher number before it writes its next trial, and writes nothing more.
"""

import errno
import os
import re
import secrets
import socket
import tempfile
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import msgspec
import psutil

from harness import store
from harness.errors import DiskError, OwnedRun, StoreError
from harness.procfs import content

BEAT_S = 10.0
"""How often a living owner touches its file."""
DEAD_S = 60.0
"""An owner on another machine is dead when its file was not touched for so long."""
_NAME = re.compile(r"owner-(\d{4,})\.json")
_STATE, _STARTED = 0, 19
"""Fields of ``/proc/PID/stat`` behind the name: the third, and the 22nd (proc(5))."""
_NO_MORE = ("Z", "X")
_STOPPED = ("T", "t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who owns a folder: a process of a machine, since when, and until when.

    ``boot`` tells one start of a machine, and one container on it, from others: only there ``pid`` means something.
    ``started`` tells the process from a later one of the same number. ``token`` is random; ``released`` is empty while
    it owns.
    """

    host: str
    boot: str
    pid: int
    started: str
    since: str
    token: str
    released: str = ""

    def __str__(self) -> str:
        return f"{self.host} (process {self.pid}) since {self.since}"


class Ownership:
    """A folder that this process owns until it is closed; use :func:`own`."""

    def __init__(self, folder: Path, number: int, owner: Owner, before: Owner | None, beat_s: float) -> None:
        self.number = number
        self.owner = owner
        self.before = before
        """Who had it and died without a word; None where nobody did."""
        self._folder = folder
        self._path = folder / _name(number)
        self._closing = threading.Event()
        self._beats = threading.Thread(target=self._beat, args=(beat_s,), name="heartbeat", daemon=True)
        self._beats.start()

    def __enter__(self) -> "Ownership":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def holds(self) -> bool:
        """Tell whether nobody has taken over: asked before a trial is written. Lists the folder: 30 us."""
        return _highest(self._folder) <= self.number

    def successor(self) -> Owner | None:
        """Return who has taken over, None where nobody has, or it cannot be read."""
        number = _highest(self._folder)
        return _read(self._folder / _name(number))[0] if number > self.number else None

    def close(self) -> None:
        """Stop the heartbeat and release the folder, unless it was taken over."""
        self._closing.set()
        self._beats.join()
        try:
            mine, _ = _read(self._path)
            if mine is not None and mine.token == self.owner.token:
                store.write_json(self._path, replace(self.owner, released=_now()))
        except (OSError, StoreError):
            return  # a full disk, a server that is gone: the end of this process says the same

    def _beat(self, beat_s: float) -> None:
        while not self._closing.wait(beat_s):
            try:
                os.utime(self._path)
            except OSError:
                continue  # of a file server that is away for a while; the next trial will say so


def own(folder: Path, beat_s: float = BEAT_S, dead_s: float = DEAD_S) -> Ownership:
    """Own a folder, which is made where it is not there.

    Raises :class:`harness.errors.OwnedRun` where a living process owns it, StoreError where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = _highest(folder)
        before = _dead(folder, number, dead_s) if number >= 0 else None
        mine = _myself()
        _create(folder / _name(number + 1), mine)
    except FileExistsError:  # another was quicker
        raise _owned(folder, *_known(folder, _highest(folder))) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise DiskError(folder / _name(number + 1), error) from None
        raise StoreError("output folder", f"'{folder}' ({error.strerror})", "a folder that can be written") from None
    return Ownership(folder, number + 1, mine, before, beat_s)


def is_owner(name: str) -> bool:
    """Tell whether a file of that name says who owns its folder."""
    return _NAME.fullmatch(name) is not None


def _dead(folder: Path, number: int, dead_s: float) -> Owner | None:
    """Return the owner that died, None where it has left in order. Raises StoreError where it lives."""
    owner, silent_s = _known(folder, number)
    if owner is not None:
        if owner.released:
            return None
        state = _state(owner)
        if state == "gone":
            return owner
        if state == "running":
            raise _owned(folder, owner, silent_s)
    if silent_s <= dead_s:
        raise _owned(folder, owner, silent_s)
    return owner


def _state(owner: Owner) -> str:
    """Return what the process table says of an owner: ``running``, ``stopped``, ``gone`` or ``elsewhere``."""
    if (owner.host, owner.boot) != (socket.gethostname(), _boot()):
        return "elsewhere"
    state, started = _process(owner.pid)
    if started != owner.started or state in _NO_MORE:
        return "gone"
    return "stopped" if state in _STOPPED else "running"


def _owned(folder: Path, owner: Owner | None, silent_s: float) -> OwnedRun:
    by = str(owner) if owner else "another process"
    found = f"'{folder}', which is being run by {by}; last sign of life {max(0.0, silent_s):.0f} s ago"
    expected = f"one that nobody runs; after {DEAD_S:.0f} s of silence it is taken over"
    return OwnedRun("run folder", found, expected, elsewhere=owner is None or _state(owner) != "running")


def _known(folder: Path, number: int) -> tuple[Owner | None, float]:
    """Return an owner and the seconds of its silence, by the file system's own clock: a file touched now has it."""
    owner, touched_s = _read(folder / _name(number))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".now-") as file:
        os.utime(file.name)
        return owner, os.fstat(file.fileno()).st_mtime - touched_s


def _read(path: Path) -> tuple[Owner | None, float]:
    """Return an owner and when its file was last touched; opened, for only that asks a file server anew."""
    try:
        with path.open("rb") as file:
            touched_s = os.fstat(file.fileno()).st_mtime
            return msgspec.json.decode(file.read(), type=Owner), touched_s
    except FileNotFoundError:
        return None, 0.0
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, touched_s  # who made it has not written it yet, or died before


def _create(path: Path, owner: Owner) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(owner), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # a full disk: what has no owner in it would be waited for
        raise


def _highest(folder: Path) -> int:
    """Return the number of the owner, -1 where there is none. Raises OSError."""
    numbers = (int(found[1]) for name in os.listdir(folder) if (found := _NAME.fullmatch(name)))  # noqa: PTH208 faster
    return max(numbers, default=-1)


def _name(number: int) -> str:
    return f"owner-{number:04d}.json"


def _myself() -> Owner:
    return Owner(
        host=socket.gethostname(),
        boot=_boot(),
        pid=os.getpid(),
        started=_process(os.getpid())[1],
        since=_now(),
        token=secrets.token_hex(8),
    )


def _boot() -> str:
    """Return what tells this start of the machine, and this space of process numbers, from others."""
    try:
        boot = content("/proc/sys/kernel/random/boot_id").decode().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 a link to no path
    except OSError:
        return f"{psutil.boot_time():.0f}"


def _process(pid: int) -> tuple[str, str]:
    """Return a process's state, and when it was started; two empty texts where there is none."""
    try:
        fields = content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return fields[_STATE].decode(), fields[_STARTED].decode()
    except (FileNotFoundError, ProcessLookupError):
        return _process_elsewhere(pid)


def _process_elsewhere(pid: int) -> tuple[str, str]:
    try:
        process = psutil.Process(pid)
        stopped = process.status() == psutil.STATUS_STOPPED
        return "T" if stopped else "R", f"{process.create_time():.2f}"
    except psutil.Error:
        return "", ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
