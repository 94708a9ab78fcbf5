"""What the harness adds to a corpus: many short utterances, the engine loaded once, the default probes watching.

The bare loop (:mod:`benchmarks.corpus_loop`) has the same engine, loaded once in a process of its own, and is handed
the same canonical files in the same order. The two take turns by utterances, A B B A, so that whatever else the machine
does hits both alike. An utterance of the harness lasts from the return of the last listener of ``trial_finished`` to
the moment at which that hook fires for the next: the utterance being chosen, the command there and back, the audio
being read, every look, every probe's ``measure``, the record written and synced, its lines formatted for the screen.
Left out are the first, which starts and loads, and the last, which ends the worker. What a run pays once is told apart:
the reports at its end are made here; the way to the first load is the benchmark ``startup``.

The ratio is a sum over a sum, its interval a bootstrap over utterances. The harness's own time beside the engine's
calls, which :mod:`benchmarks.meter` splits up, depends less on how two processes of one engine differ by chance.
"""

import json
import os
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Child
from benchmarks.meter import ENGINE, FSYNC, MEASURE, OBSERVE, PIPE, WORKER, WRITE, Meter
from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Unmeasurable, Verdict, interval_text
from benchmarks.setting import Setting, default_probes, observers, utterance
from harness import store
from harness.analysis.statistics import Interval, ratio_interval
from harness.clock import SystemClock
from harness.config import Settings, StageSettings
from harness.console.screen import Screen
from harness.corpus.corpus import decoded
from harness.experiment import Experiment
from harness.hookspecs import hookimpl
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import discover
from harness.protocol import Protocol
from harness.records import Trial, Utterance
from harness.report.publish import publish

NAME = "corpus"
_GOAL = Goal(1.0, "%")
_KEY = "asr"
_SHORTEST_S, _LONGEST_S = 1.0, 4.0
_FEWEST = 4
_REST = "rest: schedule, messages, records, screen"
_PARTS = (f"{WORKER} run", f"{PIPE} run", OBSERVE, MEASURE, WRITE, FSYNC, _REST)


@dataclass(frozen=True, slots=True)
class Pair:
    """One utterance by the harness and by the bare loop, beside each other in time."""

    audio_s: float
    harness_ns: int
    bare_ns: int
    engine_ns: int
    bare_engine_ns: int
    supervisor_cpu_ns: int
    parts_ns: dict[str, int]

    @property
    def own_ns(self) -> int:
        """What the harness took beside the engine's call."""
        return self.harness_ns - self.engine_ns


@dataclass
class Turns:
    """The listener that stamps each trial, and lets the bare loop have its turns: two after every other trial."""

    meter: Meter
    bare: Child
    utterances: Sequence[Utterance]
    pairs: list[Pair] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._start_ns = self._start_cpu_ns = 0
        self._waiting: list[dict[str, Any]] = []

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Keep the trial's times; after trials 0, 2, 4 ... let the bare loop do two utterances."""
        wall_ns = time.monotonic_ns() - self._start_ns
        cpu_ns = time.process_time_ns() - self._start_cpu_ns
        parts_ns, _ = self.meter.take()
        if trial.index % 2 == 0:
            self._waiting = [self._asked(one) for one in self.utterances[trial.index : trial.index + 2]]
        bare = self._waiting.pop(0)
        if bare["text"] != trial.visits[0].text:
            self.unlike.append(trial.utterance.id)
        engine_ns = sum(ns for part, ns in parts_ns.items() if part.startswith(f"{ENGINE} "))
        parts_ns = {part: ns for part, ns in parts_ns.items() if not part.startswith(f"{ENGINE} ")}
        parts_ns[_REST] = wall_ns - engine_ns - sum(parts_ns.values())
        self.pairs.append(
            Pair(
                audio_s=trial.utterance.duration_s,
                harness_ns=wall_ns,
                bare_ns=bare["wall_ns"],
                engine_ns=engine_ns,
                bare_engine_ns=bare["engine_ns"],
                supervisor_cpu_ns=cpu_ns,
                parts_ns=parts_ns,
            )
        )
        self._start_cpu_ns = time.process_time_ns()
        self._start_ns = time.monotonic_ns()

    def _asked(self, one: Utterance) -> dict[str, Any]:
        asked = {"audio": one.canonical, "duration_s": one.duration_s, "text": ""}
        answer: dict[str, Any] = json.loads(self.bare.ask(json.dumps(asked).encode()))
        return answer


def run(setting: Setting) -> Result:
    """Run the corpus once; a small one has three utterances of a second, and no reports are made of it."""
    if setting.utterances < _FEWEST:
        raise Unmeasurable(
            f"a corpus of {setting.utterances} utterances; {_FEWEST} have a first, a last and two others"
        )
    with setting.folder() as scratch:
        made = corpus(scratch, 3, _SHORTEST_S) if setting.small else corpus(scratch, setting.utterances, _LONGEST_S)
        plan = _plan(setting.engine, made)
        turns = _run(plan, made, scratch / "run")
        reports_s = None if setting.small else _reports_s(plan, scratch / "run")
    figures = Figures(setting, turns, reports_s)
    raw = {"engine": setting.engine, "pairs": turns.pairs, "reports_s": reports_s, "unlike": turns.unlike}
    return Result(NAME, (figures.table(), figures.breakdown()), figures.verdicts(), raw)


def corpus(folder: Path, count: int, longest_s: float) -> list[Utterance]:
    """Cut utterances of 1 s to ``longest_s`` out of the sample, at places drawn with a fixed seed, as canonical files.

    They have no reference: nobody has written down what is said in the middle of a word.
    """
    generator = np.random.default_rng(0)
    with wave.open(utterance().canonical) as sample:
        rate, frames = sample.getframerate(), sample.readframes(sample.getnframes())
    found = []
    for number in range(count):
        length = round(float(generator.uniform(_SHORTEST_S, longest_s)) * rate)
        start = int(generator.integers(0, len(frames) // 2 - length))
        path = folder / f"{number:04}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(frames[2 * start : 2 * (start + length)])
        found.append(Utterance(path.stem, str(path), str(path), length / rate, None, "cut at random"))
    return found


def _run(plan: Plan, utterances: Sequence[Utterance], folder: Path) -> Turns:
    """Run the experiment with the bare loop taking turns; return the pairs without the first and the last."""
    folder.mkdir()
    meter = Meter()
    with Child(["-m", "benchmarks.corpus_loop", _task(plan)]) as bare, Path(os.devnull).open("w") as nowhere:
        turns = Turns(meter, bare, utterances)
        listeners = observers(plan)
        listeners.add(Screen(None, partial(print, file=nowhere)), "screen")
        listeners.add(turns, "turns")
        with meter.reading():
            ending = Experiment(plan, listeners, folder, SystemClock()).run()
    if ending.interrupted:
        raise KeyboardInterrupt
    if not ending.ok or ending.problems:
        raise Unmeasurable("; ".join([f"trials: {ending.outcomes}", *ending.problems]))
    turns.pairs = turns.pairs[1:-1]
    return turns


def _reports_s(plan: Plan, folder: Path) -> float:
    """Return how long it takes to read the run, summarise it and write its reports."""
    store.write_json(folder / store.RUN, plan.run)
    start_ns = time.monotonic_ns()
    publish(folder)
    return (time.monotonic_ns() - start_ns) / 1e9


def _plan(engine: str, utterances: Sequence[Utterance]) -> Plan:
    settings = Settings(
        protocol=Protocol(order=(_KEY,), iterations=1, lifecycle="reuse", timeout_s=120.0),
        stages=(StageSettings(_KEY, "asr", engine, {}),),
        probes={name: {} for name in default_probes()},
        dataset={},
    )
    return make_plan(settings, discover(), decoded(utterances), JobFacts("benchmark", "", "", ()))


def _task(plan: Plan) -> str:
    stage = plan.stages[_KEY]
    return json.dumps(
        {"module": stage.module, "class": stage.class_name, "options": dict(stage.record.options)}, default=str
    )


class Figures:
    """The figures of one corpus from its pairs."""

    def __init__(self, setting: Setting, turns: Turns, reports_s: float | None) -> None:
        self._engine, self._pairs, self._unlike, self._reports_s = setting.engine, turns.pairs, turns.unlike, reports_s
        self._bare_s = [pair.bare_ns / 1e9 for pair in turns.pairs]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the goal beside what was reached, by the paired sums and by the harness's own time."""
        return (
            Verdict(f"corpus, {self._engine}: added, share", _GOAL, *self._share("added")),
            Verdict(f"corpus, {self._engine}: the harness's own time, share", _GOAL, *self._share("own")),
        )

    def table(self) -> Table:
        """Return the comparison."""
        paired, own = self.verdicts()
        count = len(self._pairs)
        total_s = sum(self._bare_s)
        rows = [
            ("bare loop, ms an utterance", f"{1e3 * total_s / count:.2f}", "-", "-"),
            ("harness, ms an utterance", f"{self._mean_ms([pair.harness_ns for pair in self._pairs]):.2f}", "-", "-"),
            ("added, % of bare (paired)", f"{paired.value:.2f}", interval_text(paired.interval), str(paired)),
            ("of it: the harness's own time, %", f"{own.value:.2f}", interval_text(own.interval), str(own)),
            ("the harness's own time, ms", f"{self._mean_ms([pair.own_ns for pair in self._pairs]):.2f}", "-", "-"),
            ("the supervisor's CPU time, sampling included, ms", f"{self._mean_ms(self._cpu_ns()):.2f}", "-", "-"),
        ]
        if self._reports_s is not None:
            share = 100 * self._reports_s / total_s
            rows.append(("the reports, once, s", f"{self._reports_s:.2f}", "-", "-"))
            rows.append(("the reports, % of the bare corpus", f"{share:.2f}", "-", "-"))
        audio_s = sum(pair.audio_s for pair in self._pairs)
        notes = [f"{audio_s:.0f} s of audio; the bare loop's RTF is {total_s / audio_s:.3f}"]
        if self._unlike:
            notes.append(
                f"in {len(self._unlike)} utterances the two heard different things, first in {self._unlike[0]}"
            )
        title = f"What the harness adds to a corpus: {self._engine}, {count} utterance{'s' * (count > 1)}"
        return Table(title, ("figure", "mean", "95 % interval", GOAL_COLUMN), rows, notes)

    def breakdown(self) -> Table:
        """Return what the harness's own time consists of."""
        rows = []
        for part in _PARTS:
            each_ms = [pair.parts_ns.get(part, 0) / 1e6 for pair in self._pairs]
            share = 100 * sum(each_ms) / 1e3 / sum(self._bare_s)
            rows.append((part, f"{np.mean(each_ms):.3f}", f"{np.median(each_ms):.3f}", f"{share:.3f}"))
        headers = ("part", "mean ms", "median ms", "% of bare")
        return Table(f"The harness's own time in an utterance: {self._engine}", headers, rows)

    def _share(self, what: str) -> tuple[float, Interval | None]:
        """Return what is added, or the own time, in per cent of the bare loop, with its interval over utterances."""
        added = {"added": [pair.harness_ns - pair.bare_ns for pair in self._pairs]}
        above = [ns / 1e7 for ns in added.get(what, [pair.own_ns for pair in self._pairs])]
        return sum(above) / sum(self._bare_s), ratio_interval(above, self._bare_s)

    def _cpu_ns(self) -> list[int]:
        return [pair.supervisor_cpu_ns for pair in self._pairs]

    def _mean_ms(self, values_ns: Sequence[int]) -> float:
        return float(np.mean(values_ns)) / 1e6
