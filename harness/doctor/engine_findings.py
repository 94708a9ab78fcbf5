"""Whether each engine can run here, with the options that its YAML gives it; none is imported, no model is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness.doctor.finding import Finding
from harness.errors import ConfigError, UserError
from harness.hydra_app import search_path
from harness.hydra_errors import no_yaml
from harness.overrides import with_names
from harness.plugins import Registry, options_of
from harness.stage import Stage, Unusable

GROUP = "Engines"


@dataclass(frozen=True, slots=True)
class Bench:
    """What the engines are tried with: the plugins that there are, and the configuration of this folder."""

    registry: Registry
    loader: ConfigLoaderImpl

    def composed(self, *overrides: str) -> Mapping[str, Any]:
        """Compose and resolve the configuration. Raises :class:`ConfigError`."""
        try:
            config = self.loader.load_configuration("config", with_names(overrides, self.loader), RunMode.RUN)
            with open_dict(config):
                config.pop("hydra", None)
            plain = OmegaConf.to_container(config, resolve=True)
        except YAMLError as error:
            raise no_yaml(error) from None
        except (HydraException, OmegaConfBaseException, OSError) as error:
            raise ConfigError("configuration", str(error).partition("\n")[0], "one that can be composed") from None
        assert isinstance(plain, dict)
        return {str(key): value for key, value in plain.items()}


@dataclass(frozen=True, slots=True)
class Engines:
    """The findings, and whether any engine that can run uses threads: then how many matters to figures."""

    findings: tuple[Finding, ...]
    threads: int | None = None


def engines(registry: Registry) -> Engines:
    """Try every engine that the YAML of this folder, of the harness and of its plugins names."""
    bench = Bench(registry, ConfigLoaderImpl(search_path()))
    try:
        default = bench.composed()
    except UserError as error:
        return Engines((Finding(GROUP, "configuration", "missing", str(error), needed=True),))
    order = default.get("order")
    needed = set(order) if isinstance(order, list) else set()
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    uses_threads = False
    for key in sorted(key for key, value in default.items() if isinstance(value, dict) and "stage" in value):
        for name in bench.loader.get_group_options(key):
            tried = _tried(bench, key, name, default, needed)
            found += tried.findings
            seen.add(tried.stage)
            uses_threads |= tried.uses_threads
    for role, name in sorted(registry.stages.keys() - seen):
        found.append(Finding(GROUP, f"{role}={name}", "unknown", f"no file in conf/{role} names it"))
    threads = default.get("threads")
    return Engines(tuple(found), threads if uses_threads and isinstance(threads, int) else None)


@dataclass(frozen=True, slots=True)
class _Tried:
    findings: tuple[Finding, ...]
    stage: tuple[str, str]
    uses_threads: bool = False


def _tried(bench: Bench, key: str, name: str, default: Mapping[str, Any], needed: set[Any]) -> _Tried:
    """Try what one file of a group names; the one that the defaults choose is what they were composed with."""
    item = f"{key}={name}"
    try:
        values = dict(bench.composed(item)[key])
        by_default = key in needed and values == default[key]
        role, stage_name = str(values.pop("role", key)), str(values.pop("stage", name))
    except UserError as error:
        return _Tried((Finding(GROUP, item, "missing", str(error)),), (key, name))
    try:
        found = bench.registry.stage(key, role, stage_name)
        stage: Stage = found.cls(options_of(found, key, values))
        lacks = stage.lacks()
    except Exception as error:  # a plugin may fail in any way when it is asked; the others are asked all the same
        text = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return _Tried((Finding(GROUP, item, "missing", text, needed=by_default),), (role, stage_name))
    lacking = tuple(_lacking(key, item, one, needed=by_default) for one in lacks)
    choice = ", in the defaults" if by_default else ""
    ready = Finding(GROUP, item, "ok", f"can run{choice}: {found.summary} [{found.origin}]", needed=by_default)
    return _Tried(lacking or (ready,), (role, stage_name), stage.uses_threads and not lacking)


def _lacking(key: str, item: str, error: Unusable, *, needed: bool) -> Finding:
    """Say what was found; what was expected only where no command mends it."""
    option = f"{key}.{error.key}: " if error.key else ""
    expected = "" if error.fix else f"; expected {error.expected}"
    return Finding(GROUP, item, "missing", f"{option}{error.found}{expected}", error.fix, needed)
