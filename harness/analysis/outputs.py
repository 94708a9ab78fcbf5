"""Whether the cells of a sweep put out the same: by digests in their summaries, and by their trials only where not.

Cells have to agree that differ in nothing but how the work is done (:data:`SAME_OUTPUT`). Another engine, model,
option, dataset, seed or context length may give another output and is not compared; an ASR is not asked about the
stages that are not before it. Which text an aligner was given is part of the question.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness import store
from harness.analysis.constancy import OUTPUTS, differing, first_texts
from harness.analysis.metric_summary import Measured
from harness.errors import StoreError
from harness.metrics import Metric
from harness.records import Run
from harness.sweeping.baseline import plain

SAME_OUTPUT = frozenset(
    {
        "threads",
        "lifecycle",
        "residency",
        "isolation",
        "trim",
        "page_cache",
        "order",
        "iterations",
        "warmup",
        "sample_hz",
        "timeout_s",
        "on_crash",
        "leak_kib",
        "memory_budget_mib",
        "residual_budget_mib",
        "strict",
        "subtitles",
        "charts",
        "quiet",
        "verbose",
        "outputs",
    }
)
"""Keys that say how the work is done, watched and written, and not what is heard by whom."""
_ALSO = ("fit", "sweep", "probe", "exporter")
"""Groups of such keys."""
_MOST_READ = 8
"""Pairs of runs whose trials are read for one sweep; where more differ, the others are counted."""
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput:
    """What a stage put out first for each utterance of a run, by metric as a digest.

    ``text_from`` says whose text it was given: a stage's, ``reference``, or nobody's, as an ASR.
    """

    digests: Mapping[str, str]
    utterances: int
    text_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """The first difference between two cells, by their jobs: in which utterance, and in words what it is."""

    base: str
    other: str
    utterance: str
    difference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCheck:
    """What the cells that have to agree say of one output (``metric``) of a stage.

    ``cells`` are those that were compared, in ``groups`` of which each has to agree in itself; ``other`` counts those
    whose output is not that of their group's first, ``unread`` those of them that were not looked at. ``first`` is
    None where all agree.
    """

    stage: str
    metric: str
    cells: int
    groups: int
    other: int = 0
    unread: int = 0
    first: Unlike | None = None


class Compared(Protocol):
    """What of a cell is asked here."""

    @property
    def job(self) -> str:
        """Its name."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Its runs."""

    @property
    def overrides(self) -> Mapping[str, str]:
        """How it was asked for."""

    @property
    def outputs(self) -> Mapping[str, StageOutput]:
        """What its stages put out."""


def outputs(run: Run, measured: Measured) -> Mapping[str, StageOutput]:
    """Return what each stage of a run put out, where a probe watched it and anything was."""
    metrics = _declared(run)
    found = {}
    for stage in run.stages:
        texts = {name: first_texts(measured.of(metric, stage.key)) for name, metric in metrics.items()}
        there = {name: several for name, several in texts.items() if several}
        if there:
            visit = next(filter(None, (trial.visit(stage.key) for trial in measured.trials)), None)
            found[stage.key] = StageOutput(
                digests={name: _digest(several) for name, several in there.items()},
                utterances=max(map(len, there.values())),
                text_from=visit.text_from if visit else None,
            )
    return found


def check_outputs(cells: Sequence[Compared], swept: Sequence[str], base: str | None = None) -> tuple[OutputCheck, ...]:
    """Compare the outputs of each stage between the cells that have to agree; ``base`` is the baseline's job.

    A stage of which no two cells have to agree is left out, and so are the word times of one whose text differs.
    """
    found = []
    left = _MOST_READ
    for stage in dict.fromkeys(stage for cell in cells for stage in cell.outputs):
        groups = _groups(stage, cells, swept, base)
        for metric in OUTPUTS:
            check = _check(stage, metric, groups, left)
            if check is None:
                continue
            found.append(check)
            left -= check.other - check.unread
            if check.first is not None:
                break
    return tuple(found)


def _declared(run: Run) -> dict[str, Metric]:
    return {metric.name: metric for probe in run.probes for metric in probe.metrics if metric.name in OUTPUTS}


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for utterance in sorted(texts):
        for part in (utterance, texts[utterance]):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:_DIGITS]


def _groups(stage: str, cells: Iterable[Compared], swept: Sequence[str], base: str | None) -> list[list[Compared]]:
    """Return the cells with an output of a stage in groups that have to agree, the baseline first in its own."""
    groups: dict[object, list[Compared]] = {}
    for cell in cells:
        if stage in cell.outputs:
            text_from = cell.outputs[stage].text_from
            asked = tuple(
                plain(cell.overrides.get(key, "")) for key in swept if _matters(key, stage, text_from, cell.outputs)
            )
            groups.setdefault((text_from, asked), []).append(cell)
    return [sorted(group, key=lambda cell: cell.job != base) for group in groups.values() if len(group) > 1]


def _matters(key: str, stage: str, text_from: str | None, stages: Iterable[str]) -> bool:
    """Tell whether a swept key may change what a stage puts out; one that nobody knows may."""
    head, _, option = key.partition(".")
    if head in (stage, text_from):
        return option not in SAME_OUTPUT
    return not (key in SAME_OUTPUT or head in _ALSO or head in stages)


def _check(stage: str, metric: str, groups: Sequence[Sequence[Compared]], left: int) -> OutputCheck | None:
    watched = [[cell for cell in group if metric in cell.outputs[stage].digests] for group in groups]
    watched = [group for group in watched if len(group) > 1]
    if not watched:
        return None
    first, other, unread = None, 0, 0
    read: dict[tuple[str, str], Unlike | None] = {}
    for group in watched:
        for cell in group[1:]:
            pair = tuple(one.outputs[stage].digests[metric] for one in (group[0], cell))
            if pair[0] == pair[1]:
                continue
            key = (group[0].job, pair[1])
            if key not in read and len(read) >= left:
                other, unread = other + 1, unread + 1
                continue
            if key not in read:
                read[key] = _unlike(stage, metric, group[0], cell)
            other += read[key] is not None
            first = first or read[key]
    cells = sum(map(len, watched))
    return OutputCheck(
        stage=stage, metric=metric, cells=cells, groups=len(watched), other=other, unread=unread, first=first
    )


def _unlike(stage: str, metric: str, base: Compared, other: Compared) -> Unlike | None:
    """Read two cells' trials, and return the first difference in an utterance of both; None where there is none.

    Digests differ too where one of them lacks an utterance, for a trial of it failed.
    """
    try:
        ours, theirs = (_texts(stage, metric, cell.folders) for cell in (base, other))
    except StoreError as error:
        return Unlike(base=base.job, other=other.job, utterance="", difference=f"not told: {error}")
    found = differing(ours[0], theirs[0], ours[1])
    return None if found is None else Unlike(base=base.job, other=other.job, utterance=found[0], difference=found[1])


def _texts(stage: str, metric: str, folders: Iterable[Path]) -> tuple[dict[str, str], str]:
    """Return the first texts of the runs of one cell, and the metric's unit."""
    texts: dict[str, str] = {}
    unit = "text"
    for folder in folders:
        stored = store.read_run(folder)
        declared = _declared(stored.run).get(metric)
        if declared is not None:
            unit = declared.unit
            measured = Measured([trial for trial in stored.trials if trial.outcome.ok])
            texts = {**first_texts(measured.of(declared, stage)), **texts}
    return texts, unit
