"""The command line with a stamp after each step on its way to the first load.

``python -m benchmarks.startup_marks FILE OVERRIDES...`` does what ``python -m harness OVERRIDES...`` does, and writes
FILE: a JSON object of step to nanoseconds of the monotonic clock at its end. The first stamp is taken before anything
but the interpreter's own modules is imported.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

FIRST, IMPORTS, COMPOSE = "interpreter", "imports", "compose the configuration"
WORKER = "worker's interpreter, what is left of it"
STEPS_OF_JOB = {
    "settings_of": "check the settings",
    "discover": "discover plugins",
    "open_corpus": "find the audio",
    "make_plan": "plan",
    "_listeners": "listeners",
    "checked": "noise check, before the worker is started",
    "_describe": "facts of the machine, while the worker's interpreter starts",
}
"""Functions of :mod:`harness.job` in the order in which it calls them, and what each step is called."""
STEPS = (FIRST, IMPORTS, COMPOSE, *STEPS_OF_JOB.values(), WORKER)


def main() -> None:
    """Stamp, run the command line, write the stamps, exit with its status."""
    marks_ns = {FIRST: time.monotonic_ns()}
    import json
    from pathlib import Path

    from harness import cli, hydra_app, job
    from harness.worker.client import Client

    marks_ns[IMPORTS] = time.monotonic_ns()

    def mark(step: str, owner: Any, name: str, *, before: bool = False) -> None:
        setattr(owner, name, stamped(step, getattr(owner, name), before=before))

    def stamped(step: str, call: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            if before:
                marks_ns.setdefault(step, time.monotonic_ns())
            answer = call(*given, **named)
            if not before:
                marks_ns.setdefault(step, time.monotonic_ns())
            return answer

        return wrapped

    mark(COMPOSE, hydra_app, "run_job", before=True)
    for name, step in STEPS_OF_JOB.items():
        mark(step, job, name)
    mark(WORKER, Client, "hello")
    status = cli.status_of(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(marks_ns))
    sys.exit(status)


if __name__ == "__main__":
    main()
