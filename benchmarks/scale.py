"""How reports grow with what they are of: a sweep of thousands of stored runs, and one run of thousands of trials."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generated import write_run
from benchmarks.results import Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import ROOT, Setting
from harness import store
from harness.records import PlannedJob, SweepPlan
from harness.report.publish import publish

NAME = "scale"

_RUNS, _TRIALS, _LONG = 2_000, 100, 10_000
_DISTINCT = 20
"""Runs of a sweep that differ in their trials; the others share a file with one of them, and have it read as theirs."""
_KEYS = ("threads", "context_length")
_ROWS = 40
_TIMEOUT_S = 600
_GOALS: Mapping[str, tuple[Goal, Goal | None]] = {
    "sweep": (Goal(10, "s"), Goal(500, "MiB")),
    "run": (Goal(5, "s"), None),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took: seconds of the whole process, its CPU time, and its exact peak of RSS."""

    status: int
    wall_s: float
    peak_mib: float
    cpu_s: float


def run(setting: Setting) -> Result:
    """Generate a sweep and a long run, and report each in a process of its own."""
    runs, trials, long = (20, 5, 100) if setting.small else (_RUNS, _TRIALS, _LONG)
    with setting.folder() as folder:
        write_sweep(folder / "sweep", runs, trials, min(runs, 2 if setting.small else _DISTINCT))
        write_run(folder / "long", long, seed=1, curve=True)
        costs = {"sweep": reported(folder / "sweep"), "run": reported(folder / "long")}
        pages = {"sweep": folder / "sweep" / store.SWEEP_HTML, "run": folder / "long" / store.REPORT_HTML}
        sizes = {name: page.stat().st_size / 2**20 for name, page in pages.items()}
    what = {"sweep": f"a sweep of {runs} runs of {trials} trials", "run": f"one run of {long} trials"}
    rows, verdicts = [], []
    for name, cost in costs.items():
        seconds, memory = _GOALS[name]
        verdicts.append(Verdict(f"report of {what[name]}", seconds, cost.wall_s))
        if memory is not None:
            verdicts.append(Verdict(f"memory of the report of {what[name]}", memory, cost.peak_mib))
        figures = (f"{cost.wall_s:.2f}", f"{cost.cpu_s:.2f}", f"{cost.peak_mib:.0f}", f"{sizes[name]:.2f}")
        rows.append((what[name], *figures, str(verdicts[-1]) if memory is None else f"{seconds}, {memory}"))
    table = Table(
        "python -m harness report FOLDER",
        ("what is reported", "s", "CPU s", "peak MiB", "page MiB", "goal"),
        rows,
        ("generated runs, on a warm page cache; seconds are of the whole process, its start included",),
    )
    raw = {
        name: {"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "peak_mib": cost.peak_mib} for name, cost in costs.items()
    }
    return Result(NAME, (table,), tuple(verdicts), raw)


def write_sweep(folder: Path, runs: int, trials: int, distinct: int) -> Path:
    """Write a finished sweep of two keys into a new folder, each run with its summary, and return the folder."""
    made = [write_run(folder.parent / f"distinct-{seed}", trials, seed) for seed in range(distinct)]
    for one in made:
        publish(one)
    jobs = tuple(PlannedJob(job=str(number), overrides=overrides_of(number), cell=number) for number in range(runs))
    folder.mkdir()
    for job in jobs:
        _copy(made[job.cell % distinct], folder / job.job, job.overrides)
    plan = SweepPlan(started_at="2026-01-02T03:04:05.000+00:00", harness_version="0.1.0", swept=_KEYS, jobs=jobs)
    store.write_json(folder / store.PLAN, plan)
    return folder


def overrides_of(number: int) -> tuple[str, ...]:
    """Return the overrides of a cell: two keys, each with as many values as make a table of :data:`_ROWS` rows."""
    return (f"{_KEYS[0]}={1 + number % _ROWS}", f"{_KEYS[1]}={1024 * (1 + number // _ROWS)}")


def _copy(source: Path, target: Path, overrides: tuple[str, ...]) -> None:
    """Make a run of the same trials under other overrides: its own description and summary, one file of trials."""
    target.mkdir()
    record = json.loads((source / store.RUN).read_text())
    (target / store.RUN).write_text(json.dumps({**record, "id": target.name, "overrides": overrides}))
    (target / store.SUMMARY).write_bytes((source / store.SUMMARY).read_bytes())
    for name in (store.ENVIRONMENT, store.TRIALS):
        os.link(source / name, target / name)


def reported(folder: Path) -> Cost:
    """Report a folder in a process of its own. Raises :class:`Unmeasurable` where that fails."""
    command = [sys.executable, "-m", "benchmarks.scale_child", "report", str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise Unmeasurable(f"the report of {folder.name} took more than {_TIMEOUT_S} s") from None
    if done.returncode:
        raise Unmeasurable(f"the report of {folder.name}: {(done.stderr.splitlines() or ['it ended'])[-1]}")
    cost = Cost(**json.loads(done.stdout.splitlines()[-1]))
    if cost.status:
        raise Unmeasurable(f"the report of {folder.name} ended with {cost.status}: {done.stderr.strip()}")
    return cost
