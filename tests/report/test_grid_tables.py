from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.sweep import Sweep, read_sweep
from harness.report.grid_tables import grid_tables
from tests import stored
from tests.stored_sweep import faster, job


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return a sweep over two keys, of which one of the six cells is not there."""
    values = {("1", "a"): 400.0, ("1", "b"): 300.0, ("2", "a"): 200.0, ("2", "b"): 100.0, ("3", "b"): 500.0}
    for number, ((threads, seed), ttft_ms) in enumerate(values.items()):
        job(tmp_path / str(number), f"threads={threads}", f"seed={seed}", trials=faster(stored.trials(4), ttft_ms))
    return read_sweep(tmp_path)


def test_grid(sweep: Sweep) -> None:
    """The first key down, the second across, a dash where there is no cell; with the best and the ratios."""
    grid = next(table for table in grid_tables(sweep) if table.title == "asr.ttft_ms, ms")
    assert grid.headers == ("threads", "seed=a", "seed=b")
    assert grid.rows == (
        ("1", "400.00", "300.00 x0.75"),
        ("2", "200.00 x0.50", "100.00 x0.25 best"),
        ("3", "-", "500.00 x1.25"),
    )


def test_a_grid_for_each_main_metric(sweep: Sweep) -> None:
    """Those that any cell has a figure for, in the order of the table's columns."""
    titles = [table.title for table in grid_tables(sweep)]
    assert titles[:3] == ["asr.load_overhead_mib, MiB", "asr.net_overhead_mib, MiB", "asr.ttft_ms, ms"]
    assert "aligner.wer, %" not in titles


@pytest.mark.parametrize("swept", [("threads",), ("threads", "seed", "order")])
def test_other_than_two_keys_have_no_grid(swept: tuple[str, ...], sweep: Sweep) -> None:
    """One needs none, and three would need a solid."""
    assert grid_tables(replace(sweep, swept=swept)) == []


def test_two_cells_in_one_place_have_no_grid(sweep: Sweep) -> None:
    """Nothing would say which of them is meant."""
    assert grid_tables(replace(sweep, cells=(*sweep.cells, sweep.cells[0]))) == []
