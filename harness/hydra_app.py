"""Hydra's part: compose the configuration, run one job or sweep many, and turn its errors into our one line.

It drives Hydra's own object, as ``hydra.main`` does, because that decorator prints errors over several lines and ends
with status 1 for a misspelt key.
"""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job as run_hydra_job
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness.clock import SystemClock
from harness.config import builtin_folder
from harness.defaults import shipped_path
from harness.disk import stopped_line
from harness.errors import ConfigError, DiskError, StoreError, UserError
from harness.finishing import BAD_INPUT, FAILED, INTERRUPTED, finish, keep_failure
from harness.fit_job import is_search, refuse_in_sweep, search
from harness.hydra_errors import composition, missing, no_yaml, reported
from harness.job import Job, point_latest, run_job
from harness.overrides import check_groups, swept_keys, with_names
from harness.printable import printable
from harness.sweeping.sweeper import check_sweeper, refuse_alone

_TASK = "harness"


def run(argv: Sequence[str]) -> int:
    """Carry out a command line of Hydra's and return the exit status. Raises :class:`UserError`."""
    parser = get_args_parser()
    arguments = _parsed(parser, argv)
    hydra = Hydra.create_main_hydra2(_TASK, search_path(arguments.config_dir))
    try:
        return _App(hydra, parser, arguments).run()
    except MissingConfigException as error:
        raise missing(error, hydra) from None
    except OverrideParseException as error:
        raise ConfigError("command line", f"'{error.override}'", "key=value, as Hydra writes it") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise composition(error, hydra, arguments.config_name or "config", arguments.overrides) from None
    except YAMLError as error:
        raise no_yaml(error) from None
    except UnicodeDecodeError as error:
        raise ConfigError("configuration", f"a file that is not UTF-8 ({error.reason})", "YAML in UTF-8") from None
    finally:
        GlobalHydra.instance().clear()


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse Hydra's options; a wrong one is an error of the user's like any other."""

    def refuse(message: str) -> NoReturn:
        raise ConfigError("command line", message, "overrides (key=value) and Hydra's options; see --help")

    parser.error = refuse  # type: ignore[method-assign]
    arguments = parser.parse_intermixed_args(list(argv))  # an option may stand between two overrides
    for option in ("config_path", "shell_completion"):
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
        self._name: str = arguments.config_name or "config"
        self._overrides: list[str] = arguments.overrides

    def run(self) -> int:
        """Dispatch."""
        arguments = self._arguments
        self._overrides = arguments.overrides = with_names(self._overrides, self._hydra.config_loader)
        if arguments.help:
            self._hydra.app_help(self._name, self._parser, arguments)
        elif arguments.hydra_help:
            self._hydra.hydra_help(self._name, self._parser, arguments)
        elif arguments.cfg:
            self._hydra.show_cfg(self._name, self._overrides, arguments.cfg, arguments.package, arguments.resolve)
        elif arguments.info:
            self._hydra.show_info(arguments.info, self._name, self._overrides)
        else:
            return self._sweep() if arguments.multirun else self._single()
        return 0

    def _single(self) -> int:
        check_groups(self._overrides, self._hydra.config_loader)
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
            job = _job(())
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
        return self._hydra.compose_config(self._name, self._overrides, mode, with_log_configuration=False)

    def _sweep(self) -> int:
        check_groups(self._overrides, self._hydra.config_loader)
        config = self._composed(RunMode.MULTIRUN)
        refuse_in_sweep(config)
        check_sweeper(config)
        own = config.hydra.sweeper.get("params") or {}
        swept = swept_keys([*(f"{key}={value}" for key, value in own.items()), *self._overrides])
        folder = Path(str(config.hydra.sweep.dir))
        outputs = _outputs(config)

        told: set[str] = set()
        disks: list[DiskError] = []

        def task(config: DictConfig) -> int:
            job = replace(_job(swept), again=HydraConfig.get().job.num > 0, told=told)
            try:
                refuse_in_sweep(config)
                done = run_job(config, job, SystemClock())
                status = finish(done, job)
            except UserError as error:
                keep_failure(job, error)
                print(f"harness: job {job.folder.name}: {error.shown()}", file=sys.stderr, flush=True)
                if isinstance(error, DiskError):
                    disks.append(error)
                    raise KeyboardInterrupt from None  # no later job has room either
                return BAD_INPUT
            if done.ending.disk:
                disks.append(done.ending.disk)
            if status == INTERRUPTED or done.ending.stopped_by or done.ending.disk:
                raise KeyboardInterrupt  # the one exception that no launcher takes for a failed job
            return status

        interrupted = False
        overrides = [*self._overrides, f"hydra.sweep.dir={folder}"]
        try:
            self._hydra.multirun(self._name, task, overrides, with_log_configuration=False)
        except KeyboardInterrupt:
            interrupted = True
        except OSError as error:
            raise reported(error) from None
        if disks:
            return _gather_stopped(folder, outputs, disks[0])
        return _gather(folder, outputs, interrupted=interrupted)


def _job(swept: tuple[str, ...]) -> Job:
    """Return the job that Hydra runs at this moment; its overrides as they were written, interpolations included."""
    hydra = HydraConfig.get()
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return Job(
        Path(hydra.runtime.output_dir), tuple(map(str, overrides)), swept, hydra.runtime.choices.get("experiment")
    )


def _outputs(config: DictConfig) -> Path:
    """Return the folder of all outputs; checked before Hydra makes a run's folder below it."""
    outputs = OmegaConf.select(config, "outputs")
    if not isinstance(outputs, str) or not outputs:
        plain = OmegaConf.to_container(outputs) if OmegaConf.is_config(outputs) else outputs
        raise ConfigError("outputs", repr(plain), "the path of a folder")
    return Path(outputs)


def _forget(folder: Path) -> None:
    """Take away what Hydra made for a run that was refused: its folder, and its day's, where they are empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def _gather_stopped(folder: Path, outputs: Path, disk: DiskError) -> int:
    """Make the table of a sweep whose disk takes no more, where it takes that, and say what is kept."""
    from harness.analysis.sweep import read_sweep

    with contextlib.suppress(DiskError):
        _gather(folder, outputs, interrupted=True)
    outcomes = [outcome for cell in read_sweep(folder).cells for outcome in cell.outcomes]
    finished = sum(outcome == "ok" for outcome in outcomes)
    line = stopped_line(disk, folder.resolve(), finished, len(outcomes), "finished jobs")
    print(f"harness: {line}", file=sys.stderr)
    return FAILED


def _gather(folder: Path, outputs: Path, *, interrupted: bool) -> int:
    """Make the sweep's table from its folders, whatever became of the jobs."""
    from harness.analysis.sweep import read_sweep
    from harness.report.sweep_page import publish_page
    from harness.report.sweep_report import publish_sweep, sweep_text
    from harness.report.sweep_table import sweep_figures

    try:
        sweep = read_sweep(folder)
    except StoreError:
        if interrupted:  # before the first job
            return INTERRUPTED
        raise
    shown = sweep_figures(sweep)
    tables = publish_sweep(sweep, shown)
    for line in point_latest(outputs, folder):
        print(f"warning: {line}", file=sys.stderr)
    print(f"\n{printable(sweep_text(sweep, shown))}\n", flush=True)
    publish_page(sweep, tables)  # drawing takes seconds, and the table is what was waited for
    print(f"Sweep: {folder.resolve()}")
    if interrupted:
        return INTERRUPTED
    return 0 if sweep.ok else FAILED
