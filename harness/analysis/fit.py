"""The limit that a run was under, and a search's attempts as one record, read from their folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from harness import store
from harness.errors import StoreError
from harness.fit import Found, Tried, found_in
from harness.records import SCHEMA, Run, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSummary:
    """The memory limit of a run's workers: ``limit_mib`` None where they were only watched.

    ``peak_mib`` is the most that one worker held as ``mechanism`` counts, None where it does not say.
    """

    limit_mib: float | None
    mechanism: str
    peak_mib: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a search.

    ``load_ms`` and ``latency_ms`` are medians over its trials, of the sums over its stages; the ratios compare them
    with the run without a limit. None where no trial was done.
    """

    name: str
    limit_mib: float | None
    outcome: str
    ok: bool
    interrupted: bool = False
    peak_mib: float | None = None
    load_ms: float | None = None
    latency_ms: float | None = None
    load_ratio: float | None = None
    latency_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What ``fit.json`` holds: the answer, how it was found, and each attempt.

    ``bare_mib`` is what a worker held before any engine. ``finished`` is False where the search was interrupted.
    """

    mechanism: str
    tolerance_mib: float
    bare_mib: float | None
    finished: bool
    found: Found
    attempts: tuple[Attempt, ...]
    schema: int = SCHEMA

    @property
    def ok(self) -> bool:
        """Whether there is an answer, tried twice."""
        return self.finished and self.found.confirmed


def limit_summary(run: Run, trials: Sequence[Trial]) -> LimitSummary | None:
    """Return the limit of a run and the peak under it; None where nothing was limited or watched."""
    if run.fit.mechanism is None:
        return None
    return LimitSummary(limit_mib=run.fit.limit_mib, mechanism=run.fit.mechanism, peak_mib=_peak_mib(trials))


def is_search(folder: Path) -> bool:
    """Tell whether a folder holds the attempts of a search rather than a run."""
    return not (folder / store.RUN).exists() and bool(_attempts(folder))


def read_search(folder: Path) -> Search:
    """Read a search again: its attempts from their folders, the rest from ``fit.json``."""
    try:
        stored = store.read_json(folder / store.FIT_JSON, Search)
    except StoreError:  # it was killed before its end
        return gathered(folder, bare_mib=None, finished=False)
    return gathered(folder, bare_mib=stored.bare_mib, finished=stored.finished)


def gathered(folder: Path, *, bare_mib: float | None, finished: bool) -> Search:
    """Make one record of the attempts in a search's folder. Raises :class:`StoreError` where there is none."""
    runs = [store.read_run(path) for path in _attempts(folder)]
    if not runs:
        raise StoreError("search folder", f"'{folder}' without an attempt in it", "the folder of a search")
    first = runs[0].run.fit
    unlimited = next((one for one in runs if one.run.fit.limit_mib is None), None)
    base = _attempt(unlimited.folder.name, unlimited.run, unlimited.trials, None) if unlimited else None
    attempts = tuple(_attempt(one.folder.name, one.run, one.trials, base) for one in runs)
    return Search(
        mechanism=first.mechanism or "nothing",
        tolerance_mib=first.tolerance_mib,
        bare_mib=bare_mib,
        finished=finished,
        found=found_in(tried(attempts)),
        attempts=attempts,
    )


def tried(attempts: Sequence[Attempt]) -> list[Tried]:
    """Return the limits that were tried to an end."""
    return [
        Tried(round(one.limit_mib), one.ok) for one in attempts if one.limit_mib is not None and not one.interrupted
    ]


def _attempts(folder: Path) -> list[Path]:
    below = folder / store.ATTEMPTS
    return sorted(path for path in below.iterdir() if (path / store.RUN).exists()) if below.is_dir() else []


def _attempt(name: str, run: Run, trials: Sequence[Trial], base: Attempt | None) -> Attempt:
    failed = next((trial.outcome for trial in trials if not trial.outcome.ok), None)
    whole = failed is None and len(trials) == run.trials
    load_ms, latency_ms = _time_ms(trials, "load"), _time_ms(trials, "run")
    return Attempt(
        name=name,
        limit_mib=run.fit.limit_mib,
        outcome="ok" if whole else str(failed or f"{len(trials)} of {run.trials} trials done"),
        ok=whole,
        interrupted=not whole and (failed is None or failed.kind == "interrupted"),
        peak_mib=_peak_mib(trials),
        load_ms=load_ms,
        latency_ms=latency_ms,
        load_ratio=_ratio(load_ms, base.load_ms if base else None),
        latency_ratio=_ratio(latency_ms, base.latency_ms if base else None),
    )


def _peak_mib(trials: Sequence[Trial]) -> float | None:
    return max((trial.limit_peak_mib for trial in trials if trial.limit_peak_mib is not None), default=None)


def _time_ms(trials: Sequence[Trial], phase: str) -> float | None:
    """Return the median over trials of what a phase takes in all their stages together."""
    phases = [
        [one for visit in trial.visits for one in visit.phases if one.name == phase]
        for trial in trials
        if trial.outcome.ok
    ]
    sums = [sum(one.duration_s * 1e3 for one in found) for found in phases]
    return median(sums) if sums else None


def _ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None
