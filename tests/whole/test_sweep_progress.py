"""What a sweep says of how far it is, where no terminal is."""

from pathlib import Path

import pytest

from harness import store
from harness.records import PlannedJob, SweepPlan
from tests.whole.command import SCRIPTED, called, settle


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def planned(folder: Path) -> Path:
    """Write the plan of a sweep over two numbers of threads, and return the sweep's folder."""
    jobs = tuple(PlannedJob(job=str(cell), overrides=(f"threads={cell + 1}",), cell=cell) for cell in range(2))
    record = SweepPlan(started_at="2026-01-01T00:00:00+00:00", harness_version="0.1.0", swept=("threads",), jobs=jobs)
    folder.mkdir()
    store.write_json(folder / store.PLAN, record)
    return folder


@pytest.mark.parametrize(("more", "blocks"), [([], False), (["verbose=true"], True)])
def test_a_planned_sweep_off_a_terminal_says_a_line_a_trial(
    more: list[str], blocks: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cell and trial in place of a block, the time left of the sweep from the second job on; verbose has the blocks."""
    place = planned(folder / "sweep")
    arguments = ["-m", *SCRIPTED, "threads=1,2", "iterations=1", f"hydra.sweep.dir={place}", *more]
    ran = called(capsys, arguments)
    lines = [line for line in ran.out.splitlines() if line.startswith("[")]
    assert ran.status == 0
    assert any("Iteration 1/1" in line for line in ran.out.splitlines()) == blocks
    told = [line for line in lines if "] trial 1/1 " in line]
    assert [line.partition("]")[0] for line in told] == ([] if blocks else ["[1/2 threads=1", "[2/2 threads=2"])
    assert ["sweep left" in line for line in told] == ([] if blocks else [False, True])
