"""What two runs have to have in common to be compared, and what they may differ in if it is said.

The same: stages' keys and order, protocol, utterances, references. Whatever else differs is a labelled difference: the
machine, versions, engines, models, options, threads, context length, how much was done and how it ended.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import store
from harness.analysis.machines import Machine, by_kind, labels, machines_by_leg
from harness.analysis.metric_summary import Measured, MetricSummary
from harness.analysis.stored_summary import stored_summary
from harness.errors import StoreError
from harness.records import Environment, Run, StageRecord, Trial, Utterance

SAME = ("order", "lifecycle", "residency", "isolation", "trim", "warmup", "page_cache")
"""Fields of the protocol in which two runs that are compared do not differ."""
LABELLED = ("threads", "context_length", "iterations", "seed", "sample_hz", "timeout_s", "on_crash")
"""Fields of the protocol in which they may."""
_CHUNKS = {"chunk": "whole", "chunk_s": 30.0}
_CONTENT = re.compile(r"[0-9a-f]{64}(-\d+-\d+)?")
"""The name of a canonical file in the audio cache: its content's digest, and a chunk's bounds."""
_MACHINE = ("hostname", "system", "machine", "processor", "cores", "usable_cores", "python")
_MOST_FILES = 3
_DIGITS = 12
NONE = "-"


@dataclass(frozen=True, slots=True)
class Side:
    """One of two runs: how the user named it, and what its folder holds.

    ``metrics`` is its stored summary's, empty where there is none of these trials; what is compared is made then.
    A cell of a sweep that was measured in several blocks is several runs; ``trials`` has all of them, ``run`` is the
    first, ``blocks`` counts them, and ``machines`` are all that they ran on. ``measured`` are the measurements of the
    completed trials.
    """

    name: str
    run: Run
    environment: Environment | None
    trials: tuple[Trial, ...]
    metrics: Mapping[str, MetricSummary]
    notes: tuple[str, ...] = ()
    blocks: int = 1
    machines: tuple[Machine, ...] = ()
    measured: Measured = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the measurements once: going through all of them for each metric takes minutes for a long run."""
        completed = [trial for trial in self.trials if trial.outcome.ok]
        object.__setattr__(self, "measured", Measured(completed))

    @property
    def outcomes(self) -> str:
        """How the trials ended, in words."""
        counts = Counter(trial.outcome.kind for trial in self.trials)
        return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none done"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two runs that may be compared differ."""

    subject: str
    a: str
    b: str


def read_side(name: str, *folders: Path) -> Side:
    """Read a run, or the blocks of one cell. Raises :class:`StoreError`."""
    runs = [store.read_run(folder) for folder in folders]
    summary = stored_summary(folders[0]) if len(folders) == 1 else None
    return Side(
        name,
        runs[0].run,
        runs[0].environment,
        tuple(trial for run in runs for trial in run.trials),
        {} if summary is None else summary.metrics,
        tuple(note for run in runs for note in (*run.notes, *_seams(run.run))),
        len(folders),
        tuple(
            dict.fromkeys(
                machine for run in runs for machine in machines_by_leg(run.folder, run.run, run.environment).values()
            )
        ),
    )


def _seams(run: Run) -> Iterable[str]:
    """Say of a run with seams what its figures are of."""
    if run.seams:
        kept = ", ".join(str(seam.kept) for seam in run.seams)
        yield (
            f"stopped and taken up again (after {kept} of {run.trials} trials): its figures are of all its legs, its "
            "growth is of one of them"
        )
        yield from (f"forced at leg {seam.leg}: {line}" for seam in run.seams for line in seam.forced)


def different_machines(a: Side, b: Side) -> str | None:
    """Say on which machines two sides were measured, unless both were on the same one; None too where it is unknown."""
    if not a.machines or not b.machines or (a.machines == b.machines and len(a.machines) == 1):
        return None
    names = labels(tuple(dict.fromkeys((*a.machines, *b.machines))))
    ours, theirs = (" and ".join(names[machine] for machine in side.machines) for side in (a, b))
    alike = len(by_kind(names)) == 1 and len(names) > 1
    return f"A ran on {ours}, B on {theirs}{', which are of one kind' if alike else ''}"


def refuse_unlike(a: Side, b: Side) -> None:
    """Raise :class:`StoreError` with the first reason why two runs cannot be compared; return where there is none."""
    for side in (a, b):
        if not any(trial.outcome.ok for trial in side.trials):
            raise StoreError(
                "comparison", f"no completed trial in '{side.name}' ({side.outcomes})", "a trial that is ok"
            )
    for subject, ours, theirs in _protocols(a.run, b.run):
        if ours != theirs:
            found = f"{subject}={_text(ours)} in '{a.name}' and {subject}={_text(theirs)} in '{b.name}'"
            raise StoreError("comparison", found, "the same protocol in both runs")
    _refuse_other_selection(a, b)
    _refuse_other_utterances(a, b)


def differences(a: Side, b: Side) -> tuple[Difference, ...]:
    """Return everything that two comparable runs differ in and that may explain their figures."""
    found = [*_run_rows(a.run, b.run), *_environment_rows(a.environment, b.environment)]
    rows = [Difference(subject, _text(ours), _text(theirs)) for subject, ours, theirs in found if ours != theirs]
    if a.outcomes != b.outcomes:
        rows.append(Difference("trials", a.outcomes, b.outcomes))
    return tuple(rows)


def _protocols(a: Run, b: Run) -> Iterable[tuple[str, Any, Any]]:
    for name in SAME:
        yield name, getattr(a.protocol, name), getattr(b.protocol, name)
    for key in a.protocol.order:
        ours, theirs = (next(stage.role for stage in run.stages if stage.key == key) for run in (a, b))
        yield f"{key}'s role", ours, theirs
    cut = a.dataset.get("chunk", "whole") != "whole"
    for name, default in _CHUNKS.items():
        if name == "chunk" or cut:  # a length that nothing was cut to says nothing
            yield f"dataset.{name}", a.dataset.get(name, default), b.dataset.get(name, default)


def _refuse_other_selection(a: Side, b: Side) -> None:
    """Tell by the hash whether two runs are over the same of a corpus, before any of its utterances is looked at."""
    ours, theirs = a.run.corpus, b.run.corpus
    if ours is not None and theirs is not None and ours.sha256 != theirs.sha256:
        found = " and ".join(
            f"the selection {one.sha256[:_DIGITS]} of {one.utterances:,} utterances in '{side.name}'"
            for one, side in ((ours, a), (theirs, b))
        )
        raise StoreError("comparison", found, "the same selection in both runs")


def _same_selection(a: Side, b: Side) -> bool:
    return a.run.corpus is not None and b.run.corpus is not None and a.run.corpus.sha256 == b.run.corpus.sha256


def _refuse_other_utterances(a: Side, b: Side) -> None:
    ours, theirs = _utterances(a), _utterances(b)
    if _same_selection(a, b):  # what one run did not come to, or could not decode, is missing in it, and no other
        both = ours.keys() & theirs.keys()
        ours, theirs = ({name: of[name] for name in of if name in both} for of in (ours, theirs))
    for one, other, mine, others in ((a, b, ours, theirs), (b, a, theirs, ours)):
        alone = next((name for name in mine if name not in others), None)
        if alone is not None:
            found = f"the utterance '{alone}' in '{one.name}' and not in '{other.name}'"
            raise StoreError("comparison", found, "the same utterances in both runs")
    for name, one_of_a in ours.items():
        _refuse_other_audio(name, one_of_a, theirs[name])
    for name, one_of_a in ours.items():
        said, other_said = one_of_a.reference, theirs[name].reference
        if said != other_said:
            found = f"the utterance '{name}' with {_cited(said)} and with {_cited(other_said)}"
            raise StoreError("comparison", found, "the same reference in both runs")


def _utterances(side: Side) -> dict[str, Utterance]:
    return {trial.utterance.id: trial.utterance for trial in side.trials if trial.utterance.canonical}


def _refuse_other_audio(name: str, a: Utterance, b: Utterance) -> None:
    """Compare audio by its content where both runs were given a converted file, which is named by it.

    Audio that was canonical already lies where the user put it; then name and length have to do.
    """
    if (a.duration_s, a.offset_s) != (b.duration_s, b.offset_s):
        found = f"the utterance '{name}' of {a.duration_s:g} s and of {b.duration_s:g} s"
        if a.duration_s == b.duration_s:
            found = f"the utterance '{name}' from {a.offset_s:g} s on and from {b.offset_s:g} s on"
        raise StoreError("comparison", found, "the same audio in both runs")
    ours, theirs = Path(a.canonical).stem, Path(b.canonical).stem
    if ours != theirs and _CONTENT.fullmatch(ours) and _CONTENT.fullmatch(theirs):
        found = f"the utterance '{name}' with the content {ours[:_DIGITS]} and {theirs[:_DIGITS]}"
        raise StoreError("comparison", found, "the same audio in both runs")


def _cited(reference: str | None) -> str:
    if reference is None:
        return "no reference"
    return f"the reference '{reference}'" if len(reference) <= 60 else f"the reference '{reference[:57]}...'"


def _run_rows(a: Run, b: Run) -> Iterable[tuple[str, Any, Any]]:
    yield "harness", a.harness_version, b.harness_version
    for name in LABELLED:
        yield name, getattr(a.protocol, name), getattr(b.protocol, name)
    yield "memory limit (MiB)", a.fit.limit_mib, b.fit.limit_mib
    yield "memory limit by", a.fit.mechanism, b.fit.mechanism
    theirs = {stage.key: stage for stage in b.stages}
    for stage in a.stages:
        yield from _stage_rows(stage, theirs[stage.key])
    yield "probes", [probe.name for probe in a.probes], [probe.name for probe in b.probes]
    yield "scored again", _rescored(a), _rescored(b)
    yield "stopped and taken up again", len(a.seams) or None, len(b.seams) or None


def _rescored(run: Run) -> str | None:
    return None if run.rescored is None else " ".join(run.rescored.changes) or "yes"


def _stage_rows(a: StageRecord, b: StageRecord) -> Iterable[tuple[str, Any, Any]]:
    yield f"{a.key}", a.name, b.name
    yield f"{a.key} plugin", a.origin, b.origin
    yield f"{a.key} model", a.label, b.label
    for option in sorted({*a.options, *b.options}):
        yield f"{a.key}.{option}", a.options.get(option), b.options.get(option)


def _environment_rows(a: Environment | None, b: Environment | None) -> Iterable[tuple[str, Any, Any]]:
    if a is None or b is None:
        yield "environment", "recorded" if a else "not recorded", "recorded" if b else "not recorded"
        return
    for name in _MACHINE:
        yield name, getattr(a, name), getattr(b, name)
    yield "memory (MiB)", round(a.memory_mib), round(b.memory_mib)
    yield from _mapping_rows("limit ", a.limits, b.limits)
    yield from _mapping_rows("version of ", a.versions, b.versions)
    yield from _mapping_rows("harness's git ", a.git, b.git)
    for stage in sorted({*a.engines, *b.engines}):
        ours, theirs = ({**one.engines.get(stage, {})} for one in (a, b))
        for one in (ours, theirs):
            one.pop("files", None)  # by their hashes, below
        yield from _mapping_rows(f"{stage} engine's ", ours, theirs)
    yield from _file_rows(_by_name(a.files), _by_name(b.files))
    yield from _mapping_rows("", {"warnings": "; ".join(a.warnings)}, {"warnings": "; ".join(b.warnings)})


def _mapping_rows(prefix: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    for name in sorted({*a, *b}):
        yield f"{prefix}{name}", a.get(name), b.get(name)


def _by_name(files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the digests of models and libraries by file name: where they lie is of no importance."""
    found: dict[str, list[str]] = {}
    for path, facts in files.items():
        found.setdefault(Path(path).name, []).append(str(facts.get("sha256") or facts.get("error"))[:_DIGITS])
    return {name: ", ".join(sorted(digests)) for name, digests in found.items()}


def _file_rows(a: Mapping[str, str], b: Mapping[str, str]) -> Iterable[tuple[str, Any, Any]]:
    other = [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]
    for name in other[:_MOST_FILES]:
        yield f"file {name}", a.get(name), b.get(name)
    if len(other) > _MOST_FILES:
        yield f"{len(other) - _MOST_FILES} more files", "one content", "another"


def _text(value: Any) -> str:
    if value is None or value == "":
        return NONE
    if isinstance(value, list | tuple):
        return f"[{','.join(map(str, value))}]"
    return str(value)
