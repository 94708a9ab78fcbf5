"""The bare loop: one process that calls an engine by itself, an iteration whenever it is told to.

``python -m benchmarks.bare_loop TASK``, where TASK is a JSON object: ``module`` and ``class`` of the stage, its
``options``, and ``audio``, ``duration_s`` and ``text`` of the request. It prepares the stage once, then does load, run
and unload for each line that it is sent, and answers with nanoseconds. Nothing is read from a file, observed,
collected or written in between. What it shares with the worker is the stage's class and the place of its pipe.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.exchange import Request
from harness.stage import Stage
from harness.worker.__main__ import read_pcm, take_the_pipe


def iteration(stage: Stage, request: Request) -> dict[str, Any]:
    """Do load, run and unload; return wall and CPU time of each and of all three."""
    deliveries: list[str] = []
    phases: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("load", stage.load),
        ("run", lambda: stage.run(request, deliveries.append)),
        ("unload", stage.unload),
    )
    engine_ns, engine_cpu_ns, text = {}, 0, ""
    start_ns = time.monotonic_ns()
    for name, call in phases:
        cpu_ns, phase_ns = time.process_time_ns(), time.monotonic_ns()
        result = call()
        engine_ns[name] = time.monotonic_ns() - phase_ns
        engine_cpu_ns += time.process_time_ns() - cpu_ns
        text = result.text if name == "run" else text
    wall_ns = time.monotonic_ns() - start_ns
    return {"wall_ns": wall_ns, "engine_ns": engine_ns, "engine_cpu_ns": engine_cpu_ns, "text": text}


def prepared(task: Mapping[str, Any]) -> Stage:
    """Return the stage that a task names, with its options, prepared."""
    stage_class = getattr(importlib.import_module(task["module"]), task["class"])
    stage: Stage = stage_class(stage_class.Options(**task["options"]))
    stage.prepare()
    return stage


def main() -> None:
    """Prepare, then answer lines until there are none."""
    commands, answers = take_the_pipe()
    task = json.loads(sys.argv[1])
    stage = prepared(task)
    request = Request(task["audio"], task["duration_s"], read_pcm(task["audio"]), task["text"])
    for _ in commands:
        answers.write(json.dumps(iteration(stage, request)).encode() + b"\n")


if __name__ == "__main__":
    main()
