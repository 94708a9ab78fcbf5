"""Sweeps made by hand of the runs in :mod:`tests.stored`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.records import PlannedJob, SweepPlan, Trial
from tests import stored

FAILED = 'asr.stage: found "x,y", expected <b>a name</b>'


def faster(trials: Sequence[Trial], ttft_ms: float) -> list[Trial]:
    """Return trials with another TTFT."""
    return [
        replace(
            one,
            measurements=tuple(replace(m, value=ttft_ms) if m.name == "asr.ttft_ms" else m for m in one.measurements),
        )
        for one in trials
    ]


def job(folder: Path, *overrides: str, trials: Sequence[Trial] | None = None, block: int = 0, blocks: int = 1) -> Path:
    """Write a job of a sweep that did all its trials, three where none are given, with these overrides."""
    done = stored.trials() if trials is None else trials
    return stored.write(folder, stored.run(overrides=overrides, block=block, blocks=blocks, trials=len(done)), done)


def failure(folder: Path, message: str, *overrides: str) -> None:
    """Write a job that could not run at all."""
    folder.mkdir(parents=True)
    store.write_json(folder / store.FAILURE, store.Failure(overrides, message))


def plan(folder: Path, *jobs: tuple[str, int, int], baseline: str | None = None, swept: Sequence[str] = ()) -> None:
    """Write the plan of a sweep over ``threads``: of each job the value, the cell and the block."""
    made = tuple(
        PlannedJob(
            job=str(number),
            overrides=(f"threads={threads}", "iterations=3", f"+sweep.block={block}"),
            cell=cell,
            block=block,
        )
        for number, (threads, cell, block) in enumerate(jobs)
    )
    blocks = 1 + max(block for _, _, block in jobs)
    written = SweepPlan(
        started_at="2026-01-02T03:04:05.000+00:00",
        harness_version="0.1.0",
        swept=tuple(swept),
        jobs=made,
        blocks=blocks,
        baseline=baseline,
    )
    folder.mkdir(parents=True, exist_ok=True)
    store.write_json(folder / store.PLAN, written)


def four_jobs(folder: Path) -> Sweep:
    """Write a sweep of four jobs: one whole, one faster, one that was killed, one that could not run."""
    four = stored.trials(4)
    made = (four, faster(four, 100.0), four[:1])
    for number, trials in enumerate(made):
        run = stored.run(overrides=(f"threads={number + 1}", "iterations=4", "+order=[asr,aligner]"), trials=4)
        stored.write(folder / str(number), run, trials)
    failure(folder / "3", FAILED, "threads=4", "iterations=4", "+order=[asr,aligner]")
    return read_sweep(folder)
