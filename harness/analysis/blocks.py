"""The blocks of one cell made one: the trials of several runs of the same configuration, pooled and summarised.

A sample, a ratio and a constancy are of all trials. What is a series over one process is not: memory, files and threads
begin anew with each block's process, and what lies between two blocks are the other cells. Growth, verdicts and the
phase ledger are those of one block: one that leaks where any does, else the one with the longest series.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from harness import store
from harness.analysis.metric_summary import Measured, MetricSummary, metric_summary
from harness.analysis.stored_summary import SummarisedRun
from harness.analysis.summary import Summary
from harness.metrics import Kind
from harness.records import Phase, Trial, Visit

_SEAM = (
    "figures are of all blocks' trials, cold is the median of their first ones; growth and verdicts are those of the "
    "longest block, or of one that leaks, for each begins with a new process"
)


def merged(blocks: Sequence[SummarisedRun]) -> Summary:
    """Return one summary of at least one block; reads the trials of several. Raises :class:`StoreError`."""
    if len(blocks) == 1:
        return blocks[0].summary
    longest = max(blocks, key=_telling).summary  # the first of those that are equally long
    summaries = [block.summary for block in blocks]
    metrics = _metrics(blocks, longest.metrics)
    guards = [summary.guard for summary in summaries]
    limits = [summary.limit for summary in summaries if summary.limit is not None]
    return replace(
        longest,
        metrics=metrics,
        outcomes=dict(sum((Counter(summary.outcomes) for summary in summaries), Counter())),
        guard={
            **guards[0],
            "most_loaded": max(_whole(guard["most_loaded"]) for guard in guards),
            "held": all(guard["held"] for guard in guards),
        },
        residuals={
            stage: max((one.residuals[stage] for one in summaries), key=lambda residual: residual.held_mib or 0.0)
            for stage in longest.residuals
            if all(stage in one.residuals for one in summaries)
        },
        broken=_said([(block.run.block, block.summary.broken) for block in blocks]),
        problems=_said([(block.run.block, block.summary.problems) for block in blocks], apart=True),
        notes=(
            *_said([(block.run.block, block.summary.notes) for block in blocks]),
            f"measured in {len(blocks)} blocks: {_SEAM}",
        ),
        limit=max(limits, key=lambda limit: limit.peak_mib or 0.0, default=None),
        legs=(),  # those of one block; the cell's jobs have their seams
        trials=sum(summary.trials for summary in summaries),
        made_from=None,
    )


def pooled(blocks: Iterable[Sequence[Trial]]) -> tuple[Trial, ...]:
    """Return the trials of all blocks; trials, iterations and workers are counted on, so that none has two meanings."""
    found: list[Trial] = []
    indices = iterations = workers = 0
    for trials in blocks:
        renumbered = [_renumbered(trial, indices, iterations, workers) for trial in trials]
        found.extend(renumbered)
        indices = 1 + max((one.index for one in renumbered), default=indices - 1)
        iterations = 1 + max((one.iteration for one in renumbered), default=iterations - 1)
        workers = 1 + max((phase.worker for one in renumbered for phase in _phases(one)), default=workers - 1)
    return tuple(found)


def _renumbered(trial: Trial, indices: int, iterations: int, workers: int) -> Trial:
    visits = tuple(_visit(visit, workers) for visit in trial.visits) if workers else trial.visits
    return replace(trial, index=trial.index + indices, iteration=trial.iteration + iterations, visits=visits)


def _visit(visit: Visit, workers: int) -> Visit:
    return replace(
        visit,
        phases=tuple(replace(phase, worker=phase.worker + workers) for phase in visit.phases),
        observations=tuple(replace(one, worker=one.worker + workers) for one in visit.observations),
    )


def _phases(trial: Trial) -> list[Phase]:
    return [phase for visit in trial.visits for phase in visit.phases]


def _telling(block: SummarisedRun) -> tuple[bool, int, int]:
    """Tell how much a block says of memory: that it leaks before all else, then points of the verdict, then trials."""
    verdict = block.summary.verdicts.get("memory")
    return (verdict is not None and verdict.verdict == "leak", verdict.n if verdict else 0, block.summary.trials)


def _metrics(blocks: Sequence[SummarisedRun], of_longest: Mapping[str, MetricSummary]) -> Mapping[str, MetricSummary]:
    """Return the figures of all trials; a trend is the chosen block's, and so is what no block's probes declare."""
    trials = pooled(store.read_run(block.folder).trials for block in blocks)
    measured = Measured([trial for trial in trials if trial.outcome.ok])
    declared = {metric.name: metric for probe in blocks[0].run.probes for metric in probe.metrics}
    found = {}
    for name, entry in of_longest.items():
        metric = declared.get(entry.metric)
        if metric is None or metric.kind is Kind.TREND:
            found[name] = entry if entry.value is not None else _longest_trend(name, blocks) or entry
            continue
        made = replace(metric_summary(metric, entry.scope, measured), main=entry.main)
        colds = [cold for block in blocks if (cold := _cold(block, name)) is not None]
        found[name] = replace(made, cold=median(colds)) if colds else made
    return found


def _longest_trend(name: str, blocks: Sequence[SummarisedRun]) -> MetricSummary | None:
    """Return the trend of the block that has the most points of it; the first of several."""
    entries = [block.summary.metrics[name] for block in blocks if name in block.summary.metrics]
    return max(entries, key=lambda entry: (entry.value is not None, entry.n), default=None)


def _cold(block: SummarisedRun, name: str) -> float | None:
    entry = block.summary.metrics.get(name)
    return None if entry is None else entry.cold


def _said(lines: Sequence[tuple[int, Sequence[str]]], *, apart: bool = False) -> tuple[str, ...]:
    """Return each line once; those that not every block has, or all where ``apart``, with the block's number before."""
    common = set() if apart else set.intersection(*(set(said) for _, said in lines))
    found = dict.fromkeys(
        line if line in common else f"block {block}: {line}" for block, said in lines for line in said
    )
    return tuple(found)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
