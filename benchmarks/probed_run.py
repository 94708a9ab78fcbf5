"""One run of the null stage, watched by some probes or by none, in a supervisor of its own.

``python -m benchmarks.probed_run TASK``, where TASK is a JSON object: ``probes`` by name, ``protocol`` (fields of
:class:`harness.protocol.Protocol`), ``hold_mib`` and ``folder``. It prints one line: times of each iteration, and the
memory of supervisor and worker after the last but one, or a ``problem``. It imports what a run imports and nothing
besides, so that what a probe needs is not there already.
"""

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cpu_clock import cpu_ns_of
from benchmarks.setting import observers, utterance
from harness.clock import SystemClock
from harness.config import Settings, StageSettings
from harness.corpus.corpus import decoded
from harness.experiment import Experiment
from harness.hookspecs import hookimpl
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import discover
from harness.process import Process
from harness.protocol import Protocol
from harness.records import Trial


@dataclass
class Recorder:
    """The listener that stamps each trial. It is the last, so that what probes do belongs to the iteration.

    ``own`` is what an iteration has beside the stage's calls: all of it, for the null stage does nothing.
    """

    last: int
    iterations: list[dict[str, int]] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = self._read(os.getpid())

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Keep the iteration's times; the first starts the worker and the last ends it, so neither is kept."""
        if trial.index == self.last:
            return  # its worker has left
        phases = [phase for visit in trial.visits for phase in visit.phases]
        pid = phases[-1].pid
        now = self._read(pid)
        wall_ns, supervisor_ns, worker_ns = (after - before for after, before in zip(now, self._before, strict=True))
        if trial.index > 0:
            self.iterations.append(
                {
                    "wall_ns": wall_ns,
                    "own_ns": wall_ns - sum(phase.end_ns - phase.start_ns for phase in phases),
                    "supervisor_cpu_ns": supervisor_ns,
                    "worker_cpu_ns": worker_ns - sum(phase.cpu_ns for phase in phases),
                }
            )
        if trial.index == self.last - 1:
            self.memory = {**_memory("supervisor", os.getpid()), **_memory("worker", pid)}
        self._before = self._read(pid)

    def _read(self, pid: int) -> tuple[int, int, int]:
        return time.monotonic_ns(), time.process_time_ns(), cpu_ns_of(pid)


def _memory(whose: str, pid: int) -> dict[str, float]:
    process = Process(pid)
    try:
        counters = process.counters()
    finally:
        process.close()
    return {
        f"{whose}_rss_mib": (counters.rss_kib or 0.0) / 1024,
        f"{whose}_anon_mib": (counters.anon_kib or 0.0) / 1024,
    }


def _plan(task: dict[str, Any]) -> Plan:
    stages = (
        StageSettings("asr", "asr", "null", {"hold_mib": task["hold_mib"]}),
        StageSettings("aligner", "aligner", "null", {}),
    )
    protocol = Protocol(order=("asr", "aligner"), timeout_s=120.0, trim="never", **task["protocol"])
    settings = Settings(protocol, stages, {name: {} for name in task["probes"]}, {})
    return make_plan(settings, discover(), decoded([utterance()]), JobFacts("benchmark", "", "", ()))


def main() -> None:
    """Run, and print."""
    task = json.loads(sys.argv[1])
    plan = _plan(task)
    listeners = observers(plan)
    recorder = Recorder(plan.protocol.iterations - 1)
    listeners.add(recorder, "recorder")
    ending = Experiment(plan, listeners, Path(task["folder"]), SystemClock()).run()
    answer: dict[str, Any] = {"iterations": recorder.iterations, "memory": recorder.memory}
    if not ending.ok or ending.problems:
        answer = {"problem": "; ".join([f"trials: {ending.outcomes}", *ending.problems])}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
