"""One job: from a composed configuration to a run's folder with everything in it."""

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
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Listeners, discover
from harness.records import Environment
from harness.report.publish import publish
from harness.screen import Screen

FAILED, INTERRUPTED = 1, 130


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job's run goes, how it was asked for, and which keys its sweep varies."""

    folder: Path
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()


def run_job(config: DictConfig, job: Job, clock: Clock) -> int:
    """Run a job and return its exit status: 0, 1 where a trial failed, 130 where it was interrupted.

    Raises :class:`harness.errors.UserError` for what the user gave and cannot be used; nothing has run then.
    """
    settings = settings_of(config)
    registry = discover(settings.plugins)
    heard = utterances(settings.dataset, builtin_folder("samples").parent)
    started_at = clock.wall().isoformat(timespec="milliseconds")
    facts = JobFacts(job.folder.name, started_at, metadata.version("asr-align-harness"), job.overrides, job.swept)
    plan = make_plan(settings, registry, heard, facts)
    before = _open_folder(plan, config, job.folder)
    screen = Screen(heard[0].reference, plan.run.trials, quiet=settings.quiet, verbose=settings.verbose)
    screen.warn(before.warnings)
    ending = Experiment(plan, _listeners(plan, screen), job.folder, clock).run()
    return _close(settings, job.folder, before, ending, screen)


def point_latest(outputs: Path, folder: Path) -> None:
    """Let ``latest`` in the folder of all outputs point to a run or a sweep."""
    link, temporary = outputs / "latest", outputs / ".latest"
    if not outputs.is_dir() or (link.exists() and not link.is_symlink()):
        return
    temporary.unlink(missing_ok=True)
    inside = folder.resolve().is_relative_to(outputs.resolve())
    temporary.symlink_to(folder.resolve().relative_to(outputs.resolve()) if inside else folder.resolve())
    temporary.replace(link)


def _open_folder(plan: Plan, config: DictConfig, folder: Path) -> Environment:
    """Write down what will be run and where, before anything is."""
    store.claim(folder)
    before = environment(plan.protocol, any(stage.uses_threads for stage in plan.run.stages))
    store.write_text(folder / store.CONFIG, OmegaConf.to_yaml(config, resolve=True))
    store.write_json(folder / store.RUN, plan.run)
    store.write_json(folder / store.ENVIRONMENT, before)
    return before


def _listeners(plan: Plan, screen: Screen) -> Listeners:
    listeners = Listeners()
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    listeners.add(screen, "screen")
    return listeners


def _close(settings: Settings, folder: Path, before: Environment, ending: Ending, screen: Screen) -> int:
    """Write what only the end knows, the summary and the reports, and show them."""
    files = [path for facts in ending.engines.values() for path in facts.get("files", ())]
    store.write_json(folder / store.ENVIRONMENT, replace(before, engines=ending.engines, files=file_facts(files)))
    published = publish(folder)
    point_latest(Path(settings.outputs), folder)
    screen.show(published)
    screen.warn(ending.problems)
    if ending.interrupted:
        return INTERRUPTED
    return 0 if ending.ok else FAILED
