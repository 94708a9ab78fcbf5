"""The bare loop over a corpus: one process that loads an engine once, and transcribes whichever file it is told to.

``python -m benchmarks.corpus_loop TASK``, where TASK is a JSON object with ``module`` and ``class`` of the stage and
its ``options``. For each line, a JSON object with ``audio``, ``duration_s`` and ``text``, it reads the canonical file,
runs the engine over it, and answers with nanoseconds and the text. It restarts nothing between two utterances, as
``lifecycle=reuse``.
"""

import json
import sys
import time
from typing import Any

from benchmarks.bare_loop import prepared
from harness.exchange import Request
from harness.stage import Stage
from harness.worker.__main__ import read_pcm, take_the_pipe


def transcribed(stage: Stage, asked: dict[str, Any]) -> dict[str, Any]:
    """Read one file and run the engine over it; return the time of both together, and of the engine's call alone."""
    deliveries: list[str] = []
    start_ns = time.monotonic_ns()
    request = Request(asked["audio"], asked["duration_s"], read_pcm(asked["audio"]), asked["text"])
    engine_ns = time.monotonic_ns()
    result = stage.run(request, deliveries.append)
    end_ns = time.monotonic_ns()
    return {"wall_ns": end_ns - start_ns, "engine_ns": end_ns - engine_ns, "text": result.text}


def main() -> None:
    """Prepare and load, then answer lines until there are none."""
    commands, answers = take_the_pipe()
    stage = prepared(json.loads(sys.argv[1]))
    stage.load()
    for line in commands:
        answers.write(json.dumps(transcribed(stage, json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    main()
