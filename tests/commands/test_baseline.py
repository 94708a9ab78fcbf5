from pathlib import Path

import pytest

from tests import stored
from tests.whole.command import Ran, called, settle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a run in ``outputs``."""
    place = settle(tmp_path, monkeypatch)
    stored.write(place / "outputs" / "a", stored.run(), stored.trials(), stored.environment())
    return place


def test_kept_and_listed(capsys: Capture) -> None:
    """A run is kept under a name, in the folder of outputs that is named, and listed with what it is."""
    assert called(capsys, ["baseline", "main", "outputs/a"]) == Ran(0, "Baseline: outputs/baselines/main\n", "")
    elsewhere = called(capsys, ["baseline", "main", "outputs/a", "--outputs", "other"])
    assert elsewhere.out == "Baseline: other/baselines/main\n"
    lines = called(capsys, ["baseline"]).out.splitlines()
    assert [line.split() for line in (lines[0], lines[2])] == [
        ["Name", "Started", "Trials", "Stages"],
        ["main", "2026-01-02T03:04:05.000+00:00", "3", "asr", "madeup-asr.bin,", "aligner", "madeup-aligner.bin"],
    ]


def test_a_damaged_one_is_listed_with_its_problem(capsys: Capture, folder: Path) -> None:
    """The others are listed all the same."""
    called(capsys, ["baseline", "main", "outputs/a"])
    (folder / "outputs" / "baselines" / "main" / "run.json").write_text("{")
    ran = called(capsys, ["baseline"])
    assert ran.status == 0
    assert "run folder: found 'outputs/baselines/main/run.json'" in ran.out


def test_none_is_stored(capsys: Capture) -> None:
    """The line says how one is stored."""
    line = "No baseline in 'outputs/baselines'; python -m harness baseline NAME FOLDER stores one\n"
    assert called(capsys, ["baseline"]) == Ran(0, line, "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["main"], "baseline: found the name 'main' alone, expected a name and the folder of a run"),
        (["a/b", "outputs/a"], "baseline: found 'a/b', expected a name of at most 100 letters"),
        (["main", "nowhere"], "baseline: found no folder 'nowhere', expected the folder of a run"),
        (
            ["main", "outputs"],
            "baseline: found 'outputs' without run.json, expected the folder of one run; choose from: ",
        ),
        (["taken", "outputs/a"], "baseline: found 'taken', which is stored already, expected a new name, or --replace"),
    ],
)
def test_what_cannot_be_used_is_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    """Status 2, and nothing is overwritten."""
    called(capsys, ["baseline", "taken", "outputs/a"])
    ran = called(capsys, ["baseline", *arguments])
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"harness: {line}")


def test_replaced(capsys: Capture) -> None:
    """With --replace the name stands for the new run."""
    called(capsys, ["baseline", "main", "outputs/a"])
    assert called(capsys, ["baseline", "main", "outputs/a", "--replace"]).status == 0
