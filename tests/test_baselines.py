import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness import baselines, store
from harness.errors import StoreError
from tests import stored


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run with all that a run leaves."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials(), stored.environment(), "a log")
    for name in (store.SUMMARY, store.CURVE, store.REPORT_HTML):
        (folder / name).write_text("{}")
    return folder


def names(outputs: Path) -> list[str]:
    """Return what lies where baselines are stored."""
    return sorted(path.name for path in (outputs / "baselines").iterdir())


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Return a folder of outputs that does not exist yet."""
    return tmp_path / "outputs"


def test_a_copy_without_curve_and_log(run: Path, outputs: Path) -> None:
    """What a comparison and a report need is kept, byte for byte."""
    target = baselines.keep("v1.0", run, outputs)
    kept = ["config.yaml", "environment.json", "run.json", "summary.json", "trials.jsonl"]
    assert target == outputs / "baselines" / "v1.0"
    assert sorted(path.name for path in target.iterdir()) == kept
    assert [(target / name).read_bytes() for name in kept] == [(run / name).read_bytes() for name in kept]
    assert names(outputs) == ["v1.0"]


def test_a_killed_run_has_no_summary(run: Path, outputs: Path) -> None:
    """What is not there is not copied."""
    (run / store.SUMMARY).unlink()
    assert not (baselines.keep("main", run, outputs) / store.SUMMARY).exists()


def test_a_stored_one_is_not_overwritten(run: Path, outputs: Path, tmp_path: Path) -> None:
    """Unless it is said; then the new one takes its place, and nothing of the old one stays."""
    target = baselines.keep("main", run, outputs)
    (target / "old").touch()
    with pytest.raises(StoreError, match=r"^baseline: found 'main', which is stored already, expected .* --replace$"):
        baselines.keep("main", run, outputs)
    assert (target / "old").exists()
    other = stored.write(tmp_path / "other", replace(stored.run(), id="other"), stored.trials())
    baselines.keep("main", other, outputs, replace=True)
    assert store.read_description(target)[0].id == "other"
    assert not (target / "old").exists()
    assert names(outputs) == ["main"]


def test_a_copy_that_fails_leaves_the_old_one(run: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new one, not the stored one, and leaves no rest."""
    target = baselines.keep("main", run, outputs)
    (target / "old").touch()

    def full(source: Path, copy: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StoreError, match=r"main' \(No space left on device\), expected a folder that can be written"):
        baselines.keep("main", run, outputs, replace=True)
    assert (target / "old").exists()
    assert names(outputs) == ["main"]


def test_a_rename_that_fails_brings_the_old_one_back(run: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the old and the new one there may be neither for a moment, and never for longer."""
    target = baselines.keep("main", run, outputs)
    (target / "old").touch()
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if ".new." in path.name:
            raise OSError(5, "Input/output error")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreError, match="Input/output error"):
        baselines.keep("main", run, outputs, replace=True)
    assert (target / "old").exists()


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../x", "a b", "ä", "a\n", "x" * 101])
def test_what_is_no_name(name: str, run: Path, outputs: Path) -> None:
    """A name is no path."""
    with pytest.raises(StoreError, match="expected a name of at most 100 letters, digits and"):
        baselines.keep(name, run, outputs)
    assert not outputs.exists()


def test_what_is_no_run(run: Path, outputs: Path, tmp_path: Path) -> None:
    """A folder that is missing, a sweep, a run without a completed trial, a damaged one: nothing is stored."""
    sweep = tmp_path / "sweep"
    stored.write(sweep / "0", stored.run(), stored.trials())
    with pytest.raises(StoreError, match="no folder 'nowhere', expected the folder of a run"):
        baselines.keep("main", Path("nowhere"), outputs)
    with pytest.raises(StoreError, match=r"without run.json, expected the folder of one run; choose from: .*/sweep/0$"):
        baselines.keep("main", sweep, outputs)
    failed = stored.write(tmp_path / "failed", stored.run(), [stored.failed(0)])
    with pytest.raises(StoreError, match=r"no completed trial in '.*failed'"):
        baselines.keep("main", failed, outputs)
    (run / store.TRIALS).write_text("rubbish\n")
    with pytest.raises(StoreError, match="line 1"):
        baselines.keep("main", run, outputs)
    assert not outputs.exists()


def test_outputs_that_cannot_be_written(run: Path, outputs: Path) -> None:
    """A file where the folder should be is one line."""
    outputs.write_text("a file")
    with pytest.raises(StoreError, match="expected a folder that can be written; --outputs names another"):
        baselines.keep("main", run, outputs)


def test_the_stored_ones_are_listed(run: Path, outputs: Path) -> None:
    """By name; a folder that holds no run says so, and what lies about is none."""
    assert baselines.stored(outputs) == ()
    for name in ("b", "a"):
        baselines.keep(name, run, outputs)
    (outputs / "baselines" / "damaged").mkdir()
    (outputs / "baselines" / ".a.new.1").mkdir()
    (outputs / "baselines" / "file").touch()
    found = baselines.stored(outputs)
    assert [(one.name, one.run) for one in found] == [("a", stored.run()), ("b", stored.run()), ("damaged", None)]
    assert "without run.json" in found[2].problem


def test_a_name_stands_for_a_folder(run: Path, outputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder goes before a stored baseline, with a note; a name that is neither gets the stored ones."""
    target = baselines.keep("main", run, outputs)
    monkeypatch.chdir(tmp_path)
    assert baselines.resolve(str(run), outputs) == (run, ())
    assert baselines.resolve("main", outputs) == (target, ())
    (tmp_path / "main").mkdir()
    note = "'main' is taken for the folder of that name, not for the stored baseline"
    assert baselines.resolve("main", outputs) == (Path("main"), (note,))
    with pytest.raises(StoreError, match=r"^comparison: found 'mian', expected .* baseline; choose from: main$"):
        baselines.resolve("mian", outputs)
    with pytest.raises(StoreError, match=r"^comparison: found '../x', expected .*; choose from: main$"):
        baselines.resolve("../x", outputs)


def test_no_baseline_is_stored(outputs: Path) -> None:
    """Then there is none to choose from."""
    with pytest.raises(
        StoreError, match=r"expected the folder of a run, or the name of a stored baseline \(there is none\)$"
    ):
        baselines.resolve("main", outputs)


def test_environments_of_earlier_legs_are_kept(run: Path, outputs: Path) -> None:
    """A run that was resumed has one for each leg; a comparison tells them apart."""
    (run / store.environment_name(0)).write_text("{}")
    assert (baselines.keep("main", run, outputs) / store.environment_name(0)).read_text() == "{}"
