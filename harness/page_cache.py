"""Whether a model's files are in the page cache: looked at, dropped, or read ahead, from the supervisor.

A load from a cold cache waits for the disk, one from a warm cache does not, so that a load time means little without
it. What was asked for is not taken for what was done: the share of the files' bytes that the kernel held is measured
directly before each load (mincore(2)). Pages that a process maps, or that are not written yet, stay.
"""

import ctypes
import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.protocol import PageCache

SHARE, UNKNOWN = "cached_share", "cached_share_unknown"
FACTS = (SHARE, UNKNOWN)
"""What a load's facts say: the share that was cached, 0 to 1, or why it is not known."""
NO_FILES = "the stage had named no file before its load"
_WHOLE_BYTES = 256 * 2**20
_SAMPLES = 256
_SAMPLE_BYTES = 2**20
"""Of a file above 256 MiB, 256 stretches of 1 MiB are looked at, evenly spread: the cost does not grow with it."""
_READ_BYTES = 2**20
_PROT_READ, _MAP_SHARED = 1, 1
_LOWEST_BIT = bytes(value & 1 for value in range(256))
"""The other bits of what mincore says of a page are reserved."""


def before_load(page_cache: PageCache, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Make the page cache what the load is to find, and return what it is.

    ``facts`` are the stage's own: ``files`` are the absolute paths of files, or folders of them.
    """
    files = files_of(facts)
    if not files:
        return {UNKNOWN: NO_FILES}
    for file in files:
        if page_cache == "cold":
            drop(file)
        elif page_cache == "warm":
            read_ahead(file)
    share = cached_share(files)
    return {SHARE: share} if share is not None else {UNKNOWN: "the kernel does not say it for these files"}


def files_of(facts: Mapping[str, Any]) -> list[Path]:
    """Return the files that a stage has named and that exist, each once, without those that are empty."""
    named = facts.get("files") or ()
    paths = [Path(path) for path in named if isinstance(path, str)] if isinstance(named, list | tuple) else []
    return [path for path in dict.fromkeys(_expanded(paths)) if _size(path)]


def drop(path: Path) -> None:
    """Ask the kernel to forget a file's pages, after what was written to it is on the disk (posix_fadvise(2))."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # what is cached of it is measured afterwards, whatever was done
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        return
    finally:
        os.close(descriptor)


def read_ahead(path: Path) -> None:
    """Read a file through, so that the kernel holds it where it has room."""
    piece = bytearray(_READ_BYTES)
    try:
        with path.open("rb", buffering=0) as file:
            while file.readinto(piece):
                pass
    except OSError:
        return


def cached_share(files: Iterable[Path]) -> float | None:
    """Return the share of the files' bytes that the page cache holds, large files by sampling; None if not known."""
    if not sys.platform.startswith("linux"):
        return None
    library = _library()
    cached = total = 0.0
    for path in files:
        share = _share(path, library)
        if share is None:
            return None
        cached += share * _size(path)
        total += _size(path)
    return cached / total if total else None


def _share(path: Path, library: ctypes.CDLL) -> float | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not (os.geteuid() in (0, status.st_uid) or os.access(path, os.W_OK)):
            return None  # since Linux 5.2 mincore says "all" to who neither owns nor may write the file
        seen = [_resident(descriptor, start, length, library) for start, length in _stretches(status.st_size)]
    finally:
        os.close(descriptor)
    if any(one is None for one in seen):
        return None
    return sum(resident for resident, _ in filter(None, seen)) / sum(pages for _, pages in filter(None, seen))


def _stretches(size: int) -> Iterator[tuple[int, int]]:
    """Yield where to look in a file of a size: the whole of it, or stretches that begin on page boundaries."""
    if size <= _WHOLE_BYTES:
        yield 0, size
        return
    step = (size - _SAMPLE_BYTES) / (_SAMPLES - 1)
    for number in range(_SAMPLES):
        yield int(number * step) // mmap.PAGESIZE * mmap.PAGESIZE, _SAMPLE_BYTES


def _resident(descriptor: int, start: int, length: int, library: ctypes.CDLL) -> tuple[int, int] | None:
    """Return how many of a stretch's pages are in the page cache, and how many there are. No page is touched."""
    pages = -(-length // mmap.PAGESIZE)
    address = library.mmap(None, length, _PROT_READ, _MAP_SHARED, descriptor, start)
    if address in (None, ctypes.c_void_p(-1).value):
        return None
    try:
        states = (ctypes.c_ubyte * pages)()
        if library.mincore(address, length, states):
            return None
        return bytes(states).translate(_LOWEST_BIT).count(1), pages
    finally:
        library.munmap(address, length)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    size, pointer, number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    library.mmap.argtypes = [pointer, size, number, number, number, ctypes.c_long]
    library.mmap.restype = pointer
    library.mincore.argtypes = [pointer, size, ctypes.POINTER(ctypes.c_ubyte)]
    library.munmap.argtypes = [pointer, size]
    return library


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if child.is_file())
        elif path.is_file():
            yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
