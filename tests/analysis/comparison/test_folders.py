from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis.comparison.folders import compare
from harness.errors import StoreError
from harness.records import Trial
from harness.store import Failure
from tests import stored


def write(folder: Path, threads: int | None = None, trials: Sequence[Trial] | None = None, **changes: object) -> Path:
    """Write a run; with ``threads`` it is a cell of a sweep over them."""
    run = stored.run()
    if threads is not None:
        run = replace(run, overrides=(f"threads={threads}",), swept=("threads",))
    made = stored.trials() if trials is None else trials
    return stored.write(folder, replace(run, **changes), made, stored.environment())  # type: ignore[arg-type]


def sweep(folder: Path, *threads: int) -> Path:
    """Write a sweep over threads."""
    for number, count in enumerate(threads):
        write(folder / str(number), count)
    return folder


def fail(folder: Path, *overrides: str) -> None:
    """Write a job that could not run."""
    folder.mkdir(parents=True)
    store.write_json(folder / store.FAILURE, Failure(overrides, "no such model"))


def test_two_runs(tmp_path: Path) -> None:
    """Two folders of runs are one section without a title."""
    found = compare(write(tmp_path / "a"), write(tmp_path / "b"))
    assert (found.a, found.b, [section.title for section in found.sections]) == (
        str(tmp_path / "a"),
        str(tmp_path / "b"),
        [""],
    )
    assert found.sections[0].changes[0].name == "asr.load_overhead_mib"
    assert {change.word for change in found.sections[0].changes} == {"no difference shown", "not compared"}
    assert found.notes == ()


def test_a_run_with_itself(tmp_path: Path) -> None:
    """The same folder twice shows no difference, and a note says that it is the same."""
    folder = write(tmp_path / "a")
    found = compare(folder, folder)
    assert found.notes == (f"A and B are the same folder: '{folder}'",)
    assert not any(change.shown for change in found.sections[0].changes)


def test_sweeps_are_compared_cell_by_cell(tmp_path: Path) -> None:
    """Cells of the same swept values, in whatever order their jobs ran; the others are named."""
    found = compare(sweep(tmp_path / "a", 1, 2, 6), sweep(tmp_path / "b", 2, 1, 12))
    assert [(section.title, Path(section.a).name, Path(section.b).name) for section in found.sections] == [
        ("threads=1", "0", "1"),
        ("threads=2", "1", "0"),
    ]
    assert found.notes == (f"only in '{tmp_path / 'a'}': threads=6", f"only in '{tmp_path / 'b'}': threads=12")
    assert found.missing == ("threads=6",)


def test_cells_of_one_sweep_are_runs(tmp_path: Path) -> None:
    """Two cells of one sweep are compared as runs, and what was swept is a labelled difference."""
    folder = sweep(tmp_path / "a", 1, 2)
    store.write_json(
        folder / "1" / store.RUN, replace(stored.run(), protocol=replace(stored.run().protocol, threads=9))
    )
    found = compare(folder / "0", folder / "1")
    assert [(one.subject, one.a, one.b) for one in found.sections[0].differences] == [("threads", "2", "9")]


def test_a_cell_that_failed_is_said(tmp_path: Path) -> None:
    """The other cells are compared all the same."""
    a, b = sweep(tmp_path / "a", 1, 2), sweep(tmp_path / "b", 1)
    fail(b / "1", "threads=2")
    write(a / "2", 3, ())
    write(b / "2", 3)
    found = compare(a, b)
    assert [section.refused for section in found.sections] == [
        None,
        f"'{b / '1'}' failed: no such model",
        f"comparison: found no completed trial in '{a / '2'}' (none done), expected a trial that is ok",
    ]


def test_blocks_of_a_cell_are_one(tmp_path: Path) -> None:
    """Jobs of the same values are blocks of one cell: their trials are taken together."""
    found = compare(sweep(tmp_path / "a", 1, 2, 1, 2), sweep(tmp_path / "b", 1, 2, 1, 2))
    latency = next(one for one in found.sections[0].changes if one.name == "asr.latency_ms")
    assert ([section.title for section in found.sections], latency.a.n) == (["threads=1", "threads=2"], 4)


def test_a_sweep_and_a_run(tmp_path: Path) -> None:
    """The line names the runs of the sweep, in either order."""
    folder, run = sweep(tmp_path / "a", 1, 2), write(tmp_path / "b")
    for pair in ((folder, run), (run, folder)):
        with pytest.raises(StoreError, match=r"expected two runs or two sweeps; choose from: .*/a/0, .*/a/1$"):
            compare(*pair)


def test_sweeps_without_a_common_cell(tmp_path: Path) -> None:
    """Nothing in common is refused, with the cells that there are."""
    with pytest.raises(StoreError, match=r"no cell of '.*/a' in '.*/b', .*; choose from: threads=1$"):
        compare(sweep(tmp_path / "a", 1), sweep(tmp_path / "b", 2))


def test_sweeps_of_which_no_cell_can_be_compared(tmp_path: Path) -> None:
    """Where every cell is refused, so is the sweep, with the first reason."""
    a, b = sweep(tmp_path / "a", 1), tmp_path / "b"
    write(b / "0", 1, ())
    with pytest.raises(StoreError, match=r"no cell that can be compared .*no completed trial"):
        compare(a, b)


@pytest.mark.parametrize("wrong", ["nothing", "empty"])
def test_folders_that_are_no_runs(wrong: str, tmp_path: Path) -> None:
    """A folder that does not exist or holds no run is named."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=f"run folder: found '.*{wrong}'.*, expected the folder of a run"):
        compare(tmp_path / wrong, write(tmp_path / "b"))


def test_a_search_is_no_run(tmp_path: Path) -> None:
    """A search for a memory limit has runs of different limits: the line names them."""
    write(tmp_path / "s" / store.ATTEMPTS / "200")
    with pytest.raises(StoreError, match=r"a search for a memory limit, .*; choose from: .*/attempts/200$"):
        compare(write(tmp_path / "b"), tmp_path / "s")


def test_schemas(tmp_path: Path) -> None:
    """A run of the first schema is compared; one of a schema to come says what reads it."""
    a, b = write(tmp_path / "a"), write(tmp_path / "b", schema=1)
    assert compare(a, b).sections[0].refused is None
    store.write_json(b / store.RUN, replace(stored.run(), schema=99))
    with pytest.raises(StoreError, match=r"of schema 99, expected .* a newer asr-align-harness wrote it"):
        compare(a, b)


def test_a_torn_last_line_is_a_note(tmp_path: Path) -> None:
    """What a killed run leaves is compared without its last line."""
    a, b = write(tmp_path / "a"), write(tmp_path / "b")
    (b / store.TRIALS).write_bytes((b / store.TRIALS).read_bytes()[:-9])
    assert f"'{b}': trials.jsonl: the last line is torn and was dropped (line 3)" in compare(a, b).sections[0].notes
