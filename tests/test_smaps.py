import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.smaps import Shares, shares_of

ROLLUP = """55d0-7ffe ---p 00000000 00:00 0                          [rollup]
Rss:               13000 kB
Pss:                7500 kB
Pss_Dirty:          6900 kB
Shared_Clean:       5000 kB
Private_Clean:       400 kB
Private_Dirty:      6800 kB
Swap:                 90 kB
SwapPss:              30 kB
"""


def proc_with(folder: Path, content: str) -> Path:
    """Write a folder like /proc with one process in it."""
    (folder / "42").mkdir()
    (folder / "42" / "smaps_rollup").write_text(content)
    return folder


def test_uss_is_what_is_private(tmp_path: Path) -> None:
    """Clean and dirty; Pss_Dirty is no Pss."""
    assert shares_of(42, proc_with(tmp_path, ROLLUP)) == Shares(pss_kib=7500, uss_kib=7200, swap_pss_kib=30)


def test_what_the_kernel_leaves_out_is_none(tmp_path: Path) -> None:
    """Half of a sum is no USS."""
    assert shares_of(42, proc_with(tmp_path, "Private_Dirty: 8 kB\n")) == Shares()


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (SimpleNamespace(uss=4096, pss=8192), Shares(pss_kib=8, uss_kib=4)),
        (SimpleNamespace(uss=4096), Shares(uss_kib=4)),
    ],
)
def test_elsewhere_psutil_gives_what_there_is(
    memory: SimpleNamespace, expected: Shares, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows and macOS have USS and no PSS."""
    monkeypatch.setattr(psutil.Process, "memory_full_info", lambda self: memory)
    assert shares_of(os.getpid(), tmp_path) == expected


def test_elsewhere_what_is_forbidden_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every user may look into every process."""

    def deny(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "memory_full_info", deny)
    assert shares_of(os.getpid(), tmp_path) == Shares()


def test_a_process_that_has_gone_is_said(tmp_path: Path) -> None:
    """By the same exception everywhere."""
    with pytest.raises(ProcessLookupError):
        shares_of(2**22 + 1, tmp_path)
