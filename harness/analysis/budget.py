"""What a run is held to: how long a leak leaves before a budget is used up, and what unloaded models still hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.ledger import PROBE
from harness.analysis.legs import Process
from harness.analysis.series import Series
from harness.analysis.verdict import Verdict
from harness.records import Run, Trial, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Runway:
    """How many iterations, and hours, a leak leaves until the process's peak reaches the budget.

    ``fewest`` and ``most`` come from the ends of the slope's interval; ``most`` is None where that end has no limit.
    Negative figures do not occur: a budget that is used up already leaves 0.
    """

    budget_mib: float
    peak_mib: float
    iterations: int
    fewest: int
    most: int | None
    hours: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """The most that a stage's unloaded model still held in one process, of all its unloads so far.

    ``held_mib`` adds up anon after unload - anon before load over the visits of the stage, after the trim where there
    is one (``after_trim``). ``passed`` is None where there is no budget, ``reason`` says why nothing could be told.
    """

    stage: str
    held_mib: float | None = None
    iteration: int | None = None
    after_trim: bool = False
    budget_mib: float | None = None
    passed: bool | None = None
    reason: str | None = None


def runway(series: Series, verdict: Verdict, budget_mib: float | None) -> Runway | None:
    """Return how long a leak leaves; None without a leak or without a budget."""
    slope, interval = verdict.slope_mib_per_iteration, verdict.interval
    if budget_mib is None or verdict.verdict != "leak" or slope is None or interval is None or series.peak_mib is None:
        return None
    room_mib = max(0.0, budget_mib - series.peak_mib)
    iterations = int(room_mib / slope)
    seconds = series.iteration_s
    return Runway(
        budget_mib=budget_mib,
        peak_mib=series.peak_mib,
        iterations=iterations,
        fewest=int(room_mib / interval[1]),
        most=int(room_mib / interval[0]) if interval[0] > 0 else None,
        hours=None if seconds is None else iterations * seconds / 3600,
    )


def residuals(run: Run, trials: Sequence[Trial]) -> Mapping[str, Residual]:
    """Return what each stage's unloaded model still held, against the run's budget, by stage."""
    return {stage: _residual(stage, run, trials) for stage in run.protocol.order}


def _residual(stage: str, run: Run, trials: Sequence[Trial]) -> Residual:
    budget_mib = run.budgets.residual_mib
    if run.protocol.residency != "one_at_a_time":
        reason = f"residency={run.protocol.residency}: only one_at_a_time promises that a model has left"
        return Residual(stage=stage, budget_mib=budget_mib, reason=reason)
    held: dict[Process, float] = {}
    most: tuple[float, int] | None = None
    trimmed = True
    for iteration, process, net_mib, after_trim in _unloads(stage, run, trials):
        held[process] = held.get(process, 0.0) + net_mib
        trimmed = trimmed and after_trim
        if most is None or held[process] > most[0]:
            most = (held[process], iteration)
    if most is None:
        return Residual(stage=stage, budget_mib=budget_mib, reason="no unload was seen by the probe rss")
    return Residual(
        stage=stage,
        held_mib=most[0],
        iteration=most[1],
        after_trim=trimmed,
        budget_mib=budget_mib,
        passed=None if budget_mib is None else most[0] <= budget_mib,
    )


def _unloads(stage: str, run: Run, trials: Sequence[Trial]) -> Iterator[tuple[int, Process, float, bool]]:
    """Yield (iteration, process, MiB taken and not given back, whether after a trim) for each load that was undone."""
    of_legs: dict[int, dict[int, float]] = {}
    for trial in trials:
        visit = trial.visit(stage) if trial.outcome.ok else None
        before = of_legs.setdefault(trial.leg, {})
        found = _undone(visit, before, trims=run.protocol.trim == "each") if visit else None
        if found:
            worker, net_mib, after_trim = found
            yield trial.iteration, (trial.leg, worker), net_mib, after_trim


def _undone(visit: Visit, before: dict[int, float], *, trims: bool) -> tuple[int, float, bool] | None:
    """Look for an unload; ``before`` keeps what stood before the load by worker, for a model that stays for a while."""
    after: tuple[int, float, bool] | None = None
    for observation in visit.observations:
        anon, worker, point = observation.values.get("anon_kib"), observation.worker, observation.point
        if observation.probe != PROBE or anon is None:
            continue
        if point == "before_load":
            before[worker] = anon
        elif worker in before and (point == "unloaded" or (point == "trimmed" and trims and after is not None)):
            after = worker, (anon - before[worker]) / 1024, point == "trimmed"
    if after is not None:
        del before[after[0]]
    return after
