"""The typed configuration: from what Hydra composed to frozen settings, each value checked by name.

Plugins are data here: a stage or probe is named by its registered name, and its options are checked against the
``Options`` that its class declares.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args

import msgspec
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import harness
from harness.errors import ConfigError
from harness.protocol import Budgets, Fit, Isolation, Lifecycle, OnCrash, PageCache, Protocol, Residency, Trim
from harness.records import ROLES, Role
from harness.sweeping.rounds import SweepSettings, sweep_settings

MAX_SAMPLE_HZ = 1000
"""Above this the sampler would take a share of a core that the engines feel."""
SUBTITLES = ("srt", "vtt", "TextGrid", "ctm", "json")
"""The formats that :mod:`harness.report.subtitles` writes."""
CHARTS = ("svg", "png")
"""The formats that :mod:`harness.report.pictures` writes."""
_CHOICES = {
    "lifecycle": get_args(Lifecycle),
    "residency": get_args(Residency),
    "isolation": get_args(Isolation),
    "trim": get_args(Trim),
    "on_crash": get_args(OnCrash),
    "page_cache": get_args(PageCache),
}
_BUDGETS = {"leak_kib": "leak_kib", "memory_budget_mib": "memory_mib", "residual_budget_mib": "residual_mib"}
"""Keys of the configuration, and the fields of the record."""
_VARIABLE = re.compile(r"oc\.env:(\w+)")
_AT_LEAST_ONE = ("iterations", "threads", "context_length")
_FIT_KEYS = ("limit_mib", "search", "tolerance_mib")
LEAST_MIB = 16
"""A bare worker holds 7 MiB of its own, and 6 MiB of files that something else has mostly read before it."""
MOST_MIB = 2**40
"""An exbibyte: in bytes, more would not fit into the kernel's 64 bits, which then take a small limit for it."""


@dataclass(frozen=True, slots=True)
class StageSettings:
    """A stage as the configuration names it: ``key`` (what ``order`` lists), role, registered name, option values."""

    key: str
    role: Role
    stage: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration of one run.

    ``stages`` are those that ``order`` names, in its order; ``probes`` and ``exporters`` map a name to its option
    values. The protocol of a block of a sweep's cell has the block's share of the iterations.
    """

    protocol: Protocol
    stages: tuple[StageSettings, ...]
    probes: Mapping[str, Mapping[str, Any]]
    dataset: Mapping[str, Any]
    budgets: Budgets = field(default_factory=Budgets)
    plugins: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    exporters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    quiet: bool = False
    verbose: bool = False
    outputs: str = "outputs"
    fit: Fit = field(default_factory=Fit)
    sweep: SweepSettings = field(default_factory=SweepSettings)
    raw: Mapping[str, Any] = field(default_factory=dict)


def builtin_folder(name: str) -> Path:
    """Return a folder that travels with the harness (``conf``, ``samples``).

    In a wheel it stands inside the package, in a checkout beside it.
    """
    package = Path(harness.__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def settings_of(config: DictConfig) -> Settings:
    """Check a composed configuration. Raises :class:`ConfigError`, which names the key and what would be right."""
    raw = _plain(config)
    _check_keys(raw)
    protocol, sweep = _protocol(raw), sweep_settings(raw.get("sweep"))
    return Settings(
        protocol=replace(protocol, iterations=sweep.share(protocol.iterations)),
        stages=tuple(_stage(key, raw) for key in protocol.order),
        probes=_named("probe", raw),
        dataset=_mapping("dataset", raw.get("dataset")),
        budgets=_budgets(raw),
        plugins=tuple(_strings("plugins", raw.get("plugins") or [])),
        subtitles=_formats("subtitles", raw, "a format for word timings", SUBTITLES),
        charts=_formats("charts", raw, "a format for charts", CHARTS),
        exporters=_named("exporter", raw),
        quiet=_flag("quiet", raw),
        verbose=_flag("verbose", raw),
        outputs=str(raw.get("outputs", "outputs")),
        fit=_fit(raw),
        sweep=sweep,
        raw=raw,
    )


def _plain(config: DictConfig) -> dict[str, Any]:
    try:
        raw = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = str(getattr(error, "full_key", None) or "configuration")
        found, variables = _unresolved(config, key)
        whole = key in _AT_LEAST_ONE and variables
        expected = "a whole number of at least 1" if whole else "a value that can be resolved"
        raise ConfigError(key, variables or found, expected) from None
    assert isinstance(raw, dict)
    return {str(key): value for key, value in raw.items()}


def _check_keys(raw: Mapping[str, Any]) -> None:
    """Refuse a key that nobody reads, which Hydra lets an experiment's file and ``+key=value`` add."""
    ours = {"protocol", "stages", "probes", "exporters", "budgets", "raw"}
    known = ({field.name for field in (*fields(Protocol), *fields(Settings))} | {*_BUDGETS, "strict"}) - ours
    stages = {key for key, value in raw.items() if isinstance(value, Mapping) and "stage" in value}
    choices = known | stages | {"probe", "exporter"}
    for key, value in raw.items():
        if isinstance(value, Mapping) and "role" in value and "stage" not in value:
            raise ConfigError(f"{key}.stage", "nothing", "the name of a stage")
        if key not in choices:
            raise ConfigError(key, f"the key '{key}'", "a key of the configuration, or a stage", choices)


def _unresolved(config: DictConfig, key: str) -> tuple[str, str]:
    """Return what stands in the configuration, and what the environment puts there; a parser's words are no help."""
    raw: Any = OmegaConf.to_container(config, resolve=False)
    for part in key.split("."):
        raw = raw.get(part) if isinstance(raw, dict) else raw
    named = [f"{name}={os.environ[name]!r}" for name in _VARIABLE.findall(str(raw)) if name in os.environ]
    return f"'{raw}'", ", ".join(named)


def _protocol(raw: Mapping[str, Any]) -> Protocol:
    names = [field.name for field in fields(Protocol)]
    values: dict[str, Any] = {name: raw[name] for name in names if name in raw}
    for name, choices in _CHOICES.items():
        if name in values and values[name] not in choices:
            raise ConfigError(name, repr(values[name]), "one of its values", choices)
    values["order"] = _order(raw)
    for name in _AT_LEAST_ONE:
        _at_least(1, name, values)
    for name in ("warmup", "seed"):
        _at_least(0, name, values)
    _positive("timeout_s", values)
    _rate("sample_hz", values)
    if values.get("page_cache", "as_is") == "cold" and not hasattr(os, "posix_fadvise"):
        raise ConfigError("page_cache", "'cold' on a system without posix_fadvise", "as_is or warm")
    protocol = msgspec.convert(values, Protocol)
    _check_lifecycle(protocol)
    return protocol


def _at_least(least: int, name: str, values: Mapping[str, Any]) -> None:
    value = values.get(name, least)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(name, repr(value), f"a whole number of at least {least}")


def _positive(name: str, values: dict[str, Any]) -> None:
    if name not in values:
        return
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ConfigError(name, repr(value), "a number above 0")
    values[name] = float(value)


def _rate(name: str, values: dict[str, Any]) -> None:
    value = values.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SAMPLE_HZ:
        raise ConfigError(name, repr(value), f"samples a second, at most {MAX_SAMPLE_HZ}, or 0 for none")
    if name in values:
        values[name] = float(value)


def _budgets(raw: Mapping[str, Any]) -> Budgets:
    # without a budget there is none; without a rate there would be no verdict
    values = {key: raw[key] for key in _BUDGETS if raw.get(key) is not None or (key == "leak_kib" and key in raw)}
    for key in values:
        _positive(key, values)
    return Budgets(strict=_flag("strict", raw), **{_BUDGETS[key]: value for key, value in values.items()})


def _check_lifecycle(protocol: Protocol) -> None:
    """Refuse a model that should stay while another one has to come."""
    stays = protocol.lifecycle != "recreate"
    if stays and protocol.residency == "one_at_a_time" and len(protocol.order) > 1:
        raise ConfigError(
            "lifecycle",
            f"'{protocol.lifecycle}' with residency=one_at_a_time and {len(protocol.order)} stages in order",
            "recreate, for each model has to leave before the next one comes; or residency=phase_batched or "
            "all_resident, or one stage in order",
        )


def _order(raw: Mapping[str, Any]) -> tuple[str, ...]:
    order = raw.get("order")
    keys = [key for key, value in raw.items() if isinstance(value, Mapping) and "stage" in value]
    if not isinstance(order, list) or not order:
        raise ConfigError("order", repr(order), "a list of stages, for instance [asr,aligner]", keys)
    for key in order:
        if key not in keys:
            raise ConfigError("order", f"'{key}'", "a stage of the configuration", keys)
        if order.count(key) > 1:
            raise ConfigError("order", f"'{key}' {order.count(key)} times", "each stage once", keys)
    return tuple(order)


def _stage(key: str, raw: Mapping[str, Any]) -> StageSettings:
    values = dict(raw[key])
    role, stage = values.pop("role", None), values.pop("stage")
    if role not in ROLES:
        raise ConfigError(f"{key}.role", repr(role), "a role", ROLES)
    if not isinstance(stage, str):
        raise ConfigError(f"{key}.stage", repr(stage), f"the name of a stage with the role {role}")
    return StageSettings(key, role, stage, values)


def _named(group: str, raw: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the option values of the chosen probes or exporters, by name."""
    return {name: _mapping(f"{group}.{name}", options) for name, options in _mapping(group, raw.get(group)).items()}


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(name, repr(value), "a mapping of keys to values")
    return {str(key): item for key, item in value.items()}


def _strings(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(name, repr(value), "a list of names")
    return value


def _formats(name: str, raw: Mapping[str, Any], expected: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    formats = _strings(name, raw.get(name) or [])
    for form in formats:
        if form not in choices:
            raise ConfigError(name, f"'{form}'", expected, choices)
    return tuple(formats)


def _fit(raw: Mapping[str, Any]) -> Fit:
    values = _mapping("fit", raw.get("fit"))
    for key in values:
        if key not in _FIT_KEYS:
            raise ConfigError(f"fit.{key}", f"the key '{key}'", "a key of the memory limit", _FIT_KEYS)
    search = _flag("search", values, "fit.search")
    limit_mib, tolerance_mib = values.get("limit_mib"), values.get("tolerance_mib", Fit().tolerance_mib)
    if limit_mib is not None:
        expected = f"null, or a number of MiB of at least {LEAST_MIB}, which a worker needs without any engine"
        if _is_number(limit_mib) and limit_mib > MOST_MIB:
            raise ConfigError("fit.limit_mib", repr(limit_mib), f"null, or a number of MiB of at most {MOST_MIB}")
        if not _is_number(limit_mib) or limit_mib < LEAST_MIB:
            raise ConfigError("fit.limit_mib", repr(limit_mib), expected)
        if search:
            expected = "null, for fit.search=true finds the limit; or fit.search=false"
            raise ConfigError("fit.limit_mib", f"{limit_mib:g} with fit.search=true", expected)
    if not _is_number(tolerance_mib) or tolerance_mib < 1:
        raise ConfigError("fit.tolerance_mib", repr(tolerance_mib), "a number of MiB of at least 1")
    return Fit(
        limit_mib=None if limit_mib is None else float(limit_mib), search=search, tolerance_mib=float(tolerance_mib)
    )


def _is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; neither NaN nor a truth value is one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _flag(name: str, raw: Mapping[str, Any], subject: str | None = None) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise ConfigError(subject or name, repr(value), "true or false")
    return value
