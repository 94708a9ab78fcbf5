"""Hydra's part: compose the configuration, run one job or sweep many, and turn its errors into our one line.

It drives Hydra's own object, as ``hydra.main`` does, because that decorator prints errors over several lines and ends
with status 1 for a misspelt key.
"""

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import run_job as run_hydra_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from harness.clock import SystemClock
from harness.config import builtin_folder
from harness.defaults import shipped_path
from harness.errors import ConfigError, UserError
from harness.finishing import BAD_INPUT, finish
from harness.fit_job import is_search, refuse_in_sweep, search
from harness.hydra_errors import reported, translated
from harness.inside import refuse_link_out
from harness.job import run_job
from harness.overrides import check_groups, swept_keys, with_names
from harness.printable import shown
from harness.sweeping.continuing import at_home, go_on, stored_sweep, sweep_dir
from harness.sweeping.gathering import gather
from harness.sweeping.launched import Launched, Swept
from harness.sweeping.sweeper import check_sweeper, refuse_alone
from harness.sweeping.task import SweepTask, job_of_hydra
from harness.trusted import TrustedLoader

_TASK = "harness"


def run(argv: Sequence[str]) -> int:
    """Carry out a command line of Hydra's and return the exit status. Raises :class:`UserError`."""
    parser = get_args_parser()
    arguments = _parsed(parser, argv)
    hydra = _made(arguments.config_dir)
    try:
        app = _App(hydra, parser, arguments)
        with translated(hydra, app.name, arguments.overrides):
            return app.run()
    finally:
        GlobalHydra.instance().clear()


def _made(config_dir: str | None) -> Hydra:
    """Return Hydra's object, with a loader that lets no configuration import code."""
    hydra = Hydra.create_main_hydra2(_TASK, search_path(config_dir))
    hydra.config_loader = TrustedLoader(hydra.config_loader.get_search_path())
    return hydra


def resume_sweep(folder: Path, *, force: bool) -> int:
    """Let a sweep that was stopped go on, and return the exit status.

    ``force`` takes jobs that are not as they were planned or begun. Raises :class:`UserError`.
    """
    sweep = stored_sweep(folder)
    with at_home(sweep):
        hydra = _made(sweep.config_dir)
        try:
            with translated(hydra, sweep.name, sweep.overrides):
                return go_on(hydra, sweep, force=force)
        except OSError as error:
            raise reported(error) from None
        finally:
            GlobalHydra.instance().clear()


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse Hydra's options; a wrong one is an error of the user's like any other."""

    def refuse(message: str) -> NoReturn:
        raise ConfigError("command line", message, "overrides (key=value) and Hydra's options; see --help")

    parser.error = refuse  # type: ignore[method-assign]
    arguments = parser.parse_intermixed_args(list(argv))  # an option may stand between two overrides
    for option in ("config_path", "shell_completion", "experimental_rerun"):
        if getattr(arguments, option):
            name = f"--{option.replace('_', '-')}"
            raise ConfigError("command line", name, "Hydra's other options; --config-dir adds a folder of YAML")
    return arguments


def search_path(config_dir: str | None = None) -> ConfigSearchPathImpl:
    """Return where YAML is looked for: ``--config-dir``, ``conf`` in the working directory, ours, the plugins'."""
    builtin, path = builtin_folder("conf"), shipped_path()
    own = Path.cwd() / "conf"
    if own.is_dir() and own.resolve() != builtin.resolve():
        path.prepend("working directory", f"file://{own}")
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ConfigError("--config-dir", f"'{config_dir}'", "a folder")
        path.prepend("command line", f"file://{Path(config_dir).resolve()}")
    return path


class _App:
    """One command line: what Hydra answers by itself, a single run, or a sweep."""

    def __init__(self, hydra: Hydra, parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
        self._hydra = hydra
        self._parser = parser
        self._arguments = arguments
        self.name: str = arguments.config_name or "config"
        self._overrides: list[str] = arguments.overrides

    def run(self) -> int:
        """Dispatch."""
        arguments = self._arguments
        self._overrides = arguments.overrides = with_names(self._overrides, self._hydra.config_loader)
        with translated(self._hydra, self.name, self._overrides):
            check_groups(self._overrides, self._hydra.config_loader)
            if arguments.help or arguments.hydra_help or arguments.cfg or arguments.info:
                with shown():
                    self._answered(arguments)
                return 0
            return self._sweep() if arguments.multirun else self._single()

    def _answered(self, arguments: argparse.Namespace) -> None:
        """Let Hydra print what it is asked for."""
        if arguments.help:
            self._hydra.app_help(self.name, self._parser, arguments)
        elif arguments.hydra_help:
            self._hydra.hydra_help(self.name, self._parser, arguments)
        elif arguments.cfg:
            self._hydra.show_cfg(self.name, self._overrides, arguments.cfg, arguments.package, arguments.resolve)
        else:
            self._hydra.show_info(arguments.info, self.name, self._overrides)

    def _single(self) -> int:
        swept = swept_keys(self._overrides)
        if swept:
            raise ConfigError(swept[0], "several values", "one; -m sweeps over several, [a,b] is a list")
        config = self._composed(RunMode.RUN)
        if config.hydra.mode == RunMode.MULTIRUN:  # an experiment may be a sweep of its own
            return self._sweep()
        config.hydra.mode = RunMode.RUN
        _outputs(config)
        refuse_alone(config)
        failures: list[UserError] = []

        def task(config: DictConfig) -> int:
            job = job_of_hydra(())
            try:
                if is_search(config):
                    return search(config, job, SystemClock())
                return finish(run_job(config, job, SystemClock()), job)
            except UserError as error:
                failures.append(error)
                _forget(job.folder)
                return BAD_INPUT

        context = HydraContext(config_loader=self._hydra.config_loader, callbacks=Callbacks(config))
        try:
            returned = run_hydra_job(task, config, "hydra.run.dir", None, context, configure_logging=False)
        except OSError as error:
            raise reported(error) from None
        if failures:
            raise failures[0]
        return int(returned.return_value)

    def _composed(self, mode: RunMode) -> DictConfig:
        return self._hydra.compose_config(self.name, self._overrides, mode, with_log_configuration=False)

    def _sweep(self) -> int:
        config = self._composed(RunMode.MULTIRUN)
        refuse_in_sweep(config)
        check_sweeper(config)
        own = config.hydra.sweeper.get("params") or {}
        swept = swept_keys([*(f"{key}={value}" for key, value in own.items()), *self._overrides])
        folder = Path(str(config.hydra.sweep.dir)).absolute()
        outputs = _outputs(config)
        overrides = [*self._overrides, sweep_dir(folder)]
        task = SweepTask(swept)
        try:
            returned = self._hydra.multirun(self.name, task, overrides, with_log_configuration=False)
            launched = returned.became if isinstance(returned, Swept) else Launched()
        except KeyboardInterrupt:
            launched = Launched(interrupted=True)
        except OSError as error:
            raise reported(error) from None
        return gather(folder, outputs, launched, task.disks)


def _outputs(config: DictConfig) -> Path:
    """Return the folder of all outputs; checked before Hydra makes a run's folder below it."""
    outputs = OmegaConf.select(config, "outputs")
    if not isinstance(outputs, str) or not outputs:
        plain = OmegaConf.to_container(outputs) if OmegaConf.is_config(outputs) else outputs
        raise ConfigError("outputs", repr(plain), "the path of a folder")
    kind = "sweep" if config.hydra.mode == RunMode.MULTIRUN else "run"
    refuse_link_out(Path(str(config.hydra[kind].dir)), Path(outputs))
    return Path(outputs)


def _forget(folder: Path) -> None:
    """Take away what Hydra made for a run that was refused: its folder, and its day's, where they are empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
