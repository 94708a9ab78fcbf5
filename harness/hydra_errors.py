"""Hydra's errors, each turned into our one line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.hydra import Hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness.corpus.choice import CHOICE_KEYS
from harness.errors import ConfigError, StoreError
from harness.overrides import parsed_overrides

_HYDRAS_LAUNCHERS = ("basic", "ray_aws", "submitit_local", "submitit_slurm")
"""What Hydra and its packages have beside ours: they work, and ask for no CPUs by a job's threads."""


@contextmanager
def translated(hydra: Hydra, name: str, overrides: Sequence[str]) -> Iterator[None]:
    """Raise in the place of Hydra's errors ours; ``name`` and ``overrides`` are what is composed in here."""
    try:
        yield
    except MissingConfigException as error:
        raise missing(error, hydra) from None
    except OverrideParseException as error:
        raise ConfigError("command line", f"'{error.override}'", "key=value, as Hydra writes it") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise composition(error, hydra, name, overrides) from None
    except YAMLError as error:
        raise no_yaml(error) from None
    except UnicodeDecodeError as error:
        raise ConfigError("configuration", f"a file that is not UTF-8 ({error.reason})", "YAML in UTF-8") from None


def reported(error: OSError) -> Exception:
    """Tell a folder that Hydra could not make from a configuration that it could not find, which is an OSError too."""
    if isinstance(error, HydraException) or error.filename is None:  # one of what is printed has no name
        return error
    path, here = Path(str(error.filename)), Path.cwd()
    named = path.relative_to(here) if path.is_relative_to(here) else path  # a sweep's folder is made absolute
    found = f"'{named}' ({error.strerror})"
    return StoreError("output folder", found, "a folder that can be written; outputs=FOLDER names another")


def missing(error: MissingConfigException, hydra: Hydra) -> ConfigError:
    """Say which option a group does not have, and which it has."""
    group, _, name = (error.missing_cfg_file or "").rpartition("/")
    options = error.options or (hydra.config_loader.get_group_options(group) if group else ())
    if group == "hydra/launcher":
        options = [option for option in options if option not in _HYDRAS_LAUNCHERS]
    return ConfigError(group or "configuration", f"'{name}'", "the name of a file in conf", options)


def no_yaml(error: YAMLError) -> ConfigError:
    """Name the file, the line and what the parser says of it."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"'{mark.name}' line {mark.line + 1}" if mark else "a file"
    return ConfigError("configuration", f"{place} ({problem or error})", "YAML")


def _chosen_groups(hydra: Hydra, overrides: Sequence[str]) -> list[str]:
    """Return those overrides that choose a file of conf, so that the choices are those of what the user chose."""
    return [
        str(override.input_line)
        for override in parsed_overrides(overrides)
        if not override.is_sweep_override() and hydra.config_loader.get_group_options(override.key_or_group)
    ]


def composition(error: Exception, hydra: Hydra, name: str, overrides: Sequence[str]) -> ConfigError:
    """Name the key that does not exist, and those that do; any other error of Hydra's in its own first line."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    key = str(getattr(cause, "full_key", None) or "")
    if key and "not in struct" in str(cause):
        parent, _, last = key.rpartition(".")
        chosen = _chosen_groups(hydra, overrides)
        config = hydra.compose_config(name, chosen, RunMode.RUN, with_log_configuration=False)
        node = OmegaConf.select(config, parent) if parent else config
        keys = [str(one) for one in node if one != "hydra"] if isinstance(node, DictConfig) else []
        keys += CHOICE_KEYS if parent == "dataset" else ()
        return ConfigError(key, f"the key '{last}'", "a key of the configuration", keys)
    found = str(error).partition("\n")[0]
    return ConfigError(key or "configuration", found, "a value of the kind that the key has in --cfg job")
