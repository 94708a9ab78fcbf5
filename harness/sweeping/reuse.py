"""Equal cells of earlier sweeps: found by what they are of, copied in the place of being run again.

Only a run whose every trial was done and is ok stands for another, in one leg and with nothing forced: what was forced
is of two identities, and across a seam there is no growth verdict, which a new run would have.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import msgspec
from omegaconf import DictConfig, OmegaConf

from harness import store
from harness.clock import Clock
from harness.config import builtin_folder, settings_of
from harness.corpus.forms import open_corpus
from harness.environment import environment
from harness.errors import StoreError
from harness.job import Job
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import discover
from harness.records import Run
from harness.resuming.changes import changes
from harness.resuming.identification import identity_of
from harness.resuming.identity import Identity
from harness.resuming.ownership import is_owner
from harness.sweeping.reused import Reused, read_reused
from harness.sweeping.state import REUSED
from harness.whole_folder import whole_folder

_COMPARED = ("config", "library", "code", "data", "machine")
"""Parts whose hashes have to be the same; of models the files are asked, for a copy has another time."""
_MADE_AGAIN = frozenset(
    {store.SUMMARY, store.ORIGINAL, store.REPORT_MD, store.REPORT_HTML, store.UTTERANCES, store.CONFIG, store.RUN}
)


@dataclass(frozen=True, slots=True)
class _Hashes:
    sha256: str = ""
    parts: dict[str, str] | None = None


def reused(config: DictConfig, job: Job, clock: Clock) -> Reused | None:
    """Copy an equal run below ``outputs`` into the folder of a job, the newest; None where there is none.

    Asked on the machine that would run the job, whose facts are part of what has to be equal. Raises
    :class:`harness.errors.UserError` as running it would.
    """
    settings = settings_of(config)
    if not settings.sweep.skip_done:
        return None
    plan = _planned(config, job, clock)
    found = identity_of(plan, environment())
    equal = list(_candidates(Path(settings.outputs), found, job.folder.parent))
    for folder, run in sorted(equal, key=lambda one: one[1].started_at, reverse=True):
        expected = store.read_json(folder / store.IDENTITY, Identity)
        if not changes(found, expected):
            return _copied(folder, run, plan, config, job, clock)
    return None


def _planned(config: DictConfig, job: Job, clock: Clock) -> Plan:
    settings = settings_of(config)
    corpus = open_corpus(settings.dataset, builtin_folder("samples").parent, settings.protocol.seed)
    began = clock.wall().isoformat(timespec="milliseconds")
    version = metadata.version("asr-align-harness")
    facts = JobFacts(job.folder.name, began, version, job.overrides, job.swept, job.experiment, str(Path.cwd()))
    return make_plan(settings, discover(settings.plugins), corpus, facts)


def _candidates(outputs: Path, found: Identity, own: Path) -> Iterator[tuple[Path, Run]]:
    """Yield the runs of the same identity, but for their models' files, outside of the sweep itself."""
    wanted = {name: found.parts[name] for name in _COMPARED}
    for folder, names in _runs(outputs, own.resolve()):
        if store.IDENTITY not in names:
            continue
        try:
            known = msgspec.json.decode((folder / store.IDENTITY).read_bytes(), type=_Hashes)
            if known.sha256 and wanted.items() <= (known.parts or {}).items() and _is_whole(folder):
                yield folder, store.read_description(folder)[0]
        except (OSError, StoreError, msgspec.DecodeError, UnicodeDecodeError):
            continue  # what cannot be read is no equal of anything


def _runs(outputs: Path, own: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield the folders of runs and their files; below a run there is no other, and links are not followed."""
    for root, below, names in os.walk(outputs):
        if Path(root).resolve() == own:
            below.clear()
        elif store.RUN in names:
            below.clear()
            yield Path(root), names
        below[:] = [name for name in below if not name.startswith(".")]


def _is_whole(folder: Path) -> bool:
    """Tell whether a run has all its trials, each ok, in one leg, and is nobody's any more."""
    run, _ = store.read_description(folder)
    if run.seams or run.rescored is not None or store.is_being_written(folder):
        return False
    done: set[int] = set()
    for trial in store.each_trial(folder, []):
        if not trial.outcome.ok:
            return False
        done.add(trial.index)
    return len(done) == run.trials


def _copied(source: Path, run: Run, plan: Plan, config: DictConfig, job: Job, clock: Clock) -> Reused:
    """Fill a job's folder with the files of a run, under the job's own name, overrides and wishes for its reports."""
    earlier = read_reused(source)
    record = Reused(
        source=earlier.source if earlier else str(source.resolve()),
        began_at=run.started_at,
        at=clock.wall().isoformat(timespec="milliseconds"),
        identity_sha256=store.read_json(source / store.IDENTITY, _Hashes).sha256,
    )
    own = plan.run
    told = replace(
        run,
        id=own.id,
        overrides=own.overrides,
        swept=own.swept,
        experiment=own.experiment,
        budgets=own.budgets,
        subtitles=own.subtitles,
        charts=own.charts,
    )
    try:
        with whole_folder(job.folder) as fresh:
            for path in source.iterdir():
                if path.is_file() and not path.is_symlink() and not _is_left_out(path.name):
                    shutil.copy2(path, fresh / path.name)
            store.write_text(fresh / store.CONFIG, OmegaConf.to_yaml(config, resolve=True))
            store.write_json(fresh / REUSED, record)
            store.write_json(fresh / store.RUN, told)
    except OSError as error:
        raise StoreError(
            "output folder", f"'{job.folder}' ({error.strerror})", "a folder that can be written"
        ) from None
    return record


def _is_left_out(name: str) -> bool:
    return name in _MADE_AGAIN or name.startswith(".") or is_owner(name)
