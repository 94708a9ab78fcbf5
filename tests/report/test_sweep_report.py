import json
from pathlib import Path

import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.report.sweep_page import publish_page
from harness.report.sweep_report import publish_sweep, sweep_text
from harness.sweeping.reused import Reused
from harness.sweeping.state import REUSED
from tests import stored
from tests.stored_sweep import failure, four_jobs, job


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


def test_text(sweep: Sweep) -> None:
    """On the screen a table is no wider than a terminal, what is constant stands above it, and notes are there once."""
    text = sweep_text(sweep, width=120)
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


def test_reused_jobs_are_marked(sweep: Sweep) -> None:
    """With where they were measured, in each report, and no character of the path is a terminal's."""
    record = Reused(source="/old\x1b/7", began_at="2025-12-31", at="2026-01-01", identity_sha256="00")
    store.write_json(sweep.folder / "0" / REUSED, record)
    again = read_sweep(sweep.folder)
    tables = publish_sweep(again)
    publish_page(again, tables)
    said = r"job 0 is reused from /old\x1b/7, measured at 2025-12-31; the machine may have drifted"
    markdown = (sweep.folder / store.SWEEP_MD).read_text(encoding="utf-8")
    assert f"\n- {said}\n" in markdown
    assert "\n| 0 baseline reused " in markdown
    assert f">Note: {said}.</p>" in (sweep.folder / store.SWEEP_HTML).read_text(encoding="utf-8")
    cells = json.loads((sweep.folder / store.SWEEP_JSON).read_bytes())["cells"]
    assert [list(cell.get("reused", ())) for cell in cells] == [["0"], [], [], []]


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


def test_a_large_sweep_is_shortened_on_the_screen(tmp_path: Path) -> None:
    """The best and the baseline are shown, and a line says where the others are; no grids, which would be as long."""
    for number in range(45):
        failure(tmp_path / str(number), "no", f"threads={number}", f"seed={number}")
    for number in (45, 46):
        job(tmp_path / str(number), f"threads={number}", f"seed={number}")
    text = sweep_text(read_sweep(tmp_path, "threads=46"))
    assert "40 of 47 cells are shown; all are in sweep.md" in text.splitlines()
    assert "threads=46" in text
    assert "asr.ttft_ms, ms" not in text
