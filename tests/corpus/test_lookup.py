from pathlib import Path

import pytest

from harness.corpus import lookup


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
    assert [str(parent.relative_to(tmp_path)) for parent, _ in lookup.walk(tmp_path)] == [".", "b", "84", "121"]
