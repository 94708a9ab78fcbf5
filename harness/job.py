"""One job: from a composed configuration to a run's folder with every trial in it."""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from harness import store
from harness.clock import Clock
from harness.config import Settings, builtin_folder, settings_of
from harness.console.screen import Screen, Write, print_at_once
from harness.console.status import StatusLines
from harness.corpus.forms import open_corpus
from harness.defaults import defaults
from harness.differences import differences
from harness.environment import environment, file_facts, named_files_mib, usable_cores
from harness.errors import ConfigError, DiskError
from harness.experiment import Ending, Experiment
from harness.limit import Limits, limits_for
from harness.machine.allotted import Allotted
from harness.machine.blur import blurs, disturbed
from harness.machine.noise import Disturbance, Noise
from harness.machine.quietness import BRIEF, WHOLE, checked, counters, disturbance
from harness.plan import JobFacts, Plan, make_plan
from harness.plugin_sources import unasked
from harness.plugins import Listeners, discover
from harness.records import Environment
from harness.resuming.begun import Begun
from harness.resuming.identification import identity_of
from harness.resuming.identity import Identity, completed
from harness.resuming.ownership import Ownership, own
from harness.resuming.taking_up import TakenUp, forced_lines, lines_of, taken_up
from harness.stopping import Stop
from harness.sweeping.place import Place, read_place
from harness.sweeping.requests import launcher_of_job


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job's run goes, how it was asked for, which keys its sweep varies, and which experiment was chosen.

    ``again`` marks a later one of a series on the same machine, for which a brief noise check does. ``told`` names what
    of it has been warned about, and is shared by the jobs of a series. ``resumed`` lets the run in the folder go on
    where it was stopped; it is not begun anew, and ``force`` lets it although something has changed.
    """

    folder: Path
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    experiment: str | None = None
    again: bool = False
    resumed: bool = False
    force: bool = False
    told: set[str] = field(default_factory=set, compare=False)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a job's composed configuration comes to: its settings, its limits and where each plugin came from."""

    config: DictConfig
    settings: Settings
    limits: Limits | None
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """A job that has run: how it ended, and the screen that showed it."""

    settings: Settings
    ending: Ending
    screen: Screen


def run_job(config: DictConfig, job: Job, clock: Clock) -> Done:
    """Run a job to its end, which may be that it was interrupted or that every trial failed.

    Raises :class:`harness.errors.UserError` for what the user gave and cannot be used; nothing has run then. Raises
    KeyboardInterrupt where another process has taken the run over, which is said; nothing more is written then.
    """
    settings = settings_of(config)
    registry = discover(settings.plugins)
    corpus = open_corpus(settings.dataset, builtin_folder("samples").parent, settings.protocol.seed)
    started_at = clock.wall().isoformat(timespec="milliseconds")
    version = metadata.version("asr-align-harness")
    facts = JobFacts(
        job.folder.name,
        started_at,
        version,
        job.overrides,
        job.swept,
        job.experiment,
        directory=str(Path.cwd()),
        resumed=job.resumed,
    )
    fit, limits = limits_for(settings.fit)
    settings = replace(settings, fit=fit)
    plan = make_plan(settings, registry, corpus, facts)
    given = _Given(config, settings, limits, registry.sources)
    try:
        with _owned(job) as owner:
            return _run(job, clock, given, _begun(plan, job), owner)
    except DiskError:
        if not job.resumed:
            store.forsake(job.folder)  # nothing has run: a second try is no second run
        raise


def _owned(job: Job) -> Ownership:
    """Own the folder of a job; one that is not resumed has to be without a run."""
    if job.resumed:
        return own(job.folder)
    store.claim(job.folder)
    owner = own(job.folder)
    if owner.number:  # another had it meanwhile
        try:
            store.claim(job.folder)
        except BaseException:
            owner.close()
            raise
    return owner


def _begun(plan: Plan, job: Job) -> TakenUp:
    """Return the run as it begins, or as it goes on."""
    if job.resumed:
        return taken_up(plan, job.folder, identity_of(plan, environment()), force=job.force)
    return TakenUp(plan, Begun(), None)


def _run(job: Job, clock: Clock, given: _Given, taken: TakenUp, owner: Ownership) -> Done:
    """Run what is left of a plan in a folder that is owned."""
    config, settings, limits, sources = given.config, given.settings, given.limits, given.sources
    plan, before = taken.plan, taken.begun
    listeners, screen = _listeners(plan, settings, read_place(job.folder, clock.wall()), clock, len(before.done))
    with ExitStack() as at_end:
        stop = at_end.enter_context(Stop())
        at_end.callback(_close, limits, screen)
        allotted = at_end.enter_context(Allotted(launcher_of_job(), plan.protocol.threads, job.folder))
        cpus = allotted.allocation.cpus
        experiment = Experiment(plan, listeners, job.folder, clock, limits, before, stop, owner.holds, cpus)
        noise, start = checked(clock, BRIEF if job.again else WHOLE, named_files_mib(plan.run.stages))
        try:
            experiment.launch()
            blurred = blurs(noise, len(cpus) or usable_cores(), _threads(plan))
            lines = [*(blur.line for blur in blurred), *allotted.problems]
            found = environment(noise, lines, allocation=allotted.allocation)
            described = replace(found, plugins=sources)
            identity = taken.identity or identity_of(plan, described)
            _describe(plan, config, job.folder, described, identity)
            unset = point_latest(Path(settings.outputs), job.folder)
        except BaseException:
            experiment.close()
            raise
        screen.warn([*(blur.line for blur in blurred if blur.item not in job.told), *allotted.problems, *unset])
        asked = unasked(sources, settings.plugins, job.overrides)
        screen.warn(line for line in asked if line not in job.told)
        job.told.update(asked)
        job.told.update(blur.item for blur in blurred)
        if before.leg:
            screen.show(lines_of(plan.run, before, owner.before))
            screen.warn(forced_lines(plan.run))
        ending = experiment.run()
        described = replace(described, allocation=allotted.look())
    _leave_to_another(owner, screen)
    try:
        _complete(job.folder, described, identity, ending, disturbance(start, counters(clock)))
        ending.problems.extend(_write_differences(config, job.folder))
    except DiskError as error:
        ending.disk = ending.disk or error
    return Done(settings, ending, screen)


def _leave_to_another(owner: Ownership, screen: Screen) -> None:
    """Say who has taken the run over, and end as an interrupted one does; do nothing where nobody has."""
    if not owner.holds():
        screen.warn(
            [f"the run was taken over by {owner.successor() or 'another process'}; nothing more is written here"]
        )
        raise KeyboardInterrupt


def _close(limits: Limits | None, screen: Screen) -> None:
    """Remove what a worker's end has not: Ctrl-C may come between the two."""
    if limits is not None and not limits.close():
        screen.warn(["a memory group could not be removed: a process in it does not end"])


def point_latest(outputs: Path, folder: Path) -> tuple[str, ...]:
    """Let ``latest`` in the folder of all outputs point to a run or a sweep; return a line where that cannot be.

    A file system without links costs the link and no run.
    """
    link, temporary = outputs / "latest", outputs / f".latest.{os.getpid()}"
    if not outputs.is_dir() or (link.exists() and not link.is_symlink()):
        return ()
    inside = folder.resolve().is_relative_to(outputs.resolve())
    try:
        temporary.symlink_to(folder.resolve().relative_to(outputs.resolve()) if inside else folder.resolve())
        temporary.replace(link)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        return (f"'{link}' was not set ({error.strerror})",)
    return ()


def _threads(plan: Plan) -> int | None:
    """Return the threads that the run asks for, None where none of its stages cares."""
    return plan.protocol.threads if any(stage.uses_threads for stage in plan.run.stages) else None


def _describe(plan: Plan, config: DictConfig, folder: Path, before: Environment, identity: Identity) -> None:
    """Write down what will be run and where, before anything is."""
    store.write_text(folder / store.CONFIG, OmegaConf.to_yaml(config, resolve=True))
    store.write_json(folder / store.RUN, plan.run)
    (folder / store.FAILURE).unlink(missing_ok=True)  # of an earlier try, which could not even begin
    store.write_json(folder / store.IDENTITY, identity)
    store.write_json(folder / store.ENVIRONMENT, before)


def _listeners(
    plan: Plan, settings: Settings, place: Place | None, clock: Clock, done: int
) -> tuple[Listeners, Screen]:
    """Return everybody who hears of the run; the bar, and rich with it, only where there is a terminal.

    Elsewhere a sweep's jobs, which have a place, say a line a trial in place of a block, and so does a run over a
    corpus, which on a terminal leaves it to the bar; only what goes wrong is said of each of its utterances.
    """
    listeners = Listeners()
    write: Write = print_at_once
    many = plan.run.corpus is not None and len(plan.corpus) > 1
    brief = (many or (place is not None and not sys.stdout.isatty())) and not settings.verbose
    if sys.stdout.isatty() and not settings.quiet:
        from harness.console.progress import ProgressBar

        bar = ProgressBar(plan.run.trials, place, done)
        write = bar.write
        listeners.add(bar, "progress")
    reference = plan.corpus.entry(0).reference
    screen = Screen(reference, write, quiet=settings.quiet, verbose=settings.verbose, blocks=not brief, troubles=many)
    listeners.add(screen, "screen")
    if brief and not sys.stdout.isatty():
        listeners.add(StatusLines(lambda line: screen.show([line]), clock, place, done), "status")
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    for exporter in plan.exporters:
        listeners.add(exporter, f"exporter.{exporter.name}")
    return listeners, screen


def _complete(folder: Path, before: Environment, identity: Identity, ending: Ending, during: Disturbance) -> None:
    """Add to the environment what only the end knows: engines' own facts, hashes of models, and what disturbed the run.

    The last is a problem of the run too. The hashes are in the run's identity, too.
    """
    disturbances = disturbed(during)
    ending.problems.extend(disturbances)
    files = [path for facts in ending.engines.values() for key in ("files", "libraries") for path in facts.get(key, ())]
    after = replace(
        before,
        engines=ending.engines,
        files=file_facts(files),
        warnings=(*before.warnings, *disturbances),
        noise=replace(before.noise or Noise(), during=during),
    )
    store.write_json(folder / store.ENVIRONMENT, after)
    store.write_json(folder / store.IDENTITY, completed(identity, after.files))


def _write_differences(config: DictConfig, folder: Path) -> tuple[str, ...]:
    """Write what of the configuration is not as the defaults are; return a line where that cannot be told.

    After the last trial, for composing the defaults takes half a second.
    """
    try:
        shipped = defaults()
    except ConfigError as error:
        return (f"what differs from the defaults is not known ({error})",)
    used = OmegaConf.to_container(config, resolve=True)
    assert isinstance(used, dict)
    own = {str(key): value for key, value in used.items() if key != "hydra"}
    store.write_json(folder / store.DIFFERS, differences(shipped, own))
    return ()
