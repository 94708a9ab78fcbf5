"""Reading the kernel's small files, a few microseconds each: what is read between two commands delays the next one."""
# A Path, and a file object around a descriptor, take four times as long as the kernel does.
# ruff: noqa: PTH115, PTH208

import os
from collections.abc import Iterator


def content(path: str) -> bytes:
    """Return what a file of ``/proc`` or ``/sys`` holds. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while piece := os.read(descriptor, 1 << 16):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def entries(folder: str) -> list[str]:
    """Return the names in a folder. Raises OSError."""
    return os.listdir(folder)


def targets(folder: str) -> Iterator[bytes]:
    """Yield where each link in a folder leads, as bytes: a path need not be text. Raises OSError for no folder."""
    for name in os.listdir(folder):
        try:
            yield os.readlink(os.fsencode(f"{folder}/{name}"))
        except FileNotFoundError:
            continue  # closed since it was listed
