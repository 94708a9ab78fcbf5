"""Cost of one look at the resting worker, and what the worker feels of it.

One look is ``observe`` of the default probes and the reset of the kernel's high-water mark, as it happens at each
point of a trial; beside it one bare read of ``/proc/PID/status``. Of a fresh worker and of one with a model loaded.
What every shipped probe reads once an iteration, at ``rested``, stands by itself, but for ``heap``: that asks the
worker, and is no look from outside.
What the worker feels: its CPU time (by its CPU clock, in nanoseconds) and its context switches over all looks.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.child import ANSWER_TIMEOUT_S, worker
from benchmarks.cpu_clock import cpu_ns_of
from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import Setting, observers, plan_of
from harness.analysis.statistics import spread
from harness.plan import Plan
from harness.process import Process
from harness.records import Role
from harness.worker.client import Client

NAME = "observe"
_GOAL_CPU = Goal(0.0, "us CPU")
_GOAL_SWITCHES = Goal(0.0, "context switches")
_ROLE: Role = "aligner"
_BARE = "bare read of /proc/PID/status"
_ASK = ("heap",)
_SETTLE_S = 0.1
"""A worker's answer is here some 50 microseconds before the worker sleeps on its pipe again."""

Values = dict[str, dict[str, list[float]]]
Felt = dict[str, dict[str, float]]


def run(setting: Setting) -> Result:
    """Look at a worker before and after it has loaded a model."""
    looks = 50 if setting.small else 1000
    plan = plan_of(_ROLE, 1)
    times_us: Values = {}
    felt: Felt = {}
    with setting.folder() as folder, worker(folder) as client:
        for state in _states(client, plan):
            process = Process(client.pid)
            try:
                time.sleep(_SETTLE_S)
                before = _felt(client.pid)
                times_us[state] = _timed(process, plan, looks)
                felt[state] = {name: value - before[name] for name, value in _felt(client.pid).items()}
            finally:
                process.close()
    verdicts = tuple(_verdicts(felt))
    tables = (_cost_table(times_us), _disturbance_table(felt, verdicts, looks))
    return Result(NAME, tables, verdicts, {"look_us": times_us, "felt_by_worker": felt, "looks": looks})


def _states(client: Client, plan: Plan) -> Iterator[str]:
    yield "fresh worker"
    stage = plan.stages[_ROLE]
    more = {"module": stage.module, "class": stage.class_name, "options": stage.record.options}
    client.ask({"do": "prepare", "stage": _ROLE, **more}, ANSWER_TIMEOUT_S)
    client.ask({"do": "load", "stage": _ROLE}, ANSWER_TIMEOUT_S)
    yield "worker with a model"


def _timed(process: Process, plan: Plan, looks: int) -> dict[str, list[float]]:
    """Return microseconds of the parts of each look, and of the bare read that goes before it."""
    listeners = observers(plan)
    status = os.open(f"/proc/{process.pid}/status", os.O_RDONLY | os.O_CLOEXEC)
    parts: dict[str, Callable[[], Any]] = {
        _BARE: partial(os.pread, status, 8192, 0),
        f"observe by {len(plan.probes)} probes": lambda: _observed(
            listeners.each("observe", point="ran", process=process)
        ),
        "reset of the peak": process.reset_peak,
        **{f"at rest, {name}": look for name, look in _at_rest(process)},
    }
    times_us: dict[str, list[float]] = {name: [] for name in parts}
    try:
        for _ in range(looks):
            for name, part in parts.items():
                start_ns = time.monotonic_ns()
                part()
                times_us[name].append((time.monotonic_ns() - start_ns) / 1e3)
    finally:
        os.close(status)
    observed, reset = list(times_us.values())[1:3]
    times_us["one look"] = [one + other for one, other in zip(observed, reset, strict=True)]
    return times_us


def _at_rest(process: Process) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each probe that reads something at rest, other than by asking the worker."""
    for probe in plan_of(_ROLE, 1, every_probe=True).probes:
        if probe.name not in _ASK and hasattr(probe, "observe"):
            yield probe.name, partial(probe.observe, point="rested", process=process)


def _observed(answers: Iterator[tuple[str, Any, Exception | None]]) -> None:
    """Ask every probe. Raises :class:`Unmeasurable` where one fails."""
    for name, _, error in answers:
        if error is not None:
            raise Unmeasurable(f"the probe {name} failed in observe: {error}")


def _felt(pid: int) -> dict[str, float]:
    """Return a process's CPU time and context switches up to now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    switches = sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return {"cpu_us": cpu_ns_of(pid) / 1e3, "context_switches": switches}


def _verdicts(felt: Felt) -> Iterator[Verdict]:
    for state, values in felt.items():
        yield Verdict(f"{state}: CPU", _GOAL_CPU, values["cpu_us"])
        yield Verdict(f"{state}: context switches", _GOAL_SWITCHES, values["context_switches"])


def _cost_table(times_us: Values) -> Table:
    rows = []
    for state, parts in times_us.items():
        bare = spread(parts[_BARE]).median
        for part, values in parts.items():
            one = spread(values)
            figures = (f"{figure:.1f}" for figure in (one.median, one.q1, one.q3))
            rows.append((f"{state}: {part}", str(one.n), *figures, f"{one.median / bare:.2f}"))
    headers = ("part", "n", "median us", "quartile 1", "quartile 3", "/ bare read")
    return Table("Cost of one observe", headers, rows)


def _disturbance_table(felt: Mapping[str, Mapping[str, float]], verdicts: tuple[Verdict, ...], looks: int) -> Table:
    rows = [(verdict.figure, f"{verdict.value:g}", str(verdict)) for verdict in verdicts]
    return Table(f"What the worker feels of {looks} looks", ("figure", "value", GOAL_COLUMN), rows)
