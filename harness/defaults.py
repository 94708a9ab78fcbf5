"""The defaults: what the harness and its plugins ship, composed with nothing chosen.

Neither a ``conf`` in the working directory nor the environment has a part in them.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.utils import create_config_search_path
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness.config import builtin_folder
from harness.errors import ConfigError
from harness.plugins import conf_folders

_WITH_A_DEFAULT = re.compile(r"oc\.env:(\w+)\s*,")


def shipped_path() -> ConfigSearchPathImpl:
    """Return where the shipped YAML is: ours first, then the plugins'."""
    builtin = builtin_folder("conf")
    path = create_config_search_path(str(builtin))
    for folder in conf_folders():
        if folder.resolve() != builtin.resolve():
            path.prepend("plugin", f"file://{folder}", "schema")  # last but the schema, which Hydra wants at the end
    assert isinstance(path, ConfigSearchPathImpl)
    return path


@cache
def defaults() -> Mapping[str, Any]:
    """Compose the shipped configuration and resolve it: half a second, once a process.

    Raises :class:`ConfigError` where that cannot be.
    """
    try:
        composed = ConfigLoaderImpl(shipped_path()).load_configuration("config", [], RunMode.RUN)
        return plain(composed)
    except (HydraException, OmegaConfBaseException, YAMLError, OSError) as error:
        found = str(error).partition("\n")[0]
        raise ConfigError("defaults", found, "the configuration that the harness ships") from None


def plain(composed: DictConfig) -> dict[str, Any]:
    """Resolve a composed configuration as if the environment set nothing, without Hydra's own part."""
    with open_dict(composed):
        composed.pop("hydra", None)
    with _unset(_WITH_A_DEFAULT.findall(OmegaConf.to_yaml(composed))):
        resolved = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(resolved, dict)
    return {str(key): value for key, value in resolved.items()}


@contextlib.contextmanager
def _unset(names: list[str]) -> Iterator[None]:
    """Take variables out of the environment, for OmegaConf looks nowhere else."""
    taken = {name: os.environ.pop(name) for name in set(names) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
