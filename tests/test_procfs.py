import os
from pathlib import Path

import pytest

from harness.procfs import content, entries, targets


def test_content_is_the_whole_file(tmp_path: Path) -> None:
    """Also where it is longer than one read takes."""
    (tmp_path / "file").write_bytes(b"x" * 200_000)
    assert content(f"{tmp_path}/file") == b"x" * 200_000


def test_entries_are_names(tmp_path: Path) -> None:
    """In no order."""
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
    assert sorted(entries(str(tmp_path))) == ["1", "2"]


def test_targets_are_bytes_and_need_lead_nowhere(tmp_path: Path) -> None:
    """A link's target is told as it was written, whether it is there, and text, or not."""
    (tmp_path / "0").symlink_to(os.fsdecode(b"/nowhere/\xff"))
    assert list(targets(str(tmp_path))) == [b"/nowhere/\xff"]


def test_what_goes_between_listing_and_reading_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A descriptor may be closed at any time."""
    (tmp_path / "1").symlink_to("/there")
    monkeypatch.setattr(os, "listdir", lambda folder: ["1", "2"])
    assert list(targets(str(tmp_path))) == [b"/there"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """The caller knows what it means."""
    for read in (content, entries, lambda path: list(targets(path))):
        with pytest.raises(FileNotFoundError):
            read(f"{tmp_path}/nothing")
