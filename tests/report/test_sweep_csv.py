import csv
import io
from pathlib import Path

import pytest

from harness.analysis.sweep import Sweep, read_sweep
from harness.report.sweep_csv import sweep_csv
from harness.report.sweep_table import sweep_figures
from tests import stored
from tests.stored_sweep import FAILED, failure, four_jobs, job


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return the sweep of four."""
    return four_jobs(tmp_path / "sweep")


def written(sweep: Sweep) -> str:
    """Return the CSV."""
    return sweep_csv(sweep, sweep_figures(sweep).ratios)


def read(sweep: Sweep) -> list[dict[str, str]]:
    """Return the rows of the CSV."""
    return list(csv.DictReader(io.StringIO(written(sweep), newline=""), strict=True))


def test_numbers(sweep: Sweep) -> None:
    """Raw numbers by name, with ends of interval, cold value and count; nothing where there is nothing."""
    found = read(sweep)
    assert [row["job"] for row in found] == ["0", "1", "2", "3"]
    assert [row["threads"] for row in found] == ["1", "2", "3", "4"]
    assert [row["outcome"] for row in found] == ["ok", "ok", "1 ok of 4 trials", f"failed: {FAILED}"]
    names = [f"asr.ttft_ms{part}" for part in ("", ".low", ".high", ".cold", ".n")]
    assert [[row[name] for name in names] for row in found] == [
        ["400.0", "400.0", "400.0", "400.0", "3"],
        ["100.0", "100.0", "100.0", "100.0", "3"],
        ["", "", "", "400.0", "0"],
        ["", "", "", "", ""],
    ]
    assert [float(row["asr.wer"]) for row in found[:3]] == [0.2, 0.2, 0.2]
    assert [row["aligner.ttft_ms"] for row in found] == [""] * 4


def test_ratios(sweep: Sweep) -> None:
    """Each with its interval; none for the baseline, which has a column of its own."""
    found = read(sweep)
    assert [row["baseline"] for row in found] == ["yes", "no", "no", "no"]
    names = [f"asr.ttft_ms.ratio{part}" for part in ("", ".low", ".high")]
    ratios = [[row[name] for name in names] for row in found]
    assert (ratios[0], ratios[2], ratios[3]) == (["", "", ""], ["", "", ""], ["", "", ""])
    assert [float(number) for number in ratios[1]] == pytest.approx([0.25, 0.25, 0.25])


def test_where_and_when(sweep: Sweep) -> None:
    """How many trials there are, when the cell began and on which machine, where that is known."""
    found = [(row["trials"], row["started_at"], row["host"]) for row in read(sweep)]
    started_at = "2026-01-02T03:04:05.000+00:00"
    assert found == [("4", started_at, ""), ("4", started_at, ""), ("1", started_at, ""), ("0", "", "")]


def test_it_is_rectangular(sweep: Sweep) -> None:
    """Every row has a cell for each column, and no column comes twice."""
    header, *lines = csv.reader(io.StringIO(written(sweep), newline=""))
    assert len(header) == len(set(header))
    assert {len(line) for line in lines} == {len(header)}


def test_an_override_with_commas(tmp_path: Path) -> None:
    """A swept list comes back as it was written."""
    for number, order in enumerate(("[asr,aligner]", "[aligner,asr]")):
        stored.write(tmp_path / str(number), stored.run(overrides=(f"order={order}",)), stored.trials())
    assert [row["order"] for row in read(read_sweep(tmp_path))] == ["[asr,aligner]", "[aligner,asr]"]


def test_growth_has_no_cold_value(sweep: Sweep) -> None:
    """A slope's column holds slopes alone."""
    name = "memory.growth_mib_per_iteration"
    found = [[row[f"{name}{part}"] for part in ("", ".cold")] for row in read(sweep)]
    assert found == [["0.5", ""], ["0.5", ""], ["", ""], ["", ""]]


def test_an_override_that_would_be_a_formula(tmp_path: Path) -> None:
    """Also where it is a swept value, or what a job failed with."""
    failure(tmp_path / "0", "no", "dataset.audio==cmd|1")
    failure(tmp_path / "1", "no", "dataset.audio=-1")
    assert [row["dataset.audio"] for row in read(read_sweep(tmp_path))] == ["'=cmd|1", "-1"]


def test_blocks_of_a_cell(tmp_path: Path) -> None:
    """One line a cell, with all its jobs."""
    for number, block in enumerate((0, 1)):
        job(tmp_path / str(number), "threads=1", f"+sweep.block={block}", block=block, blocks=2)
    assert [(row["job"], row["trials"]) for row in read(read_sweep(tmp_path))] == [("0 1", "6")]
