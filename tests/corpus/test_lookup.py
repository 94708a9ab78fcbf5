import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import lookup
from harness.corpus.entry import BadEntry
from harness.errors import InputError


def test_a_path_is_found_here_then_where_it_travels_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nowhere is left as the user said it, with ``~`` as a home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "a").touch()
    names = ("a", "b", "~/c", "~nobody-of-this-name/d")
    found = [lookup.found(name, tmp_path / "shipped") for name in names]
    assert found == [tmp_path / "shipped" / "a", Path("b"), Path("/home/me/c"), Path("~nobody-of-this-name/d")]


def test_folders_are_walked_by_number_and_once(tmp_path: Path) -> None:
    """Numbers by their size after names; a link that leads back is not followed."""
    for name in ("121", "84", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "84" / "loop").symlink_to(tmp_path)
    assert [str(parent.relative_to(tmp_path)) for parent, _ in lookup.walk(tmp_path, [])] == [".", "b", "84", "121"]


@pytest.mark.parametrize("look", [lookup.file, lookup.folder])
def test_a_name_that_no_disk_can_have_is_one_line(look: Callable[..., Path], tmp_path: Path) -> None:
    """The system refuses to look it up."""
    with pytest.raises(InputError, match=r"^dataset: found no (file|folder) 'aaa"):
        look("a" * 300, tmp_path, "dataset", "another")
    assert not lookup.is_there(tmp_path / ("a" * 300))


def test_a_folder_that_cannot_be_read_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, and what lies beside it is walked."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    listed = os.scandir

    def refused(path: str) -> Any:
        if os.fspath(path).endswith("a"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    bad: list[BadEntry] = []
    assert [parent.name for parent, _ in lookup.walk(tmp_path, bad)][1:] == ["b"]
    assert list(map(str, bad)) == [
        "a: found a folder that cannot be read (Permission denied), expected a folder that can"
    ]
