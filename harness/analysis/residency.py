"""What the whole chain needs: one model at a time against all of them resident, in MiB and in seconds.

For each stage, with RSS of its process:

    base  = before the process holds any model
    holds = after its run - before its load
    need  = exact peak over its load and run - before its load

    one at a time = max over stages of (base + need)
    all resident  = sum over processes of base + sum over stages of holds + max over stages of (need - holds)

Where other models are loaded already, what a stage needs is counted from its own two phases: what the load added, and
what the run needed above its start. The side that the run itself took is measured: the exact peak of a trial, with all
processes that lived at that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from harness.analysis.ledger import PROBE, Reading, StageLedger, cold, mib, steady
from harness.analysis.legs import Process as ProcessName
from harness.protocol import Residency
from harness.records import Observation, Run, Trial, Visit

_KEPT_MIB = 1.0
"""What an unload may leave behind before the next load counts as one into memory that the allocator has kept."""


@dataclass(frozen=True, slots=True)
class StageNeed:
    """What one stage needs, in MiB, and what loading and unloading it takes; the formulas are the module's.

    ``clean`` is False where it was only ever loaded into memory that the allocator had kept from an earlier model: what
    it holds and needs is then at least this.
    """

    base_mib: float
    holds_mib: float
    need_mib: float
    reload_s: float
    clean: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """One at a time against all resident. ``residency`` is the run's own: its side was measured, the other inferred.

    ``saved_mib`` is what one at a time saves, None also where only a bound is known; ``paid_s`` what it pays an
    iteration in loading and unloading. All four are None where ``null_reason`` says why.
    """

    residency: Residency
    stages: Mapping[str, StageNeed]
    one_at_a_time_mib: float | None = None
    all_resident_mib: float | None = None
    saved_mib: float | None = None
    paid_s: float | None = None
    null_reason: str | None = None

    @property
    def at_least(self) -> tuple[str, ...]:
        """Stages of which only a lower bound is known; what is inferred from them is one, too."""
        return tuple(key for key, need in self.stages.items() if not need.clean)


@dataclass(frozen=True, slots=True)
class _Use:
    """One stage in one trial that loaded it."""

    base_mib: float
    holds_mib: float
    need_mib: float
    clean: bool


def chain(run: Run, trials: Sequence[Trial], ledgers: Mapping[str, StageLedger]) -> Chain | None:
    """Return what the chain needs; None for a chain of one stage, which has no choice."""
    if len(run.stages) < 2:
        return None
    uses = _uses(trials)
    needs = {stage.key: _need(stage.key, trials, uses, ledgers[stage.key]) for stage in run.stages}
    stages = {key: need for key, need in needs.items() if need is not None}
    lacking = [stage.key for stage in run.stages if stage.key not in stages]
    peak_mib = _peak_mib(run, trials)
    if not any(trial.outcome.ok for trial in trials):
        return Chain(run.protocol.residency, stages, null_reason="no trial was completed")
    if lacking or peak_mib is None:
        why = f"exact peak of load and run of {', '.join(lacking)}" if lacking else "exact peak of a trial"
        return Chain(run.protocol.residency, stages, null_reason=f"no {why} was read")
    one, everything = _one_at_a_time_mib(stages), _all_resident_mib(run, stages)
    if run.protocol.residency == "all_resident":
        everything = peak_mib
    else:
        one = peak_mib
    whole = all(need.clean for need in stages.values())
    paid_s = _loads(run) * sum(need.reload_s for need in stages.values())
    return Chain(run.protocol.residency, stages, one, everything, everything - one if whole else None, paid_s)


def _one_at_a_time_mib(stages: Mapping[str, StageNeed]) -> float:
    return max(need.base_mib + need.need_mib for need in stages.values())


def _all_resident_mib(run: Run, stages: Mapping[str, StageNeed]) -> float:
    """Add everything up; stages that share a process share its base."""
    alone = {stage.key for stage in run.stages if stage.one_per_process or run.protocol.isolation == "stage"}
    together = [need for key, need in stages.items() if key not in alone]
    # what a process kept from another model is no base of one that never held it
    shared = [need.base_mib for need in together if need.clean] or [need.base_mib for need in together]
    bases = [*(stages[key].base_mib for key in alone), *([max(shared)] if shared else [])]
    working = max(need.need_mib - need.holds_mib for need in stages.values())
    return sum(bases) + sum(need.holds_mib for need in stages.values()) + working


def _loads(run: Run) -> float:
    """Return how often a stage is loaded in an iteration that holds one model at a time."""
    return 1.0 if run.protocol.residency == "phase_batched" else run.trials / run.protocol.iterations


def _need(
    stage: str, trials: Sequence[Trial], uses: Mapping[tuple[int, str], _Use], rows: StageLedger
) -> StageNeed | None:
    """Take medians over the steady trials; the cold one where only that one did not load into kept memory."""
    groups = [
        [uses[trial.index, stage] for trial in group if (trial.index, stage) in uses]
        for group in (steady(trials), cold(trials))
    ]
    clean = [[use for use in group if use.clean] for group in groups]
    found = next((group for group in (*clean, *groups) if group), None)
    if found is None:
        return None
    load, unload = rows.row("load", "first load"), rows.row("unload")
    return StageNeed(
        base_mib=median(use.base_mib for use in found),
        holds_mib=median(use.holds_mib for use in found),
        need_mib=median(use.need_mib for use in found),
        reload_s=sum(row.wall_ms for row in (load, unload) if row) / 1e3,
        clean=found[0].clean,
    )


class _Process:
    """What is known of one measured process while its readings go by."""

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        self.empty: Reading = {}
        self.kept = False

    def saw(self, stage: str, point: str, values: Reading) -> None:
        """Follow loads, unloads and trims: after an unload memory may be kept until the heap is trimmed."""
        if point == "before_load":
            if not self.loaded:
                self.empty = values
            self.loaded.add(stage)
        elif point == "unloaded":
            self.loaded.discard(stage)
            self.kept |= not self.loaded and _grown_mib(self.empty, values) > _KEPT_MIB
        elif point == "trimmed":
            self.kept = False


def _grown_mib(before: Reading, after: Reading) -> float:
    """Return how much anon grew, RSS where there is no anon; without either nothing is known to be kept."""
    for counter in ("anon_kib", "rss_kib"):
        low, high = mib(before, counter), mib(after, counter)
        if low is not None and high is not None:
            return high - low
    return 0.0


def _uses(trials: Sequence[Trial]) -> dict[tuple[int, str], _Use]:
    """Return each stage's use of memory in each trial that loaded it and ran it."""
    processes: dict[ProcessName, _Process] = {}
    loads: dict[tuple[int, str], tuple[Reading, bool]] = {}
    for trial, stage, one in _in_time(trials):
        process = processes.setdefault((trial.leg, one.worker), _Process())
        kept = process.kept
        process.saw(stage, one.point, one.values)
        if one.point == "before_load":
            loads[trial.index, stage] = (process.empty, not kept)
    found = {}
    for trial in trials:
        for visit in trial.visits:
            empty, clean = loads.get((trial.index, visit.stage), ({}, True))
            use = _use(visit, mib(empty, "rss_kib"), clean)
            if use is not None:
                found[trial.index, visit.stage] = use
    return found


def _use(visit: Visit, base_mib: float | None, clean: bool) -> _Use | None:
    """Add up what the load added and what the run needed above its start."""
    added = _difference_mib(visit, "loaded", "rss_kib", "before_load")
    load_peak = _difference_mib(visit, "loaded", "peak_kib", "before_load")
    grown = _difference_mib(visit, "ran", "rss_kib", "before_run")
    run_peak = _difference_mib(visit, "ran", "peak_kib", "before_run")
    if base_mib is None or added is None or load_peak is None or grown is None or run_peak is None:
        return None
    return _Use(base_mib, added + grown, max(load_peak, added + run_peak), clean)


def _difference_mib(visit: Visit, point: str, counter: str, base_point: str) -> float | None:
    """Return a counter at a point less RSS at an earlier one."""
    value, base = mib(visit.observed(point, PROBE), counter), mib(visit.observed(base_point, PROBE), "rss_kib")
    return None if value is None or base is None else value - base


def _peak_mib(run: Run, trials: Sequence[Trial]) -> float | None:
    """Return the median over steady trials of a trial's exact peak, of the cold one where there is no other.

    Where every model is resident, the other processes count as they last were.
    """
    together = run.protocol.residency == "all_resident"
    peaks: dict[int, float] = {}
    rss_of: dict[int, float] = {}
    home: dict[str, int] = {}
    leg = 0
    for trial, stage, one in _in_time(trials):
        if trial.leg != leg:  # no process of an earlier leg lives on
            leg = trial.leg
            rss_of.clear()
            home.clear()
        if home.get(stage, one.worker) != one.worker:
            rss_of.pop(home[stage], None)
        home[stage] = one.worker
        rss, peak = mib(one.values, "rss_kib"), mib(one.values, "peak_kib")
        if peak is not None and one.point in ("loaded", "ran"):
            others = sum(mib for worker, mib in rss_of.items() if worker != one.worker) if together else 0.0
            peaks[trial.index] = max(peaks.get(trial.index, 0.0), peak + others)
        if rss is not None:
            rss_of[one.worker] = rss
    found = [peaks[trial.index] for trial in steady(trials) or cold(trials) if trial.index in peaks]
    return median(found) if found else None


def _in_time(trials: Sequence[Trial]) -> list[tuple[Trial, str, Observation]]:
    """Return what the probe read, with its trial and stage, leg by leg in the order of time."""
    found = [
        (trial, visit.stage, one)
        for trial in trials
        for visit in trial.visits
        for one in visit.observations
        if one.probe == PROBE
    ]
    return sorted(found, key=lambda entry: (entry[0].leg, entry[2].at_ns))
