"""Pairs of iterations, one of the harness and one of the bare loop, beside each other in time.

Interleaved, A B B A A B B A: one experiment runs in this process with its worker, a listener lets the bare loop
(:mod:`benchmarks.bare_loop`, a fresh process too) have its turn between two trials. Several rounds, each with new
processes, because two processes of the same program differ by where their memory happens to lie.

An iteration of the harness lasts from the return of the last listener of ``trial_finished`` to the moment at which
that hook fires for the next trial: its commands, ``load``, ``run``, ``unload`` with every look of all shipped probes,
the audio being read, garbage being collected, every probe's ``measure``, the record written and synced, the trial's
lines formatted for the screen (and written to nowhere). Left out of it: the first trial, which starts and prepares the
worker, and the last, which ends it. An iteration of the bare loop lasts from before ``load`` to after ``unload``.
"""

import json
import os
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.child import Child
from benchmarks.meter import ENGINE, WORKER, Meter
from benchmarks.results import Unmeasurable
from benchmarks.setting import Setting, observers, plan_of
from harness.clock import SystemClock
from harness.console.screen import Screen
from harness.experiment import Experiment
from harness.hookspecs import hookimpl
from harness.plan import Plan
from harness.plugins import Listeners
from harness.records import Role, Trial

PHASES = ("load", "run", "unload")
REST = "rest: schedule, messages, records, screen"


@dataclass(frozen=True, slots=True)
class Amount:
    """How often a role is measured: ``pairs`` of iterations in each of ``rounds`` pairs of processes."""

    role: Role
    rounds: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One iteration of the harness and one of the bare loop, beside each other in time."""

    harness_ns: int
    bare_ns: int
    harness_engine_ns: int
    bare_engine_ns: int
    harness_engine_cpu_ns: int
    bare_engine_cpu_ns: int
    supervisor_cpu_ns: int
    parts_ns: dict[str, int]

    @property
    def own_cpu_ns(self) -> int:
        """CPU time of supervisor and worker beside the engine's calls."""
        return self.supervisor_cpu_ns + sum(self.parts_ns[f"{WORKER} {phase}"] for phase in PHASES)


@dataclass
class Pacer:
    """The listener that stamps each trial, and lets the bare loop have its turns: two after every other trial."""

    meter: Meter
    bare: Child
    pairs: list[Pair] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._start_ns = self._start_cpu_ns = 0
        self._waiting: list[dict[str, Any]] = []

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Keep the trial's times; after trials 0, 2, 4 ... tell the bare loop to do two iterations."""
        wall_ns = time.monotonic_ns() - self._start_ns
        supervisor_cpu_ns = time.process_time_ns() - self._start_cpu_ns
        parts_ns, engine_cpu_ns = self.meter.take()
        if trial.index % 2 == 0:
            self._waiting = [json.loads(self.bare.ask(b"go")) for _ in range(2)]
        bare = self._waiting.pop(0)
        if bare["text"] != (trial.visits[0].text or ""):
            self.notes.append(f"the bare loop heard {bare['text']!r}, the harness {trial.visits[0].text!r}")
        engine_ns = sum(parts_ns.pop(f"{ENGINE} {phase}") for phase in PHASES)
        parts_ns[REST] = wall_ns - engine_ns - sum(parts_ns.values())
        self.pairs.append(
            Pair(
                harness_ns=wall_ns,
                bare_ns=bare["wall_ns"],
                harness_engine_ns=engine_ns,
                bare_engine_ns=sum(bare["engine_ns"].values()),
                harness_engine_cpu_ns=engine_cpu_ns,
                bare_engine_cpu_ns=bare["engine_cpu_ns"],
                supervisor_cpu_ns=supervisor_cpu_ns,
                parts_ns=parts_ns,
            )
        )
        self._start_cpu_ns = time.process_time_ns()
        self._start_ns = time.monotonic_ns()


def run_round(setting: Setting, amount: Amount) -> Pacer:
    """Run one experiment and one bare loop, interleaved; return the pairs without the first and the last trial."""
    plan = plan_of(amount.role, amount.pairs + 2)
    meter = Meter()
    with setting.folder() as folder, Child(["-m", "benchmarks.bare_loop", _task(plan)]) as bare:
        pacer = Pacer(meter, bare)
        with meter.reading(), Path(os.devnull).open("w") as nowhere:
            write = partial(print, file=nowhere)
            ending = Experiment(plan, _listeners(plan, pacer, Screen(None, write)), folder, SystemClock()).run()
    if ending.interrupted:
        raise KeyboardInterrupt
    if not ending.ok or ending.problems:
        raise Unmeasurable("; ".join([f"trials: {ending.outcomes}", *ending.problems]))
    pacer.pairs = pacer.pairs[1:-1]
    return pacer


def _listeners(plan: Plan, pacer: Pacer, screen: Screen) -> Listeners:
    """Return who hears of the run, the pacer last: whatever the others do in a hook belongs to the iteration."""
    listeners = observers(plan)
    listeners.add(screen, "screen")
    listeners.add(pacer, "pacer")
    return listeners


def _task(plan: Plan) -> str:
    (key,) = plan.protocol.order
    stage, utterance = plan.stages[key], plan.corpus[0]
    return json.dumps(
        {
            "module": stage.module,
            "class": stage.class_name,
            "options": dict(stage.record.options),
            "audio": utterance.canonical,
            "duration_s": utterance.duration_s,
            "text": "" if stage.record.role == "asr" else utterance.reference,
        }
    )
