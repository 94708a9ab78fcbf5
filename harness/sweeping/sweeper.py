"""Runs the jobs of a sweep by whatever launcher Hydra was given: planned first, and where asked for in turns.

The class that Hydra finds stands in :mod:`hydra_plugins.asr_align_harness`, for Hydra takes no plugin from elsewhere.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from harness import store
from harness.clock import SystemClock
from harness.errors import ConfigError
from harness.overrides import swept_keys
from harness.records import PlannedJob
from harness.sweeping.plan import PlannedCell, check_folders, jobs_of, sweep_plan
from harness.sweeping.requests import JobLost
from harness.sweeping.rounds import SweepSettings, sweep_settings


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

    def sweep(self, arguments: list[str]) -> Any:
        """Plan a sweep and run it; return what the launcher returned, batch by batch.

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
        jobs = self._named(jobs_of(cells, swept))
        plan = sweep_plan(cells, jobs, swept, started_at, metadata.version("asr-align-harness"))
        check_folders(folder, jobs)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / store.MULTIRUN)
        store.write_json(folder / store.PLAN, plan)
        return self._launched([list(job.overrides) for job in jobs])

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
        return PlannedCell(tuple(overrides), _settings(config), iterations if whole else None)

    def _composed(self, overrides: Sequence[str]) -> DictConfig:
        assert self.hydra_context is not None
        assert self.config is not None
        return self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))

    def _named(self, jobs: Sequence[PlannedJob]) -> list[PlannedJob]:
        """Return the jobs with the names that their folders will have, which ``hydra.sweep.subdir`` may change."""
        assert self.config is not None
        named = OmegaConf.to_container(self.config.hydra.sweep, resolve=False)
        assert isinstance(named, dict)
        if named["subdir"] == "${hydra.job.num}":
            return list(jobs)
        made = []
        for number, job in enumerate(jobs):
            config = self._composed(job.overrides)
            with open_dict(config):
                config.hydra.job.id = config.hydra.job.num = number
            made.append(replace(job, job=str(config.hydra.sweep.subdir)))
        return made

    def _launched(self, jobs: list[list[str]]) -> list[Any]:
        assert self.launcher is not None
        returned: list[Any] = []
        first = 0
        for batch in BasicSweeper.split_overrides_to_chunks(jobs, self._max_batch_size):
            results = self.launcher.launch(batch, initial_job_idx=first)
            for result in results:
                if isinstance(result._return_value, JobLost):
                    print(f"harness: {result._return_value}", file=sys.stderr, flush=True)
                else:
                    _ = result.return_value  # raises what the job raised
            if any(result.return_value == 130 for result in results if not isinstance(result._return_value, JobLost)):
                raise KeyboardInterrupt
            first += len(batch)
            returned.append(results)
        return returned


def refuse_alone(config: DictConfig) -> None:
    """Raise :class:`ConfigError` where a single run is given what only a sweep has: cells to choose from."""
    sweep = _settings(config)
    if sweep.baseline is not None:
        raise ConfigError(
            "sweep.baseline", f"'{sweep.baseline}' for a single run", "null; -m sweeps over several values"
        )


def check_sweeper(config: DictConfig) -> None:
    """Raise :class:`ConfigError` where another sweeper of Hydra's was chosen, and given what only ours does."""
    ours = "asr_align_harness" in str(config.hydra.sweeper.get("_target_"))
    if not ours and _settings(config) != SweepSettings():
        raise ConfigError("hydra/sweeper", "another sweeper with keys of sweep", "hydra/sweeper=interleaved")


def _settings(config: DictConfig) -> SweepSettings:
    sweep = OmegaConf.select(config, "sweep")
    return sweep_settings(OmegaConf.to_container(sweep, resolve=True) if OmegaConf.is_config(sweep) else sweep)
