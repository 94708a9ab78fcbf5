import pytest

from harness.baseline import baseline_cell, cell_label
from harness.errors import ConfigError

CELLS = [
    {"threads": "1", "order": "[asr,aligner]", "asr": "'null'"},
    {"threads": "1", "order": "[aligner,asr]", "asr": "'null'"},
    {"threads": "2", "order": "[asr,aligner]", "asr": "'null'"},
    {"threads": "2", "order": "[aligner,asr]", "asr": "'null'"},
]
SWEPT = ("threads", "order")
JOBS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 3, "5": 2}


def refused(baseline: str) -> str:
    """Return the line with which a baseline is refused."""
    with pytest.raises(ConfigError) as caught:
        baseline_cell(baseline, CELLS, SWEPT, JOBS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("baseline", "cell"),
    [
        (None, 0),
        ("threads=2,order=[asr,aligner]", 2),
        ("order=[aligner,asr],threads=1", 1),
        ("threads=2, order=[aligner, asr]", 3),
        ("threads=2,order=[aligner,asr],asr=null", 3),
        ("+threads=1,order=[asr,aligner],asr='null'", 0),
        ("3", 3),
        ("5", 2),
    ],
)
def test_a_baseline_is_one_cell(baseline: str | None, cell: int) -> None:
    """By its values, however they are spelt, or by any of its jobs; without one it is the first."""
    assert baseline_cell(baseline, CELLS, SWEPT, JOBS) == cell


def test_several_cells_are_named() -> None:
    """Those that fit are there to choose from."""
    assert refused("threads=1") == (
        "sweep.baseline: found 'threads=1', which is 2 cells, expected one cell of the sweep; "
        "choose from: threads=1,order=[aligner,asr], threads=1,order=[asr,aligner]"
    )


@pytest.mark.parametrize("baseline", ["threads=3,order=[asr,aligner]", "thread=1", "=3", "threads="])
def test_no_cell_is_one_line(baseline: str) -> None:
    """All cells are there to choose from, in words that name each."""
    line = refused(baseline)
    assert line.startswith(f"sweep.baseline: found '{baseline}', which is no cell, expected one cell of the sweep; ")
    for label in (cell_label(cell, SWEPT) for cell in CELLS):
        assert label in line


def test_a_job_that_is_not_there_is_one_line() -> None:
    """With the jobs that are."""
    assert refused("6") == (
        "sweep.baseline: found the job '6', expected key=value of one cell, or a job's number; "
        "choose from: 0, 1, 2, 3, 4, 5"
    )


def test_few_cells_of_many_are_shown() -> None:
    """Those most like what was asked for, so that the line can be read."""
    cells = [{"threads": str(number)} for number in range(1000)]
    with pytest.raises(ConfigError) as caught:
        baseline_cell("threads=9999", cells, ("threads",), {})
    assert len(caught.value.choices) == 12
    assert "threads=999" in caught.value.choices
