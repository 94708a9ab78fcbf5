from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.report.sweep_record import sweep_record
from harness.report.sweep_report import publish_sweep
from harness.report.sweep_table import sweep_figures
from tests.stored_sweep import four_jobs, job, plan


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return the sweep of four."""
    return four_jobs(tmp_path / "sweep")


def record(sweep: Sweep) -> dict[str, Any]:
    """Return what is written."""
    return sweep_record(sweep, sweep_figures(sweep))


def test_json(sweep: Sweep) -> None:
    """Schema, what was swept, the baseline, and each cell with its jobs and all its metrics."""
    publish_sweep(sweep)
    found: dict[str, Any] = msgspec.json.decode((sweep.folder / store.SWEEP_JSON).read_bytes())
    assert set(found) == {"schema", "swept", "constant", "baseline", "metrics", "cells"}
    assert (found["schema"], found["swept"], found["baseline"]) == (3, ["threads"], "0")
    assert found["constant"] == {"iterations": "4", "order": "[asr,aligner]"}
    assert [cell["verdict"] for cell in found["cells"]] == ["undecided", "undecided", "undecided", ""]
    assert [(cell["job"], cell["ok"], cell["trials"]) for cell in found["cells"]] == [
        ("0", True, 4),
        ("1", True, 4),
        ("2", False, 1),
        ("3", False, 0),
    ]
    assert found["cells"][2]["jobs"] == [{"job": "2", "folder": "2", "outcome": "1 ok of 4 trials"}]
    assert found["cells"][0]["metrics"]["asr.wer"]["numerator"] == 4
    assert found["cells"][3]["metrics"] == {}
    assert found["metrics"]["asr.ttft_ms"]["unit"] == "ms"
    assert "unit" not in found["cells"][0]["metrics"]["asr.ttft_ms"]
    assert found == msgspec.json.decode(msgspec.json.encode(record(sweep)))


def test_json_says_how_cells_stand(sweep: Sweep) -> None:
    """Which metrics a cell is best in, and its ratios to the baseline with their intervals."""
    cells = msgspec.json.decode(msgspec.json.encode(record(sweep)))["cells"]
    assert [cell["best"] for cell in cells] == [[], ["asr.ttft_ms"], [], []]
    ratios = [cell["ratios"].get("asr.ttft_ms") for cell in cells]
    assert (ratios[0], ratios[2], ratios[3]) == (None, None, None)
    assert ratios[1] == {"value": 0.25, "interval": pytest.approx([0.25, 0.25])}


def test_json_has_what_was_not_run(tmp_path: Path) -> None:
    """Cells and blocks of the plan that the sweep did not come to."""
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), ("1", 0, 1), ("2", 1, 1))
    job(tmp_path / "0", "threads=1", "iterations=3", "+sweep.block=0", blocks=2)
    cells = record(read_sweep(tmp_path))["cells"]
    assert [(cell["outcome"], cell["ok"]) for cell in cells] == [("1 of 2 blocks", False), ("not run", False)]
    assert [[(one["job"], one["outcome"]) for one in cell["jobs"]] for cell in cells] == [
        [("0", "ok"), ("2", "not run")],
        [("1", "not run"), ("3", "not run")],
    ]
