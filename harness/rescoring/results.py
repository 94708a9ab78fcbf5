"""A stored run or sweep scored again into a folder of its own, beside what it was: ``FOLDER/rescored/LABEL``."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from harness import store
from harness.analysis.fit import is_search
from harness.analysis.rescored import Rescored, changed_options, rescored
from harness.analysis.stored_summary import read_summary
from harness.analysis.sweep import is_sweep, read_sweep
from harness.analysis.sweep_plan import read_plan
from harness.clock import Clock
from harness.errors import StoreError
from harness.inside import subfolder
from harness.plugins import Registry, discover
from harness.records import Rescoring, Run, Utterance
from harness.report.publish import publish
from harness.report.sweep_page import publish_page
from harness.report.sweep_report import publish_sweep
from harness.rescoring.changes import Changes
from harness.rescoring.references import References, read_references
from harness.rescoring.scorer import Scorer, scorer
from harness.store import Failure
from harness.whole_folder import whole_folder

_COPIED = (store.ENVIRONMENT, store.CONFIG, store.DIFFERS)
"""What of a run is as it was, and is read by its reports; beside each leg's curve and environment."""
_COPIED_OF_SWEEP = (store.PLAN, store.MULTIRUN)


@dataclass(frozen=True, slots=True)
class Results:
    """What came of it: the folder, old figures beside new ones, notes, and whether it ``replaced`` what was there."""

    folder: Path
    rows: tuple[Rescored, ...]
    notes: tuple[str, ...]
    replaced: bool = False


@dataclass
class _Rescore:
    """One call of the command: what is changed, by which probes, and when."""

    wanted: Changes
    registry: Registry
    references: References | None
    at: str
    rows: list[Rescored] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    def run(self, source: Path, target: Path, job: str = "") -> None:
        """Score one run again into ``target``, which exists. Raises :class:`harness.errors.UserError`."""
        if store.is_being_written(source):
            raise StoreError("run folder", f"'{source}', which is being measured", "a run that has ended")
        before = read_summary(source)
        scoring = scorer(before.run, self.wanted, self.registry, self._corrected())
        notes: list[str] = []
        store.write_trials(target, map(scoring.again, store.each_trial(source, notes)))
        legs = range(len(before.run.seams) + 1)
        of_legs = {*map(store.curve_name, legs), *map(store.environment_name, legs)}
        for name in (*_COPIED, *of_legs):
            with suppress(FileNotFoundError):
                shutil.copyfile(source / name, target / name)
        run = self._record(before.run, scoring, source, notes)
        store.write_json(target / store.RUN, run)
        after = publish(target).summary
        self.rows += rescored(run, before.summary, after, job)
        self.notes |= dict.fromkeys((*changed_options(before.run, run), *scoring.notes, *notes))

    def _record(self, run: Run, scoring: Scorer, source: Path, notes: Sequence[str]) -> Run:
        """Return what the folder says of its run: as it was, but for the probes and what is said of them."""
        done = Rescoring(
            source=_named(source),
            at=self.at,
            harness_version=metadata.version("asr-align-harness"),
            changes=self.wanted.words,
        )
        asked = " ".join(done.changes) or "nothing changed"
        line = f"scored again at {done.at} by version {done.harness_version}: {asked}"  # equal in all jobs of a sweep
        return replace(run, probes=scoring.records, rescored=done, notes=(*run.notes, line, *scoring.notes, *notes))

    def _corrected(self) -> Callable[[Utterance], Utterance] | None:
        return None if self.references is None else self.references.corrected

    def sweep(self, source: Path, target: Path) -> None:
        """Score each job of a sweep again, and make the sweep's reports over them."""
        for name in _COPIED_OF_SWEEP:
            with suppress(FileNotFoundError):
                shutil.copyfile(source / name, target / name)
        plan = read_plan(source)
        overrides = {job.job: job.overrides for job in plan.jobs} if plan else {}
        for job in _jobs(source):
            (target / job.name).mkdir()
            if (job / store.FAILURE).exists():
                shutil.copyfile(job / store.FAILURE, target / job.name / store.FAILURE)
                continue
            try:
                self.run(job, target / job.name, job.name)
            except StoreError as error:
                self.notes[f"job {job.name} was not scored again: {error}"] = None
                shutil.rmtree(target / job.name)
                (target / job.name).mkdir()
                failure = Failure(tuple(overrides.get(job.name, ())), f"not scored again: {error}")
                store.write_json(target / job.name / store.FAILURE, failure)
        found = read_sweep(target)
        publish_page(found, publish_sweep(found))


def rescore(folder: Path, wanted: Changes, label: str, clock: Clock) -> Results:
    """Score a stored run or sweep again, and write all of it, or nothing, into ``FOLDER/rescored/LABEL``.

    What stands there already is replaced: it can be made again. Nothing else is written. Raises
    :class:`harness.errors.UserError` for a folder that holds neither, and for what cannot be changed.
    """
    if is_search(folder):
        attempts = [str(path.parent) for path in sorted((folder / store.ATTEMPTS).glob(f"*/{store.RUN}"))]
        raise StoreError("run folder", f"'{folder}', a search for a memory limit", "the folder of a run", attempts)
    sweep = is_sweep(folder)
    if not sweep:
        store.read_description(folder)
    references = None if wanted.references is None else read_references(wanted.references, folder)
    at = clock.wall().isoformat(timespec="milliseconds")
    scoring = _Rescore(wanted, discover(wanted.plugins), references, at)
    target = subfolder(folder / store.RESCORED) / label
    replaced = target.exists()
    try:
        with whole_folder(target) as fresh:
            (scoring.sweep if sweep else scoring.run)(folder, fresh)
    except OSError as error:
        raise StoreError("output folder", f"'{target}' ({error.strerror})", "a folder that can be written") from None
    if references is not None:
        scoring.notes |= dict.fromkeys(references.notes)
    return Results(target, tuple(scoring.rows), tuple(scoring.notes), replaced)


def _jobs(sweep: Path) -> list[Path]:
    """Return the folders of a sweep's jobs by number."""
    holding = (store.RUN, store.FAILURE)
    found = [path for path in sweep.iterdir() if path.is_dir() and any((path / name).exists() for name in holding)]
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _named(folder: Path) -> str:
    """Return a folder as it can be found later: ``outputs/latest`` points elsewhere by then."""
    real, here = folder.resolve(), Path.cwd()
    return str(real.relative_to(here) if real.is_relative_to(here) else real)
