from pathlib import Path

from harness.whole_folder import whole_folder


def test_a_folder_is_there_when_it_is_filled(tmp_path: Path) -> None:
    """Under its own name, its parents made, with nothing beside it; and not before."""
    target = tmp_path / "deep" / "mine"
    with whole_folder(target) as fresh:
        (fresh / "file").write_text("new")
        assert not target.exists()
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["mine"]


def test_one_that_is_there_is_replaced(tmp_path: Path) -> None:
    """Nothing of the old one stays."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "old").touch()
    with whole_folder(tmp_path / "mine") as fresh:
        (fresh / "new").touch()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["new"]


def test_what_was_raised_leaves_the_old_one(tmp_path: Path) -> None:
    """Also Ctrl-C."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "old").touch()
    filling = whole_folder(tmp_path / "mine")
    (filling.__enter__() / "new").touch()
    stopped = KeyboardInterrupt()
    assert not filling.__exit__(KeyboardInterrupt, stopped, stopped.__traceback__)
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["mine", "mine/old"]
