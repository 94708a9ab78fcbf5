import sys
from pathlib import Path

import pytest

from harness.own_modules import (
    added_last,
    is_checkout,
    leave_out_working_directory,
    worker_flags,
    working_directory_last,
)
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with a search path of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.mark.parametrize("written", ["", "."])
def test_the_working_directory_is_taken_from_the_head(folder: Path, written: str) -> None:
    """As ``python -m`` writes it, and as an absolute path; behind others it is the user's own word, and stays."""
    before = list(sys.path)
    for head in (written, str(folder)):
        sys.path[:] = [head, *before, str(folder)]
        leave_out_working_directory()
        assert sys.path == [*before, str(folder)]


def test_a_checkout_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There this package is imported from the working directory, and so the worker is started from it."""
    assert (is_checkout(), worker_flags()) == (False, ("-P",))
    monkeypatch.chdir(ROOT)
    sys.path.insert(0, "")
    leave_out_working_directory()
    assert (sys.path[0], is_checkout(), worker_flags()) == ("", True, ())


def test_a_module_that_is_nowhere_else_is_looked_for_last(folder: Path) -> None:
    """Only then, and once; the worker is told."""
    before = list(sys.path)
    for known in ("random", "tests.engine.scripted", "", "__main__"):
        working_directory_last(known)
        assert (sys.path, added_last()) == (before, [])
    for _ in range(2):
        working_directory_last("nowhere_else.module")
        assert (sys.path, added_last()) == ([*before, str(folder)], [str(folder)])
