"""Time from the command line to the first load.

From just before ``python -m harness`` is started to the worker's stamp before its first ``load``; both stand on the
machine's one monotonic clock. The command has no argument, as its user gives none. So that a repetition is over soon,
it stands in a folder whose ``conf/config.yaml`` asks for one iteration of the aligner alone: what happens before the
first load is the same for the default chain, whose first stage imports the same library.

In turn with it: an interpreter that does nothing, and the same command with a stamp after each step
(:mod:`benchmarks.startup_marks`), which gives the breakdown. The first repetition of each fills the page cache and is
left out.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from omegaconf import OmegaConf

from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import ROOT, Setting
from benchmarks.startup_marks import STEPS
from harness import store
from harness.analysis.statistics import spread
from harness.config import builtin_folder

NAME = "startup"
_GOAL = Goal(0.8, "s")
_TIMEOUT_S = 120.0
_CHANGES = {"order": ["aligner"], "iterations": 1, "quiet": True}
_MODULE, _PREPARE, _SEND = "stage's module", "prepare: import the engine", "look at the worker, send load"

Marks = dict[str, float]


def run(setting: Setting) -> Result:
    """Start the command line several times, plain and with stamps in turn."""
    bare_s: list[float] = []
    command_s: list[float] = []
    steps: list[Marks] = []
    with setting.folder() as folder:
        for number in range(1 if setting.small else 13):
            bare_s.append(_bare(folder))
            command_s.append(_command(folder / f"plain-{number}"))
            steps.append(_marked(folder / f"marked-{number}"))
    kept = slice(0 if setting.small else 1, None)
    bare_s, command_s, steps = bare_s[kept], command_s[kept], steps[kept]
    one = spread(command_s)
    verdict = Verdict("command line to first load", _GOAL, one.median, one.interval)
    raw = {"bare_interpreter_s": bare_s, "command_to_first_load_s": command_s, "steps_s": steps}
    return Result(NAME, (_table(bare_s, command_s, verdict), _steps_table(steps)), (verdict,), raw)


def _bare(folder: Path) -> float:
    start_ns = time.monotonic_ns()
    _done([sys.executable, "-c", "pass"], folder)
    return (time.monotonic_ns() - start_ns) / 1e9


def _command(folder: Path) -> float:
    _configure(folder)
    start_ns = time.monotonic_ns()
    _done([sys.executable, "-m", "harness"], folder)
    load_ns: int = _phases(folder)["load"]["start_ns"]
    return (load_ns - start_ns) / 1e9


def _marked(folder: Path) -> Marks:
    """Return the seconds of each step."""
    _configure(folder)
    file = folder / "marks.json"
    start_ns = time.monotonic_ns()
    _done([sys.executable, "-m", "benchmarks.startup_marks", str(file)], folder)
    marks_ns: dict[str, int] = json.loads(file.read_text())
    phases = _phases(folder)
    marks_ns[_MODULE] = phases["prepare"]["start_ns"]
    marks_ns[_PREPARE] = phases["prepare"]["end_ns"]
    marks_ns[_SEND] = phases["load"]["start_ns"]
    seconds = {}
    for step in (*STEPS, _MODULE, _PREPARE, _SEND):
        seconds[step] = (marks_ns[step] - start_ns) / 1e9
        start_ns = marks_ns[step]
    return seconds


def _configure(folder: Path) -> None:
    """Make a working directory with the shipped configuration, changed so that the run is short."""
    (folder / "conf").mkdir(parents=True)
    config = OmegaConf.load(builtin_folder("conf") / "config.yaml")
    for key, value in _CHANGES.items():
        OmegaConf.update(config, key, value)
    OmegaConf.save(config, folder / "conf" / "config.yaml")


def _done(command: Sequence[str], folder: Path) -> None:
    """Run a command in a folder to its end. Raises :class:`Unmeasurable` where that is not a good one."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unmeasurable(f"{' '.join(command)}: not done after {_TIMEOUT_S:g} s") from None
    if done.returncode:
        raise Unmeasurable(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")


def _phases(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the phases of the first trial of the run in a folder, by name."""
    (trials,) = folder.glob(f"outputs/runs/*/*/{store.TRIALS}")
    trial = json.loads(trials.read_text().splitlines()[0])
    return {phase["name"]: phase for phase in trial["visits"][0]["phases"]}


def _table(bare_s: Sequence[float], command_s: Sequence[float], verdict: Verdict) -> Table:
    rows = []
    for name, values, goal in (
        ("bare interpreter, start to end", bare_s, "-"),
        ("command line to first load", command_s, str(verdict)),
    ):
        figures = (f"{figure:.3f}" for figure in (median(values), min(values), max(values)))
        rows.append((name, str(len(values)), *figures, f"{median(values) / median(bare_s):.1f}", goal))
    headers = ("figure", "n", "median s", "min s", "max s", "/ bare", GOAL_COLUMN)
    return Table("Time from the command line to the first load", headers, rows)


def _steps_table(steps: Sequence[Mapping[str, float]]) -> Table:
    columns = {name: [one[name] for one in steps] for name in steps[0]}
    total = sum(median(values) for values in columns.values())
    rows = [
        (name, f"{1e3 * median(values):.1f}", f"{1e3 * min(values):.1f}", f"{100 * median(values) / total:.0f}")
        for name, values in columns.items()
    ]
    sums = [1e3 * sum(one.values()) for one in steps]
    rows.append(("together", f"{median(sums):.1f}", f"{min(sums):.1f}", "100"))
    return Table("The way to the first load, step by step", ("step", "median ms", "min ms", "%"), rows)
