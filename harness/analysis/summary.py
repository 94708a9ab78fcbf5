"""From the trials of a run to its summary: one entry a metric, the verdicts, and the count of outcomes."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.analysis.alignment import Alignment, alignment
from harness.analysis.audio_length import AudioLength, audio_length
from harness.analysis.budget import Residual, Runway, residuals, runway
from harness.analysis.corpus_accuracy import StageAccuracy, accuracy_notes, corpus_accuracy, with_main_figure
from harness.analysis.drift import Drift, drifts
from harness.analysis.first_failure import FailedTrial, first_failure
from harness.analysis.fit import LimitSummary, limit_summary
from harness.analysis.handles import Leaking, leaking
from harness.analysis.lacking import lacking
from harness.analysis.ledger import StageLedger, ledger
from harness.analysis.leg_verdict import Judged, judge_legs, telling
from harness.analysis.legs import Leg, legs
from harness.analysis.metric_summary import Measured, MetricSummary, metric_summary
from harness.analysis.outputs import StageOutput, outputs
from harness.analysis.presence import Presence, presences
from harness.analysis.real_time import RealTime, real_time
from harness.analysis.residency import Chain, chain
from harness.analysis.unknown_words import unknown_words
from harness.analysis.verdict import StageVerdict, Verdict, judge_stages
from harness.metrics import Kind, Metric
from harness.records import SCHEMA, Run, Trial
from harness.store import TrialsStamp

GROWTH = "growth_mib_per_iteration"
"""The trend that the memory verdict is about; the probe ``rss`` declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole summary of a run. ``metrics`` are by name, for instance ``asr.ttft_ms``; ``ledger`` is by stage.

    ``verdicts`` has the verdict on the process (``memory``), ``stage_verdicts`` what each stage has to do with it,
    ``runway`` how long a leak leaves, ``residuals`` what unloaded models still held, by stage. ``broken`` says what
    ``strict`` fails a run for, one line each. ``chain`` is None for a chain of one stage. ``drift`` says what drifts,
    with time or temperature. By stage are ``audio_length``, ``accuracy``, ``real_time``, of three utterances or more,
    and ``outputs``, by which cells of a sweep are compared; ``alignment`` is about word times. ``legs`` has each leg of
    a run that was taken up again, and is empty for any other. ``presences`` are when each leg was at work, by which
    runs are found that shared a machine. ``trials`` counts the trials that there are, ``first_failure`` is the first
    that failed; ``made_from`` says which they are, and ``made_by`` which analysis summarised them, so that a stored
    summary is not taken for that of others.
    """

    run: str
    metrics: Mapping[str, MetricSummary]
    verdicts: Mapping[str, Verdict]
    outcomes: Mapping[str, int]
    guard: Mapping[str, object]
    stage_verdicts: Mapping[str, StageVerdict] = field(default_factory=dict)
    runway: Runway | None = None
    residuals: Mapping[str, Residual] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    limit: LimitSummary | None = None
    leaking_handles: tuple[Leaking, ...] = ()
    ledger: Mapping[str, StageLedger] = field(default_factory=dict)
    chain: Chain | None = None
    audio_length: Mapping[str, AudioLength] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    alignment: Alignment = field(default_factory=Alignment)
    outputs: Mapping[str, StageOutput] = field(default_factory=dict)
    real_time: Mapping[str, RealTime] = field(default_factory=dict)
    accuracy: Mapping[str, StageAccuracy] = field(default_factory=dict)
    first_failure: FailedTrial | None = None
    legs: tuple[Leg, ...] = ()
    presences: tuple[Presence, ...] = ()
    trials: int = 0
    made_from: TrialsStamp | None = None
    made_by: str = ""
    schema: int = SCHEMA


def summarise(
    run: Run, trials: Sequence[Trial], notes: Iterable[str] = (), made_from: TrialsStamp | None = None
) -> Summary:
    """Summarise the trials of a run. Trials that failed are counted in ``outcomes`` and in no metric.

    ``made_from`` is the stamp of the file that the trials stand in, where they come from one.
    """
    done = [trial for trial in trials if trial.outcome.ok]
    each = _judged(run, trials)
    measured, metrics = Measured(done), dict[str, MetricSummary]()
    trends = _of_telling(each, measured)
    for probe in run.probes:
        for metric in probe.metrics:
            for scope in _scopes(metric, run):
                of = trends if metric.kind is Kind.TREND else measured
                metrics[f"{scope}.{metric.name}"] = metric_summary(metric, scope, of)
    ledgers = ledger(run, trials)
    guard, memory, handles = _guard(run, trials), _memory(run, trials, each), leaking(done)
    accuracy = corpus_accuracy(run, measured)
    return Summary(
        run=run.id,
        metrics=with_main_figure(metrics, {stage: one.main for stage, one in accuracy.items()}),
        outcomes=dict(Counter(trial.outcome.kind for trial in trials)),
        guard=guard,
        **memory,
        broken=tuple(_broken(guard, memory, handles)),
        problems=tuple(f"trial {trial.index}: {problem}" for trial in trials for problem in trial.problems),
        notes=(
            *run.notes,
            *notes,
            *unknown_words(trials),
            *lacking(trials),
            *accuracy_notes(run, measured, accuracy),
            *_undone(run, trials),
        ),
        leaking_handles=handles,
        limit=limit_summary(run, trials),
        ledger=ledgers,
        chain=chain(run, trials, ledgers),
        audio_length=audio_length(run, trials),
        drift=drifts(run, measured),
        alignment=alignment(run, trials),
        outputs=outputs(run, measured),
        real_time=real_time(run, trials),
        accuracy=accuracy,
        first_failure=first_failure(trials),
        legs=_legs(run, trials, each),
        presences=presences(trials),
        trials=len(trials),
        made_from=made_from,
        made_by=analysis_version(),
    )


@cache
def analysis_version() -> str:
    """Return what names the code that summarises: a digest of its sources, which a release's number is not.

    A stored summary made by another version is made again, also where somebody changes the code and no number.
    """
    folder = Path(__file__).parent
    others = ("metrics.py", "normalizer.py", "records.py")
    sources = [*sorted(folder.glob("*.py")), *(folder.parent / name for name in others)]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _undone(run: Run, trials: Sequence[Trial]) -> Iterable[str]:
    """Say how many trials a run that was killed, stopped or interrupted did not come to."""
    if len(trials) < run.trials:
        undone = run.trials - len(trials)
        yield f"{undone} of {run.trials} trials {'was' if undone == 1 else 'were'} not done"


def _judged(run: Run, trials: Sequence[Trial]) -> tuple[Judged, ...]:
    """Judge the memory of each leg; nothing where no probe reads it."""
    if not any(metric.name == GROWTH for probe in run.probes for metric in probe.metrics):
        return ()
    return judge_legs(run, trials)


def _of_telling(each: Sequence[Judged], measured: Measured) -> Measured:
    """Return the measurements of the leg that the verdict is of, so that both are of the same series."""
    leg = telling(each).leg if each else None
    return measured if leg is None else Measured([trial for trial in measured.trials if trial.leg == leg])


def _legs(run: Run, trials: Sequence[Trial], each: Sequence[Judged]) -> tuple[Leg, ...]:
    words = {one.leg: one.verdict.verdict for one in each}
    return tuple(replace(leg, verdict=words.get(leg.leg, "")) for leg in legs(run, trials))


def _memory(run: Run, trials: Sequence[Trial], each: Sequence[Judged]) -> dict[str, Any]:
    """Return the parts of the summary that judge memory; where no probe reads it, why nothing can be."""
    if not each:
        return {"verdicts": {}, "residuals": residuals(run, trials)}
    found, verdict = telling(each).series, telling(each).verdict
    return {
        "verdicts": {"memory": verdict},
        "stage_verdicts": judge_stages(found, verdict),
        "runway": runway(found, verdict, run.budgets.memory_mib),
        "residuals": residuals(run, trials),
    }


def _broken(guard: Mapping[str, object], memory: Mapping[str, Any], handles: Iterable[Leaking]) -> Iterable[str]:
    if not guard["held"]:
        yield f"{guard['most_loaded']} models were loaded at one time, {guard['allowed']} may be"
    for name, verdict in memory["verdicts"].items():
        if verdict.verdict == "leak":
            yield f"{name} leaks"
    for one in handles:
        yield f"{one.kind} leak: {one.name}"
    for stage, residual in memory.get("residuals", {}).items():
        if residual.passed is False:
            yield f"{stage} held {residual.held_mib:.2f} MiB after an unload, {residual.budget_mib:g} may be"
        elif residual.budget_mib is not None and residual.passed is None:
            yield f"what {stage} held after an unload was not checked: {residual.reason}"


def _scopes(metric: Metric, run: Run) -> list[str]:
    return [stage.key for stage in run.stages] if metric.scope == "stage" else [metric.scope]


def _guard(run: Run, trials: Sequence[Trial]) -> Mapping[str, object]:
    """Say whether no more models were ever loaded than the residency allows, by the workers' own account."""
    most = max((trial.most_loaded for trial in trials), default=0)
    allowed = len(run.stages) if run.protocol.residency == "all_resident" else 1
    return {
        "residency": run.protocol.residency,
        "most_loaded": most,
        "allowed": allowed,
        "held": most <= allowed,
    }
