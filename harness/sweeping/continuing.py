"""A stopped sweep goes on: what is stored of it, what is left of it, and the launcher that it was begun with."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness import store
from harness.analysis.sweep_plan import read_plan
from harness.errors import ConfigError, DiskError, StoreError
from harness.finishing import FAILED
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.gathering import gather
from harness.sweeping.launched import Launched
from harness.sweeping.state import State, state_of
from harness.sweeping.sweeper import Interleaving
from harness.sweeping.task import SweepTask, remade

_REPORTS = (store.SWEEP_JSON, store.SWEEP_CSV, store.SWEEP_MD, store.SWEEP_HTML)
_MOST_NAMES = 12
_A_SWEEP = "the folder of a sweep that this harness began"


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep as its folder has it: the plan, and what Hydra composed for it as a whole."""

    folder: Path
    plan: SweepPlan
    config: DictConfig

    @property
    def name(self) -> str:
        """The name of the file that the configuration was composed from."""
        return str(OmegaConf.select(self.config, "hydra.job.config_name") or "config")

    @property
    def config_dir(self) -> str | None:
        """What ``--config-dir`` named."""
        sources = OmegaConf.select(self.config, "hydra.runtime.config_sources") or []
        named = [str(one.get("path")) for one in sources if one.get("provider") == "command line"]
        return named[0] if named else None

    @property
    def directory(self) -> Path:
        """The working directory of whoever began it."""
        return Path(str(OmegaConf.select(self.config, "hydra.runtime.cwd")))

    @property
    def overrides(self) -> list[str]:
        """The command line by which it was begun, and the folder, which may have another name now."""
        kept = [*self._listed("hydra"), *self._listed("task")]
        return [one for one in kept if not one.startswith("hydra.sweep.dir=")] + [sweep_dir(self.folder)]

    def _listed(self, name: str) -> list[str]:
        node = OmegaConf.select(self.config, f"hydra.overrides.{name}")
        found = OmegaConf.to_container(node, resolve=False) if OmegaConf.is_list(node) else []
        return [str(one) for one in found] if isinstance(found, list) else []


def sweep_dir(folder: Path) -> str:
    """Return the override that names a sweep's folder, from the root: a job may be run in another directory."""
    quoted = str(folder.absolute()).replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"hydra.sweep.dir='{quoted}'"


def stored_sweep(folder: Path) -> StoredSweep:
    """Read what a sweep was begun with. Raises :class:`StoreError` where it is not there, or damaged."""
    plan = read_plan(folder)
    if plan is None:
        raise StoreError("sweep folder", f"'{folder}' without {store.PLAN}", _A_SWEEP)
    path = folder / store.MULTIRUN
    try:
        config = OmegaConf.load(path)
    except FileNotFoundError:
        raise StoreError("sweep folder", f"'{folder}' without {store.MULTIRUN}", _A_SWEEP) from None
    except (OSError, YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise StoreError("sweep folder", f"'{path}' ({str(error).partition(chr(10))[0]})", _A_SWEEP) from None
    if not isinstance(config, DictConfig) or not OmegaConf.is_list(OmegaConf.select(config, "hydra.overrides.task")):
        raise StoreError("sweep folder", f"'{path}' without hydra.overrides.task", _A_SWEEP)
    return StoredSweep(folder.resolve(), plan, config)


@contextlib.contextmanager
def at_home(sweep: StoredSweep) -> Iterator[None]:
    """Work in the directory in which a sweep was begun: relative paths count from there, modules are found there."""
    if not sweep.directory.is_dir():
        raise StoreError(
            "working directory",
            f"none at '{sweep.directory}'",
            "the one in which the sweep was begun, for relative paths count from it",
        )
    with contextlib.chdir(sweep.directory):
        yield


def go_on(hydra: Hydra, sweep: StoredSweep, *, force: bool) -> int:
    """Do what is left of a sweep by its own launcher, and return the exit status. Raises :class:`UserError`."""
    config = hydra.compose_config(sweep.name, sweep.overrides, RunMode.MULTIRUN, with_log_configuration=False)
    outputs = OmegaConf.select(config, "outputs")
    if not isinstance(outputs, str) or not outputs:
        raise ConfigError("outputs", repr(outputs), "the path of a folder")
    states, damaged = _states(sweep)
    left = [job for job in sweep.plan.jobs if states.get(job.job, "finished") != "finished"]
    made = [job.job for job in sweep.plan.jobs if states.get(job.job) == "finished" and remade(sweep.folder / job.job)]
    if not left and not damaged:
        return _complete(sweep, Path(outputs), anew=bool(made))
    print(_plan_line(sweep, states, left), flush=True)
    for line in damaged:
        print(f"harness: {line}; it is left as it is", file=sys.stderr)
    launched = Launched()
    disks: list[DiskError] = []
    if left:
        task = SweepTask(sweep.plan.swept, forced=force, disks=disks)
        sweeper = Plugins.instance().instantiate_sweeper(
            config=config,
            hydra_context=HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks(config)),
            task_function=task,
        )
        if not isinstance(sweeper, Interleaving):
            raise ConfigError("hydra/sweeper", "another sweeper than the plan is from", "hydra/sweeper=interleaved")
        try:
            launched = sweeper.go_on(sweep.plan, left, force=force)
        except KeyboardInterrupt:
            launched = Launched(interrupted=True)
    status = gather(sweep.folder, Path(outputs), launched, disks)
    return status or (FAILED if damaged else 0)


def _states(sweep: StoredSweep) -> tuple[dict[str, State], list[str]]:
    """Return how far each job is, and a line for each whose folder cannot be read."""
    states: dict[str, State] = {}
    damaged = []
    for job in sweep.plan.jobs:
        try:
            states[job.job] = state_of(sweep.folder / job.job, sweep.plan)
        except StoreError as error:
            damaged.append(f"job {job.job}: {error}")
    return states, damaged


def _complete(sweep: StoredSweep, outputs: Path, *, anew: bool) -> int:
    """Say that nothing is left to do, and make the reports that are missing."""
    count = len(sweep.plan.jobs)
    if anew or not all((sweep.folder / name).exists() for name in _REPORTS):
        gather(sweep.folder, outputs, Launched())
    print(f"nothing is left to do: {count} of {count} jobs")
    return 0


def _plan_line(sweep: StoredSweep, states: dict[str, State], left: Sequence[PlannedJob]) -> str:
    """Say what is kept and what will be done: ``3 of 6 jobs are done; job 3 goes on, 4 and 5 begin``."""
    done = sum(state == "finished" for state in states.values())
    parts = []
    for state, word in (("begun", "goes on"), ("failed", "is tried again"), ("new", "begins")):
        names = [job.job for job in left if states[job.job] == state]
        if names:
            shown = ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")
            parts.append(f"{word}: {shown}")
    return f"{done} of {len(sweep.plan.jobs)} jobs are done; {'; '.join(parts)}"
