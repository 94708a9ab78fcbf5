"""Times the parts of what the supervisor does in an iteration, by standing around the functions that do them.

==================== ==========================================================================================
``engine``           load, run and unload by the worker's own stamps, which stand beside the engine's calls
``worker load`` ...  CPU time of the worker in a command beside the engine's call: messages, reading the audio before
                     ``run``, collecting garbage after ``unload``
``pipe load`` ...    a command's way there and back: what is left between sending it and having its answer; mostly
                     two processes waking up, on a busy machine also waiting for a core
``observe``          every look at the worker, by all probes, with the reset of the peak
``measure``          every probe's figures from the finished trial
``write``            the record as JSON into the file, without the sync
``fsync``            the sync
==================== ==========================================================================================
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from benchmarks.cpu_clock import cpu_ns_of
from harness import experiment
from harness.store import TrialLog
from harness.worker.client import Client

ENGINE, WORKER, PIPE = "engine", "worker", "pipe"
OBSERVE, MEASURE, WRITE, FSYNC = "observe", "measure", "write", "fsync"
Call = Callable[..., Any]


class Meter:
    """Nanoseconds by part, since they were last taken; ``cpu_ns`` is the engine's CPU time."""

    def __init__(self) -> None:
        self._ns: Counter[str] = Counter()
        self._cpu_ns = 0

    def take(self) -> tuple[dict[str, int], int]:
        """Return nanoseconds by part and the engine's CPU time, and begin anew."""
        taken = dict(self._ns), self._cpu_ns
        self._ns, self._cpu_ns = Counter(), 0
        return taken

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Stand around the supervisor's functions until the block ends."""
        originals: tuple[tuple[object, str, Callable[[Call], Call]], ...] = (
            (Client, "ask", self._around_ask),
            (experiment.Experiment, "_look", lambda call: self._around(OBSERVE, call)),
            (experiment, "measured", lambda call: self._around(MEASURE, lambda *given: list(call(*given)))),
            (TrialLog, "append", lambda call: self._around(WRITE, call, without=FSYNC)),
            (os, "fsync", lambda call: self._around(FSYNC, call)),
        )
        with ExitStack() as stack:
            for owner, name, wrap in originals:
                stack.enter_context(mock.patch.object(owner, name, wrap(getattr(owner, name))))
            yield

    def _around(self, part: str, call: Call, without: str | None = None) -> Call:
        """Return the call with its time added to a part; ``without`` names a part inside that is not counted twice."""

        def timed(*given: Any) -> Any:
            inside_ns, start_ns = self._ns[without or ""], time.monotonic_ns()
            try:
                return call(*given)
            finally:
                elapsed_ns = time.monotonic_ns() - start_ns
                self._ns[part] += elapsed_ns - (self._ns[without or ""] - inside_ns)

        return timed

    def _around_ask(self, call: Call) -> Call:
        def timed(client: Client, command: Mapping[str, Any], timeout_s: float) -> Any:
            cpu_ns, start_ns = cpu_ns_of(client.pid), time.monotonic_ns()
            answer = call(client, command, timeout_s)
            elapsed_ns = time.monotonic_ns() - start_ns
            worker_ns = cpu_ns_of(client.pid) - cpu_ns - answer["cpu_ns"]
            engine_ns = answer["end_ns"] - answer["start_ns"]
            self._ns[f"{ENGINE} {command['do']}"] += engine_ns
            self._ns[f"{WORKER} {command['do']}"] += worker_ns
            self._ns[f"{PIPE} {command['do']}"] += elapsed_ns - engine_ns - worker_ns
            self._cpu_ns += answer["cpu_ns"]
            return answer

        return timed
