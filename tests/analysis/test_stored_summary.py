from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness import store
from harness.analysis.stored_summary import read_summary
from harness.analysis.summary import Summary, summarise
from harness.errors import StoreError
from tests import stored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a run of three trials, with the summary that its end would write."""
    found = store.read_run(stored.write(tmp_path / "run", stored.run(), stored.trials(), stored.environment()))
    store.write_json(found.folder / store.SUMMARY, summarise(found.run, found.trials, found.notes, found.stamp))
    return found.folder


@pytest.fixture
def unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the run's folder, whose trials nobody may read."""

    def refuse(folder: Path) -> None:
        raise AssertionError(f"the trials of {folder} were read")

    monkeypatch.setattr(store, "read_run", refuse)
    return folder


def changed(folder: Path, **fields: object) -> None:
    """Change a stored summary so that it can be told from one that was made again."""
    path = folder / store.SUMMARY
    store.write_json(path, {**msgspec.json.decode(path.read_bytes()), "notes": ["the stored one"], **fields})


def test_a_summary_survives_the_disk(folder: Path) -> None:
    """What is read is what was written, to the last field."""
    found = store.read_run(folder)
    expected = summarise(found.run, found.trials, found.notes, found.stamp)
    again = msgspec.json.decode((folder / store.SUMMARY).read_bytes(), type=Summary)
    assert msgspec.json.encode(again) == msgspec.json.encode(expected)
    assert again.made_from == expected.made_from


def test_a_stored_summary_is_enough(unread: Path) -> None:
    """Where it belongs to the trials that there are, none of them is read."""
    changed(unread)
    found = read_summary(unread)
    assert (found.summary.notes, found.summary.trials) == (("the stored one",), 3)


def test_a_summary_of_other_trials_is_made_again(folder: Path) -> None:
    """A run that went on after its summary has another stamp."""
    changed(folder)
    trials = (folder / store.TRIALS).read_bytes().splitlines(keepends=True)
    (folder / store.TRIALS).write_bytes(b"".join(trials[:2]))
    assert read_summary(folder).summary.trials == 2
    assert read_summary(folder).summary.notes == ("1 of 3 trials was not done",)


@pytest.mark.parametrize("fields", [{"made_by": "another version"}, {"made_from": None}, {"metrics": 1}])
def test_a_summary_by_other_code_is_made_again(folder: Path, fields: dict[str, object]) -> None:
    """So is one from before summaries said what they were made from, and one of another shape."""
    changed(folder, **fields)
    assert read_summary(folder).summary.notes == ()


@pytest.mark.parametrize("content", [b"{", b"\xff", None])
def test_a_damaged_summary_is_made_again(folder: Path, content: bytes | None) -> None:
    """Torn, not even text, or not there: the trials are what counts."""
    path = folder / store.SUMMARY
    path.unlink() if content is None else path.write_bytes(content)
    assert read_summary(folder).summary.trials == 3


def test_no_run_is_refused(tmp_path: Path) -> None:
    """As everywhere."""
    with pytest.raises(StoreError, match="expected the folder of a run"):
        read_summary(tmp_path / "nothing")


def test_the_environment_may_be_missing(folder: Path) -> None:
    """A run that was killed before it was written."""
    assert read_summary(folder).environment == replace(stored.environment())
    (folder / store.ENVIRONMENT).unlink()
    assert read_summary(folder).environment is None
