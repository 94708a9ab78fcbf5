"""Two runs, or two sweeps cell by cell, metric by metric, with one correction for all that is tested."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from harness.analysis.comparison.change import Change, change_of, verdict_on
from harness.analysis.comparison.comparability import Difference, Side, differences, different_machines, refuse_unlike
from harness.analysis.comparison.significance import holm
from harness.analysis.corpus_accuracy import with_main_figure
from harness.analysis.utterance_errors import errors_by_stage, main_rate
from harness.errors import ConfigError
from harness.metrics import OF_MACHINE, Metric


@dataclass(frozen=True, slots=True)
class Section:
    """Two runs, or two cells of sweeps with the same swept values; ``title`` says which, and is empty for runs.

    ``refused`` is why the cells were not compared; there are no changes then.
    """

    title: str
    a: str
    b: str
    differences: tuple[Difference, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was compared. ``tests`` counts the tests that the correction is over.

    ``missing`` are the titles of the cells that A has and B lacks.
    """

    a: str
    b: str
    sections: tuple[Section, ...]
    tests: int
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def compare_runs(title: str, a: Side, b: Side, patterns: Sequence[str] = (), more: Sequence[str] = ()) -> Section:
    """Compare two runs before the correction. Raises :class:`StoreError` where they are not comparable.

    ``patterns`` are names or globs of metrics (``asr.rtf``, ``asr.*``); without any, the main metrics are compared.
    ``more`` are further ones. Raises :class:`ConfigError` where one names no metric.
    """
    refuse_unlike(a, b)
    declared = {side.name: _declared(side) for side in (a, b)}
    known = {**declared[b.name], **declared[a.name]}
    changes = [
        change_of(name, a, b, declared[a.name].get(name), declared[b.name].get(name))
        for name in chosen(known, patterns, more)
    ]
    notes = [f"'{side.name}': {note}" for side in (a, b) for note in side.notes]
    apart = different_machines(a, b)
    if apart is not None:
        changes = [replace(one, other_machine=known[one.name].quantity in OF_MACHINE) for one in changes]
        of_machine = [one.name for one in changes if one.other_machine]
        if of_machine:
            notes.append(f"{apart}: a difference in {', '.join(of_machine)} may be the machines' own")
    return Section(title, a.name, b.name, differences(a, b), tuple(changes), (*notes, *_left_out(a, b)))


def judged(a: str, b: str, sections: Sequence[Section], notes: Sequence[str] = ()) -> Comparison:
    """Correct the tests of all sections for their number, and say what each came to."""
    found = [change.p for section in sections for change in section.changes if change.p is not None]
    corrected = iter(holm(found))
    done = [
        replace(
            section,
            changes=tuple(
                change if change.p is None else verdict_on(change, next(corrected), len(found))
                for change in section.changes
            ),
        )
        for section in sections
    ]
    return Comparison(a, b, tuple(done), len(found), tuple(notes))


def chosen(known: Mapping[str, Metric], patterns: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    """Return the names that patterns choose, in the order of the declarations; the main metrics where none is given."""
    for pattern in (*patterns, *more):
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigError("metric", f"'{pattern}'", "a metric of one of the runs, or a pattern", known)
    wanted = tuple(more)
    if patterns:
        return [name for name in known if any(fnmatchcase(name, pattern) for pattern in (*patterns, *wanted))]
    return [name for name, one in known.items() if one.main or any(fnmatchcase(name, pattern) for pattern in wanted)]


def _declared(side: Side) -> dict[str, Metric]:
    """Return the metrics of a run, the main ones as its own report has them: of text without spaces CER, not WER."""
    found: dict[str, Metric] = {}
    for probe in side.run.probes:
        for metric in probe.metrics:
            scopes = [stage.key for stage in side.run.stages] if metric.scope == "stage" else [metric.scope]
            found.update({f"{scope}.{metric.name}": metric for scope in scopes})
    mains = {stage: main_rate(errors) for stage, errors in errors_by_stage(side.run, side.measured).items()}
    return with_main_figure(found, mains)


def _left_out(a: Side, b: Side) -> Iterable[str]:
    """Say which utterances only one of the runs has completed, for neither run's figure holds them."""
    done = [{trial.utterance.id for trial in side.trials if trial.outcome.ok} for side in (a, b)]
    for alone, side in ((sorted(done[0] - done[1]), b), (sorted(done[1] - done[0]), a)):
        if alone:
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            yield f"left out, for '{side.name}' completed no trial of it: {alone[0]}{more}"
