from pathlib import Path

import msgspec
import pytest

from harness import store
from harness.analysis.sweep_plan import read_plan
from harness.errors import StoreError
from tests.stored_sweep import plan


def changed(folder: Path, **fields: object) -> None:
    """Change a stored plan."""
    path = folder / store.PLAN
    store.write_json(path, {**msgspec.json.decode(path.read_bytes()), **fields})


def test_plan(tmp_path: Path) -> None:
    """What was written is what is read."""
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), baseline="threads=2", swept=("threads",))
    found = read_plan(tmp_path)
    assert found is not None
    assert [job.cell for job in found.jobs] == [0, 1]
    assert (found.baseline, found.swept) == ("threads=2", ("threads",))


def test_no_plan(tmp_path: Path) -> None:
    """Older folders have none, and what is no folder has none either."""
    assert read_plan(tmp_path) is None
    (tmp_path / "file").touch()
    assert read_plan(tmp_path / "file") is None


@pytest.mark.parametrize("content", [b"", b'{"jobs": [', b"\xff", b'{"jobs": 3}', b"[]"])
def test_a_damaged_plan_is_refused(content: bytes, tmp_path: Path) -> None:
    """One line names the file, and says what there is without it."""
    (tmp_path / store.PLAN).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        read_plan(tmp_path)
    assert str(caught.value).startswith(f"sweep plan: found '{tmp_path}/plan.json' (")
    assert str(caught.value).endswith("expected a plan; without the file, the jobs' folders are all there is")


def test_a_plan_that_is_a_folder(tmp_path: Path) -> None:
    """It is refused in the same way."""
    (tmp_path / store.PLAN).mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        read_plan(tmp_path)


def test_a_plan_of_a_version_to_come(tmp_path: Path) -> None:
    """It may mean something else."""
    plan(tmp_path, ("1", 0, 0))
    changed(tmp_path, schema=99)
    with pytest.raises(StoreError, match="of schema 99, expected schema 3 or older"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("0", "job 0 more than once"),
        ("../0", "no name of a folder"),
        ("", "no name of a folder"),
        ("..", "no name of a folder"),
    ],
)
def test_jobs_that_cannot_be(name: str, why: str, tmp_path: Path) -> None:
    """A name is that of one folder in the sweep's."""
    plan(tmp_path, ("1", 0, 0))
    job = {"overrides": ["threads=1"], "cell": 0}
    changed(tmp_path, jobs=[{"job": "0", **job}, {"job": name, **job}])
    with pytest.raises(StoreError, match=why):
        read_plan(tmp_path)
