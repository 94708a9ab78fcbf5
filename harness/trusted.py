"""Configurations as data: what of one would import code, or run a command, is refused before anything acts on it.

A configuration may be a stranger's: a ``conf/`` in the folder where the command is given, a folder behind
``--config-dir``. Hydra makes objects of what stands under ``hydra``, so each configuration passes through here as it is
composed, the one of the command line and that of each job of a sweep. The one door for code is the key ``plugins``,
whose modules are named on the screen and in the record.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness.errors import ConfigError

LAUNCHERS = (
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
    "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher",
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
    "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
)
SWEEPERS = ("hydra._internal.core_plugins.basic_sweeper.BasicSweeper",)
_OURS = "hydra_plugins.asr_align_harness."
"""Every launcher and sweeper of this package; no other distribution brings a package of this name."""

_HARMLESS_VARIABLE = re.compile(
    r"(OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|NUMEXPR|VECLIB|MALLOC|CT2)_\w+|CUDA_VISIBLE_DEVICES|TOKENIZERS_PARALLELISM"
)
_LOADS_CODE = re.compile(r"LIBRAR|PATH|TOOL|DIR|FILE|PRELOAD")
"""Also among those: ``OMP_TOOL_LIBRARIES`` names libraries that are loaded."""

_LOGGING_CLASSES = ("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler", "logging.Formatter")
_LOGGING_TEXTS = ("filename", "format", "datefmt")
"""Keys of a logging configuration whose value is a text and nothing else."""
_STREAMS = ("ext://sys.stdout", "ext://sys.stderr")


class TrustedLoader(ConfigLoaderImpl):
    """Hydra's loader, which hands nothing out that would import code. Raises :class:`ConfigError` instead."""

    def load_configuration(self, *arguments: Any, **named: Any) -> DictConfig:
        """Compose a configuration; those of a sweep's jobs come through here too."""
        config = super().load_configuration(*arguments, **named)
        refuse_code(config)
        return config

    def _process_config_searchpath(
        self, config_name: str | None, parsed_overrides: list[Override], repo: CachingConfigRepository
    ) -> None:
        """Look at ``hydra.searchpath`` before Hydra does: to look into a package it imports it."""
        found = [one.value() for one in parsed_overrides if one.get_key_element().lstrip("+") == "hydra.searchpath"]
        loaded = repo.load_config(config_path=config_name) if config_name is not None else None
        if loaded is not None and OmegaConf.is_dict(loaded.config):
            found.append(OmegaConf.select(loaded.config, "hydra.searchpath"))
        for place in (place for places in found if isinstance(places, Sequence) for place in places):
            if isinstance(place, str) and "://" in place and not place.startswith("file://"):
                raise ConfigError("hydra.searchpath", f"'{place}'", "the path of a folder; a package would be imported")
        super()._process_config_searchpath(config_name, parsed_overrides, repo)


def refuse_code(config: DictConfig) -> None:
    """Raise :class:`ConfigError` for what would import a module, load a library or run a command."""
    plain = OmegaConf.to_container(config, resolve=False)
    assert isinstance(plain, dict)
    hydra = plain.get("hydra") or {}
    _refuse_targets(plain)
    if hydra.get("callbacks"):
        raise ConfigError("hydra.callbacks", _shown(hydra["callbacks"]), "none: configuration imports no code")
    for kind, known in (("launcher", LAUNCHERS), ("sweeper", SWEEPERS)):
        _check_plugin(f"hydra.{kind}", hydra.get(kind), known)
        _refuse_made(config, f"hydra.{kind}")
    _check_launcher(hydra.get("launcher") or {})
    for kind in ("hydra_logging", "job_logging"):
        _check_logging(f"hydra.{kind}", hydra.get(kind))
    _check_variables("hydra.job.env_set", (hydra.get("job") or {}).get("env_set"))


def _refuse_targets(plain: Mapping[Any, Any]) -> None:
    """Refuse the key by which Hydra is told what to import, but where a launcher and a sweeper are named."""
    for path, key, value in _each(plain):
        if key == "_target_" and path not in (("hydra", "launcher"), ("hydra", "sweeper")):
            expected = "no such key: configuration imports no code"
            raise ConfigError(".".join((*path, "_target_")), _shown(value), expected)


def _check_plugin(key: str, chosen: Any, known: tuple[str, ...]) -> None:
    if chosen is None:
        return
    target = chosen.get("_target_") if isinstance(chosen, Mapping) else chosen
    if target not in known and not str(target).startswith(_OURS):
        kind = key.removeprefix("hydra.")
        raise ConfigError(key, _shown(target), f"a {kind} that is known", (name.rpartition(".")[2] for name in known))


def _refuse_made(config: DictConfig, key: str) -> None:
    """Refuse what only becomes a ``_target_`` when it is resolved (``${oc.create:...}``), as Hydra will resolve it."""
    node = OmegaConf.select(config, key)
    try:
        made = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else {}
    except OmegaConfBaseException:  # nor will Hydra make anything of it
        return
    for path, name, value in _each(made):
        if name == "_target_" and path:
            raise ConfigError(".".join((key, *path)), _shown(value), "no such key: configuration imports no code")


def _check_launcher(launcher: Mapping[str, Any]) -> None:
    """Refuse what a launcher would hand to a shell or to a Python of its own."""
    for path, key, value in _each(launcher):
        where = ".".join(("hydra.launcher", *path, str(key)))
        if isinstance(value, str) and ("\n" in value or "\r" in value):
            raise ConfigError(where, ascii(value), "one line: a batch script is made of it")
        if key == "runtime_env":
            more = [name for name in value or () if name != "env_vars"] if isinstance(value, Mapping) else [value]
            if more:
                raise ConfigError(where, _shown(more[0]), "env_vars alone: configuration imports no code")
            _check_variables(f"{where}.env_vars", (value or {}).get("env_vars"))


def _check_logging(key: str, settings: Any) -> None:
    """Allow what writes to a stream or a file; ``logging.config`` imports any other class or object that it is told."""
    expected = "plain handlers of logging; configuration imports no code"
    if settings is None:
        return
    if not isinstance(settings, Mapping):
        raise ConfigError(key, _shown(settings), expected)
    for path, name, value in _each(settings):
        text = value if isinstance(value, str) else ""
        known_class = name == "class" and text in _LOGGING_CLASSES
        points = "://" in text and text not in _STREAMS
        made = "${" in text and name not in _LOGGING_TEXTS
        if name == "()" or (name == "class" and not known_class) or (points and name not in _LOGGING_TEXTS) or made:
            raise ConfigError(".".join((key, *path, str(name))), _shown(value), expected)


def _check_variables(key: str, variables: Any) -> None:
    """Allow what counts threads and tunes allocators; others make a process load code: ``LD_PRELOAD``, ``PATH``."""
    names = list(variables) if isinstance(variables, Mapping) else [str(variables)] if variables else []
    for name in map(str, names):
        if not _HARMLESS_VARIABLE.fullmatch(name) or _LOADS_CODE.search(name):
            raise ConfigError(key, f"'{name}'", "it in the environment of the command: configuration imports no code")


def _each(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield (path of the mapping, key, value) of everything in a tree, lists included."""
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield path, key, value
        yield from _each(value, (*path, str(key)))


def _shown(value: Any) -> str:
    """Return a value as a message can hold it."""
    return ascii(value)[:80]
