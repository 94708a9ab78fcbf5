"""One job: from a composed configuration to a run's folder with every trial in it."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from harness import store
from harness.clock import Clock
from harness.config import Settings, builtin_folder, settings_of
from harness.dataset import utterances
from harness.environment import environment, file_facts
from harness.experiment import Ending, Experiment
from harness.limit import Limits, limits_for
from harness.place import Place, read_place
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Listeners, discover
from harness.records import Environment
from harness.screen import Screen, Write, print_at_once
from harness.status import StatusLines


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job's run goes, how it was asked for, which keys its sweep varies, and which experiment was chosen.

    ``again`` marks one of a series on the same machine, whose warnings have been given.
    """

    folder: Path
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    experiment: str | None = None
    again: bool = False


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
    heard = utterances(settings.dataset, builtin_folder("samples").parent)
    started_at = clock.wall().isoformat(timespec="milliseconds")
    version = metadata.version("asr-align-harness")
    facts = JobFacts(job.folder.name, started_at, version, job.overrides, job.swept, job.experiment)
    fit, limits = limits_for(settings.fit)
    settings = replace(settings, fit=fit)
    plan = make_plan(settings, registry, heard, facts)
    listeners, screen = _listeners(plan, settings, read_place(job.folder, clock.wall()), clock)
    store.claim(job.folder)
    with ExitStack() as at_end:
        at_end.callback(_close, limits, screen)
        experiment = Experiment(plan, listeners, job.folder, clock, limits)
        experiment.launch()
        try:
            before = _describe(plan, config, job.folder)
            unset = point_latest(Path(settings.outputs), job.folder)
        except BaseException:
            experiment.close()
            raise
        screen.warn([*(() if job.again else before.warnings), *unset])
        ending = experiment.run()
    _complete(job.folder, before, ending)
    return Done(settings, ending, screen)


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


def _describe(plan: Plan, config: DictConfig, folder: Path) -> Environment:
    """Write down what will be run and where, before anything is."""
    before = environment(plan.protocol, any(stage.uses_threads for stage in plan.run.stages))
    store.write_text(folder / store.CONFIG, OmegaConf.to_yaml(config, resolve=True))
    store.write_json(folder / store.RUN, plan.run)
    store.write_json(folder / store.ENVIRONMENT, before)
    return before


def _listeners(plan: Plan, settings: Settings, place: Place | None, clock: Clock) -> tuple[Listeners, Screen]:
    """Return everybody who hears of the run; the bar, and rich with it, only where there is a terminal.

    Elsewhere a sweep's jobs, which have a place, say a line a trial in place of a block.
    """
    listeners = Listeners()
    write: Write = print_at_once
    lines = place is not None and not sys.stdout.isatty() and not settings.verbose
    if sys.stdout.isatty() and not settings.quiet:
        from harness.progress import ProgressBar

        bar = ProgressBar(plan.run.trials, place)
        write = bar.write
        listeners.add(bar, "progress")
    reference = plan.utterances[0].reference
    screen = Screen(reference, write, quiet=settings.quiet, verbose=settings.verbose, blocks=not lines)
    listeners.add(screen, "screen")
    if lines:
        listeners.add(StatusLines(lambda line: screen.show([line]), clock, place), "status")
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    for exporter in plan.exporters:
        listeners.add(exporter, f"exporter.{exporter.name}")
    return listeners, screen


def _complete(folder: Path, before: Environment, ending: Ending) -> None:
    """Add to the environment what only the end knows: what engines said of themselves, and the hashes of models."""
    files = [path for facts in ending.engines.values() for path in facts.get("files", ())]
    after = replace(before, engines=ending.engines, files=file_facts(files))
    store.write_json(folder / store.ENVIRONMENT, after)
