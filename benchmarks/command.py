"""Time of one command: from the supervisor's call to its return, of commands that do nothing.

``hello`` and ``restart`` do nothing in the worker; ``unload`` of a scripted stage that holds no memory does nothing
but the collection of garbage that follows every unload. Beside them a child that sends each line back as it came,
which is what a pipe between two interpreters costs at least. All kinds take turns. Back to back, so both processes are
warm: a command after seconds of sleep costs more, as the table of what an iteration costs shows.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.child import ANSWER_TIMEOUT_S, Child, worker
from benchmarks.results import Result, Table
from benchmarks.setting import Setting
from harness.analysis.statistics import spread
from harness.worker.client import Client

NAME = "command"
_ECHO = "a line through a bare pipe and back"
_ECHOING = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line); sys.stdout.buffer.flush()"
_SCRIPTED = {
    "stage": "asr",
    "module": "tests.engine.scripted",
    "class": "ScriptedAsr",
    "options": {"keep_mib": 0.0, "work_mib": 0.0},
}
_WARM_UP = 20


def run(setting: Setting) -> Result:
    """Time every kind of command, one of each in turn."""
    rounds = 50 if setting.small else 2000
    with setting.folder() as folder, Child(["-c", _ECHOING]) as echo, worker(folder) as client:
        client.ask({"do": "prepare", **_SCRIPTED}, ANSWER_TIMEOUT_S)
        calls: dict[str, Callable[[], Any]] = {
            _ECHO: partial(echo.ask, b'{"seq":1,"do":"hello"}'),
            "hello": partial(client.ask, {"do": "hello"}, ANSWER_TIMEOUT_S),
            "restart": partial(client.ask, {"do": "restart", "stage": "asr"}, ANSWER_TIMEOUT_S),
            "unload, garbage collected": partial(client.ask, {"do": "unload", "stage": "asr"}, ANSWER_TIMEOUT_S),
        }
        times_us = _timed(client, calls, rounds)
    return Result(NAME, (_table(times_us),), (), {"round_trip_us": times_us})


def _timed(client: Client, calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return microseconds by kind; the first rounds are left out."""
    times_us: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-_WARM_UP, rounds):
        client.ask({"do": "load", "stage": "asr"}, ANSWER_TIMEOUT_S)
        for name, call in calls.items():
            start_ns = time.monotonic_ns()
            call()
            elapsed_us = (time.monotonic_ns() - start_ns) / 1e3
            if number >= 0:
                times_us[name].append(elapsed_us)
    return times_us


def _table(times_us: Mapping[str, list[float]]) -> Table:
    bare = spread(times_us[_ECHO]).median
    rows = []
    for name, values in times_us.items():
        one = spread(values)
        figures = (f"{figure:.1f}" for figure in (one.median, one.q1, one.q3))
        rows.append((name, str(one.n), *figures, f"{one.median / bare:.2f}"))
    headers = ("command", "n", "median us", "quartile 1", "quartile 3", "/ bare pipe")
    return Table("Time of one command that does nothing", headers, rows)
