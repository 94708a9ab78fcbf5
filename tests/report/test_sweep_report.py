from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.report.sweep_report import publish_sweep, sweep_record, sweep_text
from tests import stored
from tests.stored_sweep import failure, four_jobs, job, plan


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return the sweep of four."""
    return four_jobs(tmp_path / "sweep")


def test_files(sweep: Sweep) -> None:
    """Three files beside the jobs, and a second time the same bytes."""
    publish_sweep(sweep)
    names = {store.SWEEP_JSON, store.SWEEP_CSV, store.SWEEP_MD}
    first = {path.name: path.read_bytes() for path in sweep.folder.iterdir() if path.is_file()}
    assert set(first) == names
    again = read_sweep(sweep.folder)
    publish_sweep(again)
    assert {path.name: path.read_bytes() for path in sweep.folder.iterdir() if path.is_file()} == first


def test_json(sweep: Sweep) -> None:
    """Schema, what was swept, the baseline, and each cell with its jobs and all its metrics."""
    publish_sweep(sweep)
    found: dict[str, Any] = msgspec.json.decode((sweep.folder / store.SWEEP_JSON).read_bytes())
    assert set(found) == {"schema", "swept", "constant", "baseline", "cells"}
    assert (found["schema"], found["swept"], found["baseline"]) == (2, ["threads"], "0")
    assert found["constant"] == {"iterations": "4", "order": "[asr,aligner]"}
    assert [cell["verdict"] for cell in found["cells"]] == ["undecided", "undecided", "undecided", ""]
    assert [(cell["job"], cell["ok"], cell["trials"]) for cell in found["cells"]] == [
        ("0", True, 4),
        ("1", True, 4),
        ("2", False, 1),
        ("3", False, 0),
    ]
    assert found["cells"][2]["jobs"] == [{"job": "2", "folder": "2", "outcome": "1 ok of 4 trials"}]
    assert found["cells"][0]["metrics"]["asr.cer"]["numerator"] == 4
    assert found["cells"][3]["metrics"] == {}
    assert found == msgspec.json.decode(msgspec.json.encode(sweep_record(sweep)))


def test_json_says_how_cells_stand(sweep: Sweep) -> None:
    """Which metrics a cell is best in, and its ratios to the baseline with their intervals."""
    cells = msgspec.json.decode(msgspec.json.encode(sweep_record(sweep)))["cells"]
    assert [cell["best"] for cell in cells] == [[], ["asr.ttft_ms"], [], []]
    ratios = [cell["ratios"].get("asr.ttft_ms") for cell in cells]
    assert (ratios[0], ratios[2], ratios[3]) == (None, None, None)
    assert ratios[1] == {"value": 0.25, "interval": pytest.approx([0.25, 0.25])}


def test_json_has_what_was_not_run(tmp_path: Path) -> None:
    """Cells and blocks of the plan that the sweep did not come to."""
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), ("1", 0, 1), ("2", 1, 1))
    job(tmp_path / "0", "threads=1", "iterations=3", "+sweep.block=0", blocks=2)
    cells = sweep_record(read_sweep(tmp_path))["cells"]
    assert [(cell["outcome"], cell["ok"]) for cell in cells] == [("1 of 2 blocks", False), ("not run", False)]
    assert [[(one["job"], one["outcome"]) for one in cell["jobs"]] for cell in cells] == [
        [("0", "ok"), ("2", "not run")],
        [("1", "not run"), ("3", "not run")],
    ]


def test_text(sweep: Sweep) -> None:
    """On the screen a table is no wider than a terminal, what is constant stands above it, and notes are there once."""
    text = sweep_text(sweep)
    lines = text.splitlines()
    assert lines[0] == "The same in all jobs: iterations=4, order=[asr,aligner]"
    assert max(len(line) for line in lines if not line.startswith(("x: ", "no value for "))) <= 120
    assert sum(line.startswith("Job ") for line in lines) == 4
    assert text.count("no value for aligner.wer") == 1


def test_two_swept_keys_have_grids(tmp_path: Path) -> None:
    """On the screen beside each other, in Markdown with a heading each."""
    for number, (threads, seed) in enumerate(((1, 1), (1, 2), (2, 1), (2, 2))):
        job(tmp_path / str(number), f"threads={threads}", f"seed={seed}")
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert "\n## asr.ttft_ms, ms\n" in (tmp_path / store.SWEEP_MD).read_text(encoding="utf-8")
    assert any(
        line.startswith("asr.load_overhead_mib, MiB    ") and "asr.net_overhead_mib, MiB" in line
        for line in sweep_text(sweep).splitlines()
    )


def test_markdown(sweep: Sweep) -> None:
    """A title that says what was swept, and the table."""
    publish_sweep(sweep)
    lines = (sweep.folder / store.SWEEP_MD).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Sweep of threads: 4 cells"
    assert sum(line.startswith("| ") for line in lines) == 1 + 4


def test_one_job(tmp_path: Path) -> None:
    """A sweep of one job has swept nothing, and still its table."""
    stored.write(tmp_path / "0", stored.run(), stored.trials())
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert (tmp_path / store.SWEEP_MD).read_text(encoding="utf-8").startswith("# Sweep of nothing: 1 cell\n")
    assert "ok" in sweep_text(sweep)


def test_failed_jobs_alone(tmp_path: Path) -> None:
    """A sweep in which every job failed still has its report."""
    for number in range(2):
        failure(tmp_path / str(number), "threads: found 0", f"threads={-number}")
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert sweep_text(sweep).count("failed: threads: found 0") == 3  # once more as the baseline
    for name in (store.SWEEP_MD, store.SWEEP_CSV, store.SWEEP_JSON):
        assert "failed: threads: found 0" in (tmp_path / name).read_text(encoding="utf-8")


def test_blocks_are_counted_in_the_title(tmp_path: Path) -> None:
    """Cells are what is compared, jobs what was run."""
    for number in range(4):
        block = f"+sweep.block={number // 2}"
        job(tmp_path / str(number), f"threads={number % 2}", block, block=number // 2, blocks=2)
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert (tmp_path / store.SWEEP_MD).read_text(encoding="utf-8").startswith("# Sweep of threads: 2 cells in 4 jobs\n")
