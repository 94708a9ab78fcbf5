"""Jobs on one machine claim their CPUs from each other."""

from collections.abc import Collection
from pathlib import Path

import pytest

from harness.machine.cpu_claims import CpuClaims
from harness.machine.private_folder import checked_folder


def _single(cpus: Collection[int]) -> list[tuple[int, ...]]:
    return [(cpu,) for cpu in cpus]


def test_no_two_jobs_get_the_same_cpu(tmp_path: Path) -> None:
    """What one has claimed is not another's until it is given back; too few are none at all."""
    first, second, third = (CpuClaims(tmp_path, _single) for _ in range(3))

    assert first.claim(range(4), 2) == (0, 1)
    assert second.claim(range(4), 2) == (2, 3)
    assert third.claim(range(4), 1) == ()
    first.release()
    assert third.claim(range(4), 2) == (0, 1)
    second.release()
    third.release()


def test_a_folder_that_is_not_ones_own_is_refused(tmp_path: Path) -> None:
    """A link and a folder that others may enter are refused; one of its own is made private, and kept."""
    own = checked_folder(tmp_path / "own")
    assert own.stat().st_mode & 0o777 == 0o700
    assert checked_folder(own) == own
    (tmp_path / "link").symlink_to(own)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    for name in ("link", "open"):
        with pytest.raises(PermissionError, match="of this user alone"):
            checked_folder(tmp_path / name)


def test_a_lock_is_not_opened_through_a_link(tmp_path: Path) -> None:
    """Somebody else's file is not touched, even if a link in the folder leads there."""
    (tmp_path / "cpu-0.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="cpu-0"):
        CpuClaims(tmp_path, _single).claim([0], 1)
    assert not (tmp_path / "elsewhere").exists()
