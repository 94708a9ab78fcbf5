"""Runs the jobs of a sweep by whatever launcher Hydra was given: planned first, and where asked for in turns.

The class that Hydra finds stands in :mod:`hydra_plugins.asr_align_harness`, for Hydra takes no plugin from elsewhere.
"""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from harness import store
from harness.clock import SystemClock
from harness.errors import ChangedSweep, ConfigError
from harness.overrides import swept_keys
from harness.records import PlannedJob, SweepPlan
from harness.sweeping.composed import changed_keys, config_sha256, task_part, with_block
from harness.sweeping.launched import Launched, Swept, joined, launched
from harness.sweeping.plan import PlannedCell, check_folders, jobs_of, sweep_plan
from harness.sweeping.rounds import SweepSettings, sweep_settings
from harness.sweeping.state import Resumption, add_resumption


class Interleaving(Sweeper):
    """Does what Hydra's basic sweeper does, with a plan on disk before the first job and the cells in turns.

    Cells are expanded by that one: choices, ranges, globs, ``hydra.sweeper.params``; ``max_batch_size`` jobs are handed
    to the launcher at a time. Everything that can be refused is, before there is a folder. It is no subclass of the
    basic one, because Hydra executes that one's module a second time where something has imported it before.
    """

    def __init__(self, max_batch_size: int | None = None, params: Mapping[str, str] | None = None) -> None:
        self.hydra_context: HydraContext | None = None
        self.config: DictConfig | None = None
        self.launcher: Launcher | None = None
        self._max_batch_size = max_batch_size
        self._params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra composed for the sweep as a whole, and make the launcher that it chose."""
        self.hydra_context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Swept:
        """Plan a sweep and run it; return what became of its jobs.

        Raises :class:`harness.errors.UserError` for a sweep that cannot be planned, and Hydra's errors for a cell that
        cannot be composed.
        """
        assert self.config is not None
        assert self.launcher is not None
        started_at = SystemClock().wall().isoformat(timespec="milliseconds")
        if self._max_batch_size is not None and self._max_batch_size < 1:
            found = str(self._max_batch_size)
            raise ConfigError("hydra.sweeper.max_batch_size", found, "a whole number of at least 1, or null")
        asked = [*(f"{key}={value}" for key, value in self._params.items()), *arguments]
        cells = self._cells(asked)
        swept = swept_keys(asked)
        folder = Path(str(self.config.hydra.sweep.dir))
        jobs = self._named(jobs_of(cells, swept), cells)
        plan = sweep_plan(cells, jobs, swept, started_at, metadata.version("asr-align-harness"))
        check_folders(folder, jobs)
        folder.mkdir(parents=True, exist_ok=True)
        store.write_text(folder / store.MULTIRUN, OmegaConf.to_yaml(self.config))
        store.write_json(folder / store.PLAN, plan)
        return Swept(self._launched([list(job.overrides) for job in jobs]))

    def go_on(self, plan: SweepPlan, left: Sequence[PlannedJob], *, force: bool) -> Launched:
        """Run the jobs that are left of a sweep, each in the folder that was planned for it.

        Raises :class:`harness.errors.ChangedSweep`, before anything has run, where a job's configuration is not what
        was planned, unless ``force``; the record then says what had changed.
        """
        assert self.config is not None
        changed = [line for job in left for line in self._changes(plan, job)]
        if changed and not force:
            raise ChangedSweep(len(changed), len(left), changed)
        folder = Path(str(self.config.hydra.sweep.dir))
        add_resumption(
            folder,
            Resumption(
                at=SystemClock().wall().isoformat(timespec="milliseconds"),
                hostname=socket.gethostname(),
                harness_version=metadata.version("asr-align-harness"),
                left=tuple(job.job for job in left),
                forced=tuple(changed),
            ),
        )
        return self._launched([[*job.overrides, in_folder(job.job)] for job in left])

    def _changes(self, plan: SweepPlan, job: PlannedJob) -> list[str]:
        """Return a line where the configuration of a job is not what was planned."""
        assert self.config is not None
        config = self._composed([*job.overrides, in_folder(job.job)])
        number = plan.jobs.index(job)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        part = task_part(config)
        if job.config_sha256 in ("", config_sha256(part)):
            return []
        what = changed_keys(Path(str(self.config.hydra.sweep.dir)) / job.job, part)
        return [f"job {job.job}: {what or 'its configuration is not what was planned'}"]

    def _cells(self, asked: Sequence[str]) -> list[PlannedCell]:
        """Expand the overrides and compose each cell once, which finds what cannot be before anything has run."""
        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        (cells,) = BasicSweeper.split_arguments(parser.parse_overrides(list(asked)), None)
        if not cells:
            raise ConfigError("command line", "a choice between nothing", "at least one value for each swept key")
        return [self._cell(cell) for cell in cells]

    def _cell(self, overrides: Sequence[str]) -> PlannedCell:
        config = self._composed(overrides)
        iterations = OmegaConf.select(config, "iterations")
        whole = isinstance(iterations, int) and not isinstance(iterations, bool)
        return PlannedCell(tuple(overrides), _settings(config), iterations if whole else None, task_part(config))

    def _composed(self, overrides: Sequence[str]) -> DictConfig:
        assert self.hydra_context is not None
        assert self.config is not None
        return self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))

    def _named(self, jobs: Sequence[PlannedJob], cells: Sequence[PlannedCell]) -> list[PlannedJob]:
        """Return the jobs with the names that their folders will have, and what their configurations are.

        Both may depend on a job's number: ``hydra.sweep.subdir`` where it is not the usual one, and a configuration
        that names the number. Such jobs are composed once more, the others not, for that takes a while.
        """
        assert self.config is not None
        named = OmegaConf.to_container(self.config.hydra.sweep, resolve=False)
        assert isinstance(named, dict)
        usual = named["subdir"] == "${hydra.job.num}"
        made = []
        for number, job in enumerate(jobs):
            part = cells[job.cell].part
            if usual and part is not None:
                own = with_block(part, job.block) if cells[job.cell].settings.interleave > 1 else part
                made.append(replace(job, config_sha256=config_sha256(own)))
                continue
            config = self._composed(job.overrides)
            with open_dict(config):
                config.hydra.job.id = config.hydra.job.num = number
            name = str(config.hydra.sweep.subdir)
            made.append(replace(job, job=name, config_sha256=config_sha256(task_part(config))))
        return made

    def _launched(self, jobs: list[list[str]]) -> Launched:
        assert self.launcher is not None
        batches = []
        first = 0
        for batch in BasicSweeper.split_overrides_to_chunks(jobs, self._max_batch_size):
            batches.append(launched(self.launcher, batch, first))
            first += len(batch)
            if batches[-1].gone:
                break
        return joined(batches)


def in_folder(name: str) -> str:
    """Return the override that gives a job its folder, in Hydra's grammar; it is none of the task's."""
    quoted = name.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"hydra.sweep.subdir='{quoted}'"


def refuse_alone(config: DictConfig) -> None:
    """Raise :class:`ConfigError` where a single run is given what only a sweep has: cells to choose from."""
    sweep = _settings(config)
    if sweep.baseline is not None:
        raise ConfigError(
            "sweep.baseline", f"'{sweep.baseline}' for a single run", "null; -m sweeps over several values"
        )
    if sweep.skip_done:
        raise ConfigError("sweep.skip_done", "true for a single run", "false; -m sweeps over several values")


def check_sweeper(config: DictConfig) -> None:
    """Raise :class:`ConfigError` where another sweeper of Hydra's was chosen, and given what only ours does."""
    ours = "asr_align_harness" in str(config.hydra.sweeper.get("_target_"))
    if not ours and _settings(config) != SweepSettings():
        raise ConfigError("hydra/sweeper", "another sweeper with keys of sweep", "hydra/sweeper=interleaved")


def _settings(config: DictConfig) -> SweepSettings:
    sweep = OmegaConf.select(config, "sweep")
    return sweep_settings(OmegaConf.to_container(sweep, resolve=True) if OmegaConf.is_config(sweep) else sweep)
