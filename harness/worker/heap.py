"""The C allocator of this process, from inside: what it has handed out, and its trim.

The definitions are those of ``psutil.heap_info()``, which would cost the measured process 3.2 MiB against 0.4 for
ctypes; so psutil is imported only where glibc's ``mallinfo2`` (since 2.33) is missing.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Any

_FIELDS = (
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost",
)


class _Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` (mallinfo(3))."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


def heap() -> dict[str, Any]:
    """Return ``used_bytes`` (from heaps) and ``mapped_bytes`` (blocks with a mapping of their own), or a ``reason``."""
    ask = mallinfo2()
    if ask is None:
        return _by_psutil()
    info = ask()
    return {"used_bytes": info.uordblks, "mapped_bytes": info.hblkhd}


@cache
def mallinfo2() -> Callable[[], Any] | None:
    """Return glibc's function, or None. The same each time: a library that is opened again leaves garbage behind."""
    if os.name != "posix":
        return None
    found = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if found is not None:
        found.restype = _Mallinfo2
    return found


@cache
def malloc_trim() -> Callable[[int], int] | None:
    """Return glibc's function that gives free pages back, or None; opened once for the same reason."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None


def _by_psutil() -> dict[str, Any]:
    try:
        import psutil  # what the module's first lines say
    except ImportError:
        return {"reason": "the C library has no mallinfo2, and psutil is not installed"}
    ask = getattr(psutil, "heap_info", None)
    if ask is None:
        return {"reason": "neither the C library nor psutil tells what the heap holds"}
    info = ask()
    return {"used_bytes": info.heap_used, "mapped_bytes": info.mmap_used}
