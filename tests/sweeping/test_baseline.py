from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.analysis.cell import Cell
from harness.errors import ConfigError
from harness.sweeping.baseline import CellName, find_baseline, label, plain

SWEPT = ("threads", "order")


def cell(job: str, overrides: Mapping[str, str], *more: str) -> Cell:
    """Return a cell of which only the name matters."""
    return Cell(job, Path(job), overrides, "ok", True, {}, jobs=(job, *more))


CELLS = (
    cell("0", {"threads": "1", "order": "[asr,aligner]", "asr": "'null'", "seed": "1"}, "4"),
    cell("1", {"threads": "1", "order": "[aligner,asr]", "asr": "'null'", "seed": "1"}, "5"),
    cell("2", {"threads": "2", "order": "[asr,aligner]", "asr": "'null'", "seed": "1", "quiet": "true"}),
    cell("3", {"threads": "12", "order": "[aligner,asr]", "asr": "x", "seed": "1"}),
)


@pytest.mark.parametrize(
    ("asked", "job"),
    [
        ("0", "0"),
        ("5", "1"),
        (" 3 ", "3"),
        ("threads=2", "2"),
        ("threads=1,order=[aligner,asr]", "1"),
        ("order=[aligner,asr],threads=1", "1"),
        ("threads=1, order=[asr,aligner]", "0"),
        ("asr=null,threads=2", "2"),
        ("asr='null',threads=2", "2"),
        ('asr="x"', "3"),
        ("+threads=12", "3"),
        ("threads=12,seed=1", "3"),
        ("seed=1, order=[ aligner , asr], threads=1", "1"),
        ("threads=1,order=['asr', \"aligner\"]", "0"),
        ("threads=2,quiet=True", "2"),
    ],
)
def test_baseline(asked: str, job: str) -> None:
    """By a job's number, also that of a later block, or by values that only one cell has."""
    assert find_baseline("--baseline", asked, CELLS, SWEPT).job == job


@pytest.mark.parametrize("asked", ["9", "threads=3", "threads=1,order=[asr]", "nosuch=1", "threads", "", "=", "-1"])
def test_one_that_does_not_exist(asked: str) -> None:
    """The line names the cells that there are."""
    with pytest.raises(ConfigError) as caught:
        find_baseline("--baseline", asked, CELLS, SWEPT)
    line = str(caught.value)
    assert line.startswith(
        f"--baseline: found '{asked}', which is no cell, expected key=value[,key=value] of one cell, or "
    )
    for one in CELLS:
        assert label(one, SWEPT) in line


def test_one_that_is_several() -> None:
    """The line names those that it may mean, and no other."""
    with pytest.raises(ConfigError) as caught:
        find_baseline("--baseline", "threads=1", CELLS, SWEPT)
    assert caught.value.found == "'threads=1', which is 2 cells"
    assert set(caught.value.choices) == {"threads=1,order=[asr,aligner]", "threads=1,order=[aligner,asr]"}


def test_the_nearest_are_enough_to_choose_from() -> None:
    """A sweep may have thousands of cells; the line has twelve."""
    cells = [cell(str(number), {"threads": str(number)}) for number in range(2_000)]
    with pytest.raises(ConfigError) as caught:
        find_baseline("--baseline", "threads=1500x", cells, ("threads",))
    assert (len(caught.value.choices), caught.value.choices[0]) == (12, "threads=1500")


def test_cells_with_one_name_are_chosen_by_number() -> None:
    """Jobs that were copied together may have the same overrides."""
    twins = [cell("0", {"threads": "1"}), cell("1", {"threads": "1"})]
    with pytest.raises(ConfigError) as caught:
        find_baseline("--baseline", "threads=1", twins, ("threads",))
    assert set(caught.value.choices) == {"0", "1"}


def test_label() -> None:
    """What was swept names a cell; where nothing was, its job does."""
    assert label(CELLS[0], SWEPT) == "threads=1,order=[asr,aligner]"
    assert label(CELLS[0], ()) == "0"


def test_a_cell_that_has_not_run() -> None:
    """Its name is all that there is of it, and the line names the key that was given."""
    cells = [CellName({"threads": "1"}, ("0", "3")), CellName({"threads": "2"}, ("1", "2"))]
    assert find_baseline("sweep.baseline", "3", cells, ("threads",)) is cells[0]
    with pytest.raises(ConfigError) as caught:
        find_baseline("sweep.baseline", "4", cells, ("threads",))
    assert str(caught.value) == (
        "sweep.baseline: found '4', which is no cell, expected key=value[,key=value] of one cell, or a job's number; "
        "choose from: threads=1, threads=2"
    )


@pytest.mark.parametrize(
    ("value", "meant"),
    [("'a b'", "a b"), ('"x"', "x"), (" 1 ", "1"), ("TRUE", "true"), ("Null", "null"), ("'True'", "True"), ("A", "A")],
)
def test_a_plain_value(value: str, meant: str) -> None:
    """Without quotes and outer spaces; three words mean the same in any case, unless they are quoted."""
    assert plain(value) == meant
