"""What following the memory of a process costs: the sampler, its file, and the process that is followed.

The sampler watches a worker that waits for a command and one in which the shipped aligner loads, runs and unloads over
and over, at several rates. Its cost is the CPU time of its thread, switches to it and from it included, by the
kernel's scheduler; a tick is late by the time from its deadline to its first line. What the process feels is
the time of the same engine call with the sampler off and on, the rates in turn, the order reversed every other round:
medians of the ratios of a round, with their interval. The file's growth leaves its header and end out.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

from benchmarks.child import ANSWER_TIMEOUT_S, worker
from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Unmeasurable, Verdict, interval_text
from benchmarks.setting import Setting, plan_of
from harness import store
from harness.analysis.statistics import spread
from harness.clock import SystemClock
from harness.plan import Plan
from harness.records import Role
from harness.sampling.curve import Cost, CurveWriter
from harness.sampling.sampler import Sampler
from harness.sampling.ticker import ticker
from harness.worker.client import Client

NAME = "sampler"
_GOAL = Goal(1.0, "% of one core")
_GOAL_HZ = 100
_RATES_HZ = (10, 100, 1000)
_ROLE: Role = "aligner"
_REST, _WORK = "resting", "working"
_HOUR_S = 3600.0
_FRAME_HEAD_BYTES = 9
"""Kind, length and checksum: :mod:`harness.sampling.curve`."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A worker that was sampled for some seconds: the cost, how fast the file grows, how late each tick was."""

    worker: str
    hz: int
    cost: Cost
    kib_per_hour: float
    late_us: list[float]

    @property
    def core_percent(self) -> float:
        """The sampler's share of one core."""
        return 100 * self.cost.core_share


class _Noting:
    """The sampler's own ticker, which notes how late whoever waits for it comes back."""

    def __init__(self, period_ns: int) -> None:
        self.late_us: list[float] = []
        self._period_ns = period_ns
        self._due_ns = time.monotonic_ns()
        self._ticker = ticker(period_ns)
        self.stop, self.close = self._ticker.stop, self._ticker.close

    def wait(self) -> int:
        """Wait, and note the time since the deadline of the last tick that has passed."""
        passed = self._ticker.wait()
        if passed:
            self._due_ns += passed * self._period_ns
            self.late_us.append((time.monotonic_ns() - self._due_ns) / 1e3)
        return passed


def run(setting: Setting) -> Result:
    """Sample a worker that rests and works, then time what works with and without."""
    seconds, rounds = (0.5, 2) if setting.small else (6.0, 20)
    plan = plan_of(_ROLE, 1)
    with setting.folder() as folder, worker(folder) as client:
        iteration = _prepared(client, plan)
        sampled = [
            _sampled(folder, client, hz, name, work, seconds)
            for name, work in ((_REST, lambda: time.sleep(0.05)), (_WORK, iteration))
            for hz in _RATES_HZ
        ]
        latency_ms = _paired(folder, client, iteration, rounds)
    verdicts = tuple(
        Verdict(f"sampler at {one.hz} Hz, {one.worker} worker", _GOAL, one.core_percent)
        for one in sampled
        if one.hz == _GOAL_HZ
    )
    tables = (_cost_table(sampled, verdicts), _latency_table(latency_ms))
    return Result(NAME, tables, verdicts, {"sampled": [asdict(one) for one in sampled], "latency_ms": latency_ms})


def _prepared(client: Client, plan: Plan) -> Callable[[], int]:
    """Prepare the engine; return what does one iteration and says how many nanoseconds its calls took."""
    stage, utterance = plan.stages[_ROLE], plan.corpus[0]
    more = {"module": stage.module, "class": stage.class_name, "options": stage.record.options}
    client.ask({"do": "prepare", "stage": _ROLE, **more}, ANSWER_TIMEOUT_S)
    text = utterance.reference or ""
    request = {"audio": utterance.canonical, "duration_s": utterance.duration_s, "text": text}

    def iteration() -> int:
        spent_ns = 0
        for do, said in (("load", {}), ("run", {"request": request}), ("unload", {})):
            answer = client.ask({"do": do, "stage": _ROLE, **said}, ANSWER_TIMEOUT_S)
            spent_ns += answer["end_ns"] - answer["start_ns"]
        return spent_ns

    return iteration


@contextmanager
def _sampling(folder: Path, client: Client, hz: float) -> Iterator[Sampler]:
    """Sample a worker. Raises :class:`Unmeasurable` where that fails."""
    with Sampler(folder, hz, SystemClock()) as sampler:
        sampler.watch(client.pid, client.number)
        yield sampler
    if sampler.problems:
        raise Unmeasurable("; ".join(sampler.problems))


def _sampled(folder: Path, client: Client, hz: int, name: str, work: Callable[[], object], seconds: float) -> Sampled:
    tickers: list[_Noting] = []

    def noting(period_ns: int) -> _Noting:
        tickers.append(_Noting(period_ns))
        return tickers[-1]

    start_ns = time.monotonic_ns()
    with mock.patch("harness.sampling.sampler.ticker", noting), _sampling(folder, client, hz) as sampler:
        while time.monotonic_ns() - start_ns < seconds * 1e9:
            work()
    cost = sampler.stop()
    if cost is None:
        raise Unmeasurable("the sampler left no cost")
    kib_per_hour = _bytes_of_samples(folder, cost) / cost.wall_s * _HOUR_S / 1024
    return Sampled(name, hz, cost, _kib_per_hour_of_rest(folder) if name == _REST else kib_per_hour, tickers[0].late_us)


def _bytes_of_samples(folder: Path, cost: Cost) -> int:
    """Return the size of a curve without what it has once however long it is: the header and the end."""
    content = (folder / store.CURVE).read_bytes()
    return len(content.partition(b"\n")[2]) - len(json.dumps(asdict(cost))) - _FRAME_HEAD_BYTES


def _kib_per_hour_of_rest(folder: Path) -> float:
    """Write an hour of equal samples, for a few seconds are no more than their first and their last."""
    writer = CurveWriter(folder, _GOAL_HZ)
    for tick in range(int(_HOUR_S) * _GOAL_HZ):
        writer.add(tick * 10_000_000, 0, 100_000, 10_000, 0)
    cost = Cost(0, 0, 0.0, _HOUR_S)
    writer.finish(cost)
    writer.close()
    return _bytes_of_samples(folder, cost) / 1024


def _paired(folder: Path, client: Client, iteration: Callable[[], int], rounds: int) -> dict[str, list[float]]:
    """Return the time of an iteration's engine calls by rate; all rates in each round."""
    latency_ms: dict[str, list[float]] = {f"{hz} Hz": [] for hz in (0, 100, 1000)}
    iteration()
    for number in range(rounds):
        order = list(latency_ms) if number % 2 else list(reversed(latency_ms))
        for name in order:
            with _sampling(folder, client, float(name.removesuffix(" Hz"))):
                latency_ms[name].append(iteration() / 1e6)
    return latency_ms


def _cost_table(sampled: list[Sampled], verdicts: tuple[Verdict, ...]) -> Table:
    goals = {verdict.figure: str(verdict) for verdict in verdicts}
    rows = []
    for one in sampled:
        late = spread(one.late_us)
        rows.append(
            (
                f"{one.worker} worker, {one.hz} Hz",
                f"{one.core_percent:.2f}",
                f"{1e6 * one.cost.cpu_s / max(one.cost.samples, 1):.0f}",
                f"{one.cost.missed} of {one.cost.samples + one.cost.missed}",
                f"{late.median:.0f}",
                f"{late.max:.0f}",
                f"{one.kib_per_hour:.0f}",
                goals.get(f"sampler at {one.hz} Hz, {one.worker} worker", "-"),
            )
        )
    headers = ("sampled", "% of a core", "us a tick", "missed", "late us", "at most", "file KiB/h", GOAL_COLUMN)
    return Table("Cost of sampling memory", headers, rows)


def _latency_table(latency_ms: Mapping[str, list[float]]) -> Table:
    off = latency_ms["0 Hz"]
    rows = []
    for name, values in latency_ms.items():
        ratio = spread([value / bare for value, bare in zip(values, off, strict=True)])
        rows.append(
            (
                name,
                str(ratio.n),
                f"{spread(values).median:.1f}",
                f"{ratio.median:.3f}",
                interval_text(ratio.interval, 3),
            )
        )
    headers = ("sampled at", "n", "median ms", "/ not sampled", "95 % interval")
    return Table("What the sampled process feels: load, run, unload", headers, rows)
