"""What the harness adds to an iteration, against a bare loop that calls the same engine in one process.

:mod:`benchmarks.pairs` says what is inside an iteration and how the two take turns. The added time is what the engine's
calls take longer in the worker than in the bare loop, which is by chance positive or negative (some per cent from one
pair of processes to the next), and the harness's own time beside the engine's calls, which
:mod:`benchmarks.meter` splits up. Where chance hides the sum, the second part is the one to look at.

Figures are medians over all pairs; intervals come from a bootstrap that draws rounds, and pairs within them, because
the pairs of one round share their processes (Davison and Hinkley, 1997, section 3.8).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.meter import FSYNC, MEASURE, OBSERVE, PIPE, WORKER, WRITE
from benchmarks.pairs import PHASES, REST, Amount, Pair, run_round
from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Verdict, interval_text
from benchmarks.setting import Setting
from harness.analysis.statistics import LEVEL, MIN_FOR_INTERVAL, RESAMPLES, Interval
from harness.records import Role

NAME = "overhead"
_GOAL_MS, _GOAL_PERCENT = Goal(5.0, "ms"), Goal(1.0, "%")
_PARTS = (*(f"{part} {phase}" for part in (WORKER, PIPE) for phase in PHASES), OBSERVE, MEASURE, WRITE, FSYNC, REST)
_OWN = "the harness's own time"
_SMALL = (Amount("aligner", 1, 2),)
_FULL = (Amount("aligner", 8, 10), Amount("asr", 6, 2))


def run(setting: Setting) -> Result:
    """Measure each role; the ASR, which takes seconds, only where the setting is not small."""
    tables: list[Table] = []
    verdicts: list[Verdict] = []
    raw: dict[str, Any] = {}
    for amount in _SMALL if setting.small else _FULL:
        done = [run_round(setting, amount) for _ in range(amount.rounds)]
        rounds = [pacer.pairs for pacer in done]
        notes = sorted({note for pacer in done for note in pacer.notes})
        raw[amount.role] = {"rounds": rounds}
        figures = _Figures(amount.role, rounds)
        verdicts += figures.verdicts()
        tables += [figures.table(notes), figures.breakdown()]
    return Result(NAME, tuple(tables), tuple(verdicts), raw)


class _Figure:
    """A figure of every pair, by rounds: the median over all of them, quartiles, and the interval of the median."""

    def __init__(self, rounds: Sequence[Sequence[float]]) -> None:
        every = np.concatenate([np.asarray(values, np.float64) for values in rounds])
        self.q1, self.median, self.q3 = np.percentile(every, [25, 50, 75]).tolist()
        self.medians = [float(np.median(values)) for values in rounds]
        self.interval = _interval(rounds) if len(every) >= MIN_FOR_INTERVAL else None


def _interval(rounds: Sequence[Sequence[float]]) -> Interval:
    """Return the percentile interval of the median, drawing rounds and then pairs within each."""
    generator = np.random.default_rng(0)
    medians = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        drawn = (rounds[index] for index in generator.integers(0, len(rounds), len(rounds)))
        medians[number] = np.median(np.concatenate([generator.choice(values, len(values)) for values in drawn]))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(medians, [tail, 1 - tail]).tolist()
    return low, high


class _Figures:
    """The figures of one role from its rounds of pairs."""

    def __init__(self, role: Role, rounds: Sequence[Sequence[Pair]]) -> None:
        self._role = role
        self._rounds = rounds
        self._bare_ms = self._ms(lambda pair: pair.bare_ns)
        self._added_ms = self._ms(lambda pair: pair.harness_ns - pair.bare_ns)
        self._added_percent = self._of(lambda pair: 100 * (pair.harness_ns / pair.bare_ns - 1))
        self._own_ms = self._ms(lambda pair: pair.harness_ns - pair.harness_engine_ns)
        self._own_percent = self._of(lambda pair: 100 * (pair.harness_ns - pair.harness_engine_ns) / pair.bare_ns)

    def verdicts(self) -> list[Verdict]:
        """Return both goals beside what was reached, by the paired differences and by the harness's own time."""
        return [
            Verdict(f"{self._role}: {name}", goal, figure.median, figure.interval)
            for name, goal, figure in (
                ("added", _GOAL_MS, self._added_ms),
                ("added, share", _GOAL_PERCENT, self._added_percent),
                (_OWN, _GOAL_MS, self._own_ms),
                (f"{_OWN}, share", _GOAL_PERCENT, self._own_percent),
            )
        ]

    def table(self, notes: Sequence[str]) -> Table:
        """Return the comparison."""
        goals = [str(verdict) for verdict in self.verdicts()]
        slower_ms = self._ms(lambda pair: pair.harness_engine_ns - pair.bare_engine_ns)
        slower_cpu_ms = self._ms(lambda pair: pair.harness_engine_cpu_ns - pair.bare_engine_cpu_ns)
        rows = [
            _row("bare loop, ms an iteration", self._bare_ms),
            _row("harness, ms an iteration", self._ms(lambda pair: pair.harness_ns)),
            _row("added, ms (paired)", self._added_ms, goals[0]),
            _row("added, % of bare (paired)", self._added_percent, goals[1]),
            _row("of it: engine's calls slower, ms", slower_ms),
            _row("of it: the same in CPU time, ms", slower_cpu_ms),
            _row(f"of it: {_OWN}, ms", self._own_ms, goals[2]),
            _row(f"of it: {_OWN}, % of bare", self._own_percent, goals[3]),
            _row(f"of it: {_OWN} as CPU time, ms", self._ms(lambda pair: pair.own_cpu_ns)),
        ]
        headers = ("figure", "median", "95 % interval", "quartile 1", "quartile 3", GOAL_COLUMN)
        pairs = sum(map(len, self._rounds))
        title = f"What the harness adds to an iteration: {self._role}, {pairs} pairs"
        medians = ", ".join(f"{median:.2f}" for median in self._added_ms.medians)
        return Table(title, headers, rows, [f"added, by round of fresh processes: {medians} ms", *notes])

    def breakdown(self) -> Table:
        """Return what the harness's own time consists of."""
        parts = [(part, self._part_ms(part)) for part in _PARTS]
        rows = [
            (part, *(f"{value:.3f}" for value in (one.median, one.q1, one.q3, 100 * one.median / self._bare_ms.median)))
            for part, one in [*parts, (_OWN, self._own_ms)]
        ]
        headers = ("part", "median ms", "quartile 1", "quartile 3", "% of bare")
        return Table(f"The harness's own time in an iteration: {self._role}", headers, rows)

    def _part_ms(self, part: str) -> _Figure:
        return self._ms(lambda pair: pair.parts_ns.get(part, 0))

    def _of(self, value: Callable[[Pair], float]) -> _Figure:
        return _Figure([[value(pair) for pair in pairs] for pairs in self._rounds])

    def _ms(self, value_ns: Callable[[Pair], int]) -> _Figure:
        return self._of(lambda pair: value_ns(pair) / 1e6)


def _row(figure: str, one: _Figure, goal: str = "-") -> tuple[str, ...]:
    quartiles = f"{one.q1:.2f}", f"{one.q3:.2f}"
    return (figure, f"{one.median:.2f}", interval_text(one.interval), *quartiles, goal)
