import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import psutil
import pytest

from harness.worker.heap import heap, mallinfo2

GLIBC = getattr(ctypes.CDLL(None), "mallinfo2", None) is not None if sys.platform.startswith("linux") else False
SCRIPT = """
import ctypes, json, psutil
from harness.worker.heap import heap
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]

def both():
    ours, theirs = heap(), psutil.heap_info()
    return [ours["used_bytes"], ours["mapped_bytes"], theirs.heap_used, theirs.mmap_used]

heap(), psutil.heap_info()
readings = [both()]
small, large = libc.malloc(100_000), libc.malloc(50 << 20)
readings.append(both())
print(json.dumps(readings))
"""


@pytest.mark.skipif(not GLIBC or not hasattr(psutil, "heap_info"), reason="needs glibc's mallinfo2 and psutil's")
def test_the_definitions_are_those_of_psutil() -> None:
    """In one process both tell the same, but for what the second question itself takes; and what malloc then gives."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    before, after = json.loads(done.stdout)
    for used, mapped, psutil_used, psutil_mapped in (before, after):
        assert psutil_used == pytest.approx(used, abs=8192)
        assert psutil_mapped == mapped
    assert after[0] - before[0] == pytest.approx(100_000, abs=8192)
    assert after[1] - before[1] == pytest.approx(50 << 20, abs=8192)


class Elsewhere:
    """A C library without mallinfo2."""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take glibc away."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Elsewhere())
    mallinfo2.cache_clear()
    yield
    mallinfo2.cache_clear()


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_psutil_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it can."""
    monkeypatch.setattr(psutil, "heap_info", lambda: SimpleNamespace(heap_used=5, mmap_used=7), raising=False)
    assert heap() == {"used_bytes": 5, "mapped_bytes": 7}


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_a_psutil_that_cannot_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on musl, or with an older one."""
    monkeypatch.delattr(psutil, "heap_info", raising=False)
    assert heap() == {"reason": "neither the C library nor psutil tells what the heap holds"}


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_no_psutil_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker needs none for anything else."""
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert heap() == {"reason": "the C library has no mallinfo2, and psutil is not installed"}
