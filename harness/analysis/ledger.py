"""The phase ledger: what each phase of each stage took in time, and what it left in memory.

Memory is what the probe ``rss`` read when the phase was over. A row is of the steady trials; ``first load`` and ``first
run`` are of the cold one, of a resumed run of those of its legs, and so is a row whose phase happened in no other (an
import, as a rule).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from harness.analysis.legs import by_leg
from harness.records import Observation, Phase, Run, Trial

PROBE = "rss"
"""The probe whose readings the ledger is made of."""

Reading = Mapping[str, float | None]
Before = Mapping[tuple[int, int, int], Reading]

_LEVELS = ("rss_kib", "anon_kib", "file_kib", "shmem_kib")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a row is made of: a phase, the point that is read when it is over, and the trials that count."""

    name: str
    phase: str
    point: str | None
    trials: Literal["cold", "steady", "any"] = "any"


_KINDS = (
    _Kind("start", "start", "idle"),
    _Kind("import", "prepare", "prepared"),
    _Kind("first load", "load", "loaded", "cold"),
    _Kind("load", "load", "loaded", "steady"),
    _Kind("first run", "run", "ran", "cold"),
    _Kind("steady run", "run", "ran", "steady"),
    _Kind("restart", "restart", None),
    _Kind("unload", "unload", "unloaded"),
    _Kind("after trim", "trim", "trimmed"),
)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One phase of one stage over ``n`` trials: medians, but for the peak, which is the largest.

    Levels are those at the phase's end; ``anon_change_mib`` is from the reading before the phase to the one after it.
    A figure that was not read is None, and :class:`StageLedger` says why.
    """

    phase: str
    n: int
    wall_ms: float
    cpu_ms: float
    rss_mib: float | None = None
    anon_mib: float | None = None
    file_mib: float | None = None
    shmem_mib: float | None = None
    peak_mib: float | None = None
    anon_change_mib: float | None = None


@dataclass(frozen=True, slots=True)
class StageLedger:
    """The rows of one stage in the order of a visit; a phase that did not happen has none.

    ``reasons`` says once why a figure is missing.
    """

    stage: str
    rows: tuple[LedgerRow, ...]
    reasons: tuple[str, ...] = ()

    def row(self, *names: str) -> LedgerRow | None:
        """Return the first of these rows that there is."""
        found = {row.phase: row for row in self.rows}
        return next((found[name] for name in names if name in found), None)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One phase in one trial, with the reading after it and the one before."""

    phase: Phase
    after: Reading | None
    before: Reading | None


def ledger(run: Run, trials: Sequence[Trial]) -> Mapping[str, StageLedger]:
    """Return each stage's ledger, by its key. Trials that failed are in no row."""
    chosen = (steady(trials), cold(trials))
    before = _readings_before(trials)
    return {stage.key: _stage(stage.key, chosen, before) for stage in run.stages}


def steady(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that were done and are neither cold nor warm-up."""
    return [trial for trial in trials if trial.outcome.ok and not trial.cold and not trial.warmup]


def cold(trials: Iterable[Trial]) -> list[Trial]:
    """Return the run's first trial, where it was done, and that of each further leg."""
    return [trial for trial in trials if trial.outcome.ok and trial.cold]


def readings(trials: Iterable[Trial]) -> list[Observation]:
    """Return what the probe read in these trials, which are of one leg, in the order of time."""
    found = (one for trial in trials for visit in trial.visits for one in visit.observations if one.probe == PROBE)
    return sorted(found, key=lambda one: one.at_ns)


def mib(reading: Reading | None, counter: str) -> float | None:
    """Return a counter of a reading in MiB, None where there is none."""
    kib = None if reading is None else reading.get(counter)
    return None if kib is None else kib / 1024


def _readings_before(trials: Iterable[Trial]) -> Before:
    """Return what was read in the same process just before each reading, which leg, worker and time name."""
    before: dict[tuple[int, int, int], Reading] = {}
    for leg, some in by_leg(trials).items():
        last: dict[int, Reading] = {}
        for one in readings(some):
            if one.worker in last:
                before[leg, one.worker, one.at_ns] = last[one.worker]
            last[one.worker] = one.values
    return before


def _stage(stage: str, chosen: tuple[Sequence[Trial], Sequence[Trial]], before: Before) -> StageLedger:
    """Return a stage's ledger from the steady trials and the cold one."""
    rows, reasons = [], dict[str, None]()
    for kind in _KINDS:
        entries = _chosen(kind, stage, chosen, before)
        if entries:
            rows.append(_row(kind, entries))
            reasons.update((reason, None) for reason in _reasons(kind, rows[-1], entries))
    return StageLedger(stage, tuple(rows), tuple(reasons))


def _chosen(kind: _Kind, stage: str, chosen: tuple[Sequence[Trial], Sequence[Trial]], before: Before) -> list[_Entry]:
    of_steady, of_cold = chosen
    if kind.trials == "cold":
        return _entries(kind, stage, of_cold, before)
    found = _entries(kind, stage, of_steady, before)
    return found or _entries(kind, stage, of_cold, before) if kind.trials == "any" else found


def _entries(kind: _Kind, stage: str, trials: Iterable[Trial], before: Before) -> list[_Entry]:
    entries = []
    for trial in trials:
        visit = trial.visit(stage)
        phase = visit.phase(kind.phase) if visit else None
        if visit is None or phase is None:
            continue
        seen = [one for one in visit.observations if (one.point, one.probe) == (kind.point, PROBE)]
        after = seen[-1] if seen else None
        earlier = before.get((trial.leg, after.worker, after.at_ns)) if after else None
        entries.append(_Entry(phase, after.values if after else None, earlier))
    return entries


def _row(kind: _Kind, entries: Sequence[_Entry]) -> LedgerRow:
    rss, anon, file, shmem = (_median(mib(entry.after, counter) for entry in entries) for counter in _LEVELS)
    return LedgerRow(
        phase=kind.name,
        n=len(entries),
        wall_ms=median((entry.phase.end_ns - entry.phase.start_ns) / 1e6 for entry in entries),
        cpu_ms=median(entry.phase.cpu_ns / 1e6 for entry in entries),
        rss_mib=rss,
        anon_mib=anon,
        file_mib=file,
        shmem_mib=shmem,
        peak_mib=_peak(kind, entries),
        anon_change_mib=_median(_change(entry) for entry in entries),
    )


def _peak(kind: _Kind, entries: Sequence[_Entry]) -> float | None:
    """Return the largest exact peak; a starting worker has none, for the first reset comes when it stands."""
    peaks = (mib(entry.after, "peak_kib") for entry in entries if kind.phase != "start")
    return max((peak for peak in peaks if peak is not None), default=None)


def _median(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return median(there) if there else None


def _change(entry: _Entry) -> float | None:
    after, before = mib(entry.after, "anon_kib"), mib(entry.before, "anon_kib")
    return None if after is None or before is None else after - before


def _reasons(kind: _Kind, row: LedgerRow, entries: Sequence[_Entry]) -> Iterable[str]:
    """Say why figures of a row are missing."""
    if kind.point is None:
        yield f"no memory for '{kind.name}': nothing is read after it"
    elif all(entry.after is None for entry in entries):
        yield f"no memory: the probe '{PROBE}' read nothing"
    else:
        figures = {"anon": row.anon_mib, "file": row.file_mib, "peak": row.peak_mib}
        if kind.phase == "start":
            figures.pop("peak")
            yield "no peak for 'start': the high-water mark is reset for the first time when the worker stands"
        lacking = [name for name, value in figures.items() if value is None]
        if lacking:
            yield f"no {', '.join(lacking)}: this machine has none for another process"
        if row.anon_mib is not None and row.anon_change_mib is None:
            yield f"no change of anon for '{kind.name}': nothing was read before it"
