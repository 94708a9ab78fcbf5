"""One job: from a composed configuration to a run's folder with every trial in it."""

import os
import socket
import sys
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
from harness.errors import ConfigError
from harness.experiment import Ending, Experiment
from harness.limit import Limits, limits_for
from harness.machine.allotted import Allotted
from harness.machine.blur import blurs, disturbed
from harness.machine.noise import Disturbance, Noise
from harness.machine.quietness import BRIEF, WHOLE, checked, counters, disturbance
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Listeners, discover
from harness.records import Environment, Seam
from harness.resuming.begun import Begun, begun, set_aside
from harness.stopping import Stop
from harness.sweeping.place import Place, read_place
from harness.sweeping.requests import launcher_of_job


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job's run goes, how it was asked for, which keys its sweep varies, and which experiment was chosen.

    ``again`` marks a later one of a series on the same machine, for which a brief noise check does. ``told`` names what
    of it has been warned about, and is shared by the jobs of a series. ``resumed`` lets the run in the folder go on
    where it was stopped; it is not begun anew.
    """

    folder: Path
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    experiment: str | None = None
    again: bool = False
    resumed: bool = False
    told: set[str] = field(default_factory=set, compare=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A job that has run: how it ended, and the screen that showed it."""

    settings: Settings
    ending: Ending
    screen: Screen


def run_job(config: DictConfig, job: Job, clock: Clock) -> Done:
    """Run a job to its end, which may be that it was interrupted or that every trial failed.

    Raises :class:`harness.errors.UserError` for what the user gave and cannot be used; nothing has run then.
    """
    settings = settings_of(config)
    registry = discover(settings.plugins)
    corpus = open_corpus(settings.dataset, builtin_folder("samples").parent, settings.protocol.seed)
    started_at = clock.wall().isoformat(timespec="milliseconds")
    version = metadata.version("asr-align-harness")
    facts = JobFacts(
        job.folder.name, started_at, version, job.overrides, job.swept, job.experiment, directory=str(Path.cwd())
    )
    fit, limits = limits_for(settings.fit)
    settings = replace(settings, fit=fit)
    plan = make_plan(settings, registry, corpus, facts)
    before = Begun()
    if job.resumed:
        plan, before = _taken_up(plan, job.folder)
    else:
        store.claim(job.folder)
    listeners, screen = _listeners(plan, settings, read_place(job.folder, clock.wall()), clock, len(before.done))
    with ExitStack() as at_end:
        stop = at_end.enter_context(Stop())
        at_end.callback(_close, limits, screen)
        allotted = at_end.enter_context(Allotted(launcher_of_job(), plan.protocol.threads, job.folder))
        cpus = allotted.allocation.cpus
        experiment = Experiment(plan, listeners, job.folder, clock, limits, before, stop, cpus)
        noise, start = checked(clock, BRIEF if job.again else WHOLE, named_files_mib(plan.run.stages))
        experiment.launch()
        try:
            blurred = blurs(noise, len(cpus) or usable_cores(), _threads(plan))
            lines = [*(blur.line for blur in blurred), *allotted.problems]
            found = environment(noise, lines, allocation=allotted.allocation)
            described = _describe(plan, config, job.folder, found)
            unset = point_latest(Path(settings.outputs), job.folder)
        except BaseException:
            experiment.close()
            raise
        screen.warn([*(blur.line for blur in blurred if blur.item not in job.told), *allotted.problems, *unset])
        job.told.update(blur.item for blur in blurred)
        ending = experiment.run()
        described = replace(described, allocation=allotted.look())
    _complete(job.folder, described, ending, disturbance(start, counters(clock)))
    ending.problems.extend(_write_differences(config, job.folder))
    return Done(settings, ending, screen)


def _taken_up(plan: Plan, folder: Path) -> tuple[Plan, Begun]:
    """Return the plan of a stored run as it goes on, with a seam, and what of it is done; write both down."""
    stored = store.read_run(folder)
    done = begun(stored.run, stored.trials)
    seam = Seam(
        leg=done.leg,
        at=plan.run.started_at,
        hostname=socket.gethostname(),
        harness_version=plan.run.harness_version,
        kept=len(done.done),
        set_aside=set_aside(folder),
    )
    if stored.environment is not None:
        store.write_json(folder / store.environment_name(done.leg - 1), stored.environment)
    return replace(plan, run=replace(stored.run, seams=(*stored.run.seams, seam))), done


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


def _describe(plan: Plan, config: DictConfig, folder: Path, before: Environment) -> Environment:
    """Write down what will be run and where, before anything is."""
    store.write_text(folder / store.CONFIG, OmegaConf.to_yaml(config, resolve=True))
    store.write_json(folder / store.RUN, plan.run)
    store.write_json(folder / store.ENVIRONMENT, before)
    return before


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
        listeners.add(StatusLines(lambda line: screen.show([line]), clock, place), "status")
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    for exporter in plan.exporters:
        listeners.add(exporter, f"exporter.{exporter.name}")
    return listeners, screen


def _complete(folder: Path, before: Environment, ending: Ending, during: Disturbance) -> None:
    """Add to the environment what only the end knows: engines' own facts, hashes of models, and what disturbed the run.

    The last is a problem of the run too.
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
