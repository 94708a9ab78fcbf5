"""The folder of this user on this machine in which the harness's jobs see each other; no other user can write there."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "asr-align-harness"
_PATIENCE_S = 5.0
"""The lock is held for a few milliseconds; a process that was stopped with it must not hold up all others."""


def private_folder() -> Path:
    """Return the folder, made where there was none: below ``XDG_RUNTIME_DIR``, else ``/tmp/asr-align-harness-UID``.

    Raises OSError where it cannot be made, is a link or another user's, or others may enter it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    inside = runtime is not None and Path(runtime).is_absolute() and Path(runtime).is_dir()
    folder = Path(runtime, _NAME) if inside and runtime else Path(f"/tmp/{_NAME}-{os.getuid()}")  # noqa: S108
    return checked_folder(folder)


def checked_folder(folder: Path) -> Path:
    """Return a folder that is its user's alone. Raises OSError for any other."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
        if not own:
            raise PermissionError(f"'{folder}' is not a folder of this user alone (mode 0700)") from None
    return folder


def open_private(path: Path, flags: int = 0) -> int:
    """Open a file of the folder to read and write, made where there was none, and through no link. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)


def locked(descriptor: int) -> bool:
    """Try to lock a file as its only owner; the lock lives as long as the descriptor, so it ends with the process."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other jobs of the folder from choosing meanwhile. Raises TimeoutError where one holds on for too long."""
    descriptor = open_private(folder / "choosing.lock")
    try:
        until = time.monotonic() + _PATIENCE_S
        while not locked(descriptor):
            if time.monotonic() > until:
                raise TimeoutError(f"'{folder / 'choosing.lock'}' is held by another job")
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)
