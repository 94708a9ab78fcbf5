"""Hydra's part: compose the configuration, run one job or sweep many, and turn its errors into our one line.

It drives Hydra's own object, as ``hydra.main`` does, because that decorator prints errors over several lines and ends
with status 1 for a misspelt key.
"""

import argparse
import contextlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import run_job as run_hydra_job
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness import store
from harness.clock import SystemClock
from harness.config import builtin_folder
from harness.errors import ConfigError, StoreError, UserError
from harness.fit_job import is_search, refuse_in_sweep, search
from harness.job import Done, Job, point_latest, run_job
from harness.plugins import conf_folders

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
_TASK = "harness"
_NULL = re.compile(r"(?<![^,(\[ ])null(?![^,)\] ])")
"""A whole word of a value, or of a choice between several."""


def run(argv: Sequence[str]) -> int:
    """Carry out a command line of Hydra's and return the exit status. Raises :class:`UserError`."""
    parser = get_args_parser()
    arguments = _parsed(parser, argv)
    hydra = Hydra.create_main_hydra2(_TASK, search_path(arguments.config_dir))
    try:
        return _App(hydra, parser, arguments).run()
    except MissingConfigException as error:
        raise _missing(error, hydra) from None
    except OverrideParseException as error:
        raise ConfigError("command line", f"'{error.override}'", "key=value, as Hydra writes it") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise _composition(error, hydra, arguments.config_name or "config", arguments.overrides) from None
    except YAMLError as error:
        raise _no_yaml(error) from None
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
    builtin = builtin_folder("conf")
    path = create_config_search_path(str(builtin))
    for folder in conf_folders():
        if folder.resolve() != builtin.resolve():
            path.prepend("plugin", f"file://{folder}", "schema")  # last but the schema, which Hydra wants at the end
    own = Path.cwd() / "conf"
    if own.is_dir() and own.resolve() != builtin.resolve():
        path.prepend("working directory", f"file://{own}")
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ConfigError("--config-dir", f"'{config_dir}'", "a folder")
        path.prepend("command line", f"file://{Path(config_dir).resolve()}")
    assert isinstance(path, ConfigSearchPathImpl)
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
        self._overrides = arguments.overrides = self._with_names(self._overrides)
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
        self._check_groups()
        swept = swept_keys(self._overrides)
        if swept:
            raise ConfigError(swept[0], "several values", "one; -m sweeps over several, [a,b] is a list")
        config = self._composed(RunMode.RUN)
        if config.hydra.mode == RunMode.MULTIRUN:  # an experiment may be a sweep of its own
            return self._sweep()
        config.hydra.mode = RunMode.RUN
        _outputs(config)
        failures: list[UserError] = []

        def task(config: DictConfig) -> int:
            job = _job(())
            try:
                if is_search(config):
                    return search(config, job, SystemClock())
                return _finish(run_job(config, job, SystemClock()), job)
            except UserError as error:
                failures.append(error)
                _forget(job.folder)
                return BAD_INPUT

        context = HydraContext(config_loader=self._hydra.config_loader, callbacks=Callbacks(config))
        try:
            returned = run_hydra_job(task, config, "hydra.run.dir", None, context, configure_logging=False)
        except OSError as error:
            raise _reported(error) from None
        if failures:
            raise failures[0]
        return int(returned.return_value)

    def _with_names(self, overrides: Sequence[str]) -> list[str]:
        """Quote ``null`` where a group has a file of that name: without quotes it is to Hydra no name but nothing."""
        named = []
        for text, override in zip(overrides, _parsed_overrides(overrides), strict=True):
            options = self._hydra.config_loader.get_group_options(override.key_or_group)
            key, equals, value = text.partition("=")
            named.append(key + equals + _NULL.sub(r"'\g<0>'", value) if "null" in options else text)
        return named

    def _check_groups(self) -> None:
        """Refuse what Hydra answers with a ValueError: an override without a key, and a group that is given no name."""
        for override in _parsed_overrides(self._overrides):
            key = override.get_key_element().lstrip("+")
            if not key:
                raise ConfigError("command line", f"'{override.input_line}'", "key=value, as Hydra writes it")
            nameless = override.value() is None or isinstance(override.value(), bool | int | float)
            choices = self._hydra.config_loader.get_group_options(key) if nameless and not override.is_delete() else []
            if choices:
                raise ConfigError(key, str(override.get_value_element_as_str()), "the name of a file in conf", choices)

    def _composed(self, mode: RunMode) -> DictConfig:
        return self._hydra.compose_config(self._name, self._overrides, mode, with_log_configuration=False)

    def _sweep(self) -> int:
        self._check_groups()
        config = self._composed(RunMode.MULTIRUN)
        refuse_in_sweep(config)
        own = config.hydra.sweeper.get("params") or {}
        swept = swept_keys([*(f"{key}={value}" for key, value in own.items()), *self._overrides])
        folder = Path(str(config.hydra.sweep.dir))
        outputs = _outputs(config)

        def task(config: DictConfig) -> int:
            job = _job(swept)
            try:
                refuse_in_sweep(config)
                status = _finish(run_job(config, job, SystemClock()), job)
            except UserError as error:
                store.write_json(job.folder / store.FAILURE, store.Failure(job.overrides, str(error)))
                print(f"harness: job {job.folder.name}: {error}", file=sys.stderr, flush=True)
                return BAD_INPUT
            if status == INTERRUPTED:
                raise KeyboardInterrupt  # the one exception that no launcher takes for a failed job
            return status

        interrupted = False
        overrides = [*self._overrides, f"hydra.sweep.dir={folder}"]
        try:
            self._hydra.multirun(self._name, task, overrides, with_log_configuration=False)
        except KeyboardInterrupt:
            interrupted = True
        except OSError as error:
            raise _reported(error) from None
        return _gather(folder, outputs, interrupted=interrupted)


def swept_keys(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the keys to which a command line gives several values."""
    parsed = _parsed_overrides(overrides)
    return tuple(override.get_key_element().lstrip("+") for override in parsed if override.is_sweep_override())


def _parsed_overrides(overrides: Sequence[str]) -> list[Override]:
    return OverridesParser.create().parse_overrides(list(overrides))


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


def _finish(done: Done, job: Job) -> int:
    """Summarise and render what was run, show it, and return the exit status.

    Imported here is what a run needs only after its last trial: with NumPy, it would delay the first load.
    """
    from harness.report.publish import ending, publish

    published = publish(job.folder)
    done.screen.show(ending(published, verbose=done.settings.verbose))
    done.screen.warn(done.ending.problems)
    print(f"Results: {job.folder}", flush=True)
    if done.ending.interrupted:
        return INTERRUPTED
    broken = published.summary.broken if done.settings.budgets.strict else ()
    for line in broken:
        print(f"strict: {line}", file=sys.stderr)
    return 0 if done.ending.ok and not broken else FAILED


def _gather(folder: Path, outputs: Path, *, interrupted: bool) -> int:
    """Make the sweep's table from its folders, whatever became of the jobs."""
    from harness.analysis.sweep import read_sweep
    from harness.report.sweep_report import publish_sweep, sweep_text

    try:
        sweep = read_sweep(folder)
    except StoreError:
        if interrupted:  # before the first job
            return INTERRUPTED
        raise
    publish_sweep(sweep)
    for line in point_latest(outputs, folder):
        print(f"warning: {line}", file=sys.stderr)
    print(f"\n{sweep_text(sweep)}\n\nSweep: {folder.resolve()}")
    if interrupted:
        return INTERRUPTED
    return 0 if sweep.ok else FAILED


def _reported(error: OSError) -> Exception:
    """Tell a folder that Hydra could not make from a configuration that it could not find, which is an OSError too."""
    if isinstance(error, HydraException):
        return error
    found = f"'{error.filename}' ({error.strerror})"
    return StoreError("output folder", found, "a folder that can be written; outputs=FOLDER names another")


def _missing(error: MissingConfigException, hydra: Hydra) -> ConfigError:
    """Say which option a group does not have, and which it has."""
    group, _, name = (error.missing_cfg_file or "").rpartition("/")
    options = error.options or (hydra.config_loader.get_group_options(group) if group else ())
    return ConfigError(group or "configuration", f"'{name}'", "the name of a file in conf", options)


def _no_yaml(error: YAMLError) -> ConfigError:
    """Name the file, the line and what the parser says of it."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"'{mark.name}' line {mark.line + 1}" if mark else "a file"
    return ConfigError("configuration", f"{place} ({problem or error})", "YAML")


def _chosen_groups(hydra: Hydra, overrides: Sequence[str]) -> list[str]:
    """Return those overrides that choose a file of conf, so that the choices are those of what the user chose."""
    return [
        str(override.input_line)
        for override in _parsed_overrides(overrides)
        if not override.is_sweep_override() and hydra.config_loader.get_group_options(override.key_or_group)
    ]


def _composition(error: Exception, hydra: Hydra, name: str, overrides: Sequence[str]) -> ConfigError:
    """Name the key that does not exist, and those that do; any other error of Hydra's in its own first line."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    key = str(getattr(cause, "full_key", None) or "")
    if key and "not in struct" in str(cause):
        parent, _, last = key.rpartition(".")
        chosen = _chosen_groups(hydra, overrides)
        config = hydra.compose_config(name, chosen, RunMode.RUN, with_log_configuration=False)
        node = OmegaConf.select(config, parent) if parent else config
        keys = [str(one) for one in node if one != "hydra"] if isinstance(node, DictConfig) else []
        return ConfigError(key, f"the key '{last}'", "a key of the configuration", keys)
    found = str(error).partition("\n")[0]
    return ConfigError(key or "configuration", found, "a value of the kind that the key has in --cfg job")
