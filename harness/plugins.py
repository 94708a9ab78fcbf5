"""Finding plugins, and calling them so that one that fails takes nobody with it.

Plugins are modules named by entry points in the group ``harness``, or by the configuration key ``plugins``. Each says
by the hooks ``harness_stages``, ``harness_probes`` and ``harness_exporters`` which classes it holds, and by
``harness_normalizers`` which normalisers.
"""

import importlib
import importlib.metadata
import importlib.util
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pluggy

from harness import hookspecs
from harness.errors import ConfigError, PluginError, nearest_first
from harness.hookspecs import Exporter, Probe
from harness.normalizer import Normalizer, register
from harness.own_modules import working_directory_last
from harness.plugin_sources import plugin_sources
from harness.records import ROLES
from harness.stage import Stage

GROUP = "harness"
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
"""What msgspec's names of types mean to who writes YAML."""
_QUOTED = re.compile(r"`(\w+(?: \| \w+)*)`")
_HOOK = re.compile(r"unknown hook '(\w+)'")
_LACKING = re.compile(r"Object missing required field `(.*)`")


@dataclass(frozen=True, slots=True)
class Found:
    """A stage, probe or exporter class, and the distribution (with version) or the module that it came from."""

    cls: type[Any]
    origin: str

    @property
    def summary(self) -> str:
        """The first line of the class's docstring."""
        return (inspect.getdoc(self.cls) or "").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that was found: stages by (role, name), probes and exporters by name."""

    stages: Mapping[tuple[str, str], Found]
    probes: Mapping[str, Found]
    exporters: Mapping[str, Found] = field(default_factory=dict)
    normalizers: Mapping[str, str] = field(default_factory=dict)
    """Where each normaliser that a plugin brought came from."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Everything that was loaded, by distribution or module: :func:`harness.plugin_sources.plugin_sources`."""

    def stage(self, key: str, role: str, name: str) -> Found:
        """Return the stage for a configuration key. Raises :class:`ConfigError` with the names there are."""
        if (role, name) not in self.stages:
            names = [name for its_role, name in self.stages if its_role == role]
            raise ConfigError(f"{key}.stage", f"'{name}'", f"the name of a stage with the role {role}", names)
        return self.stages[role, name]

    def probe(self, name: str) -> Found:
        """Return a probe. Raises :class:`ConfigError` with the names there are."""
        if name not in self.probes:
            raise ConfigError("probe", f"'{name}'", "the name of a probe", self.probes)
        return self.probes[name]

    def exporter(self, name: str) -> Found:
        """Return an exporter. Raises :class:`ConfigError` with the names there are."""
        if name not in self.exporters:
            raise ConfigError("exporter", f"'{name}'", "the name of an exporter", self.exporters)
        return self.exporters[name]


def conf_folders() -> Iterator[Path]:
    """Yield the ``conf`` folder beside each package that an entry point names, where it has one.

    So that a plugin's distribution brings its YAML along. The package is located, not imported.
    """
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        spec = importlib.util.find_spec(entry_point.module.partition(".")[0])
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(place) / "conf").is_dir():
                yield Path(place) / "conf"


def discover(extra: Iterable[str] = ()) -> Registry:
    """Import every plugin module and ask it what it holds. ``extra`` names further modules.

    Raises :class:`PluginError` for one that cannot be imported, has a hook that nobody specified or with wrong
    arguments, or brings a name that is taken.
    """
    manager = _manager()
    origins = dict(_register_entry_points(manager))
    modules = []
    for name in extra:
        working_directory_last(name)
        module = _imported(name, name)
        if not any(hasattr(one, f"{GROUP}_impl") for one in vars(module).values()):
            hooks = "harness_stages, harness_probes, harness_exporters or harness_normalizers in it"
            raise PluginError(f"plugins={name}", "a module without a hook", hooks)
        if not manager.is_registered(module):
            _register(manager, module, name)
            origins[name] = name
            modules.append(module)
    _check(manager)
    own = {module.__name__ for module in modules}
    distributions = [origin for name, origin in origins.items() if name not in own]
    return replace(_registry(manager, origins), sources=plugin_sources(distributions, modules))


def _registry(manager: pluggy.PluginManager, origins: Mapping[str, str]) -> Registry:
    return Registry(
        _stages(manager, origins),
        _named(manager, origins, "harness_probes", Probe),
        _named(manager, origins, "harness_exporters", Exporter),
        _register_normalizers(manager, origins),
    )


@dataclass(frozen=True, slots=True)
class Source:
    """What an entry point brought (``asr=NAME``, ``probe NAME``, ...), or the error that kept it out."""

    name: str
    origin: str
    brought: tuple[str, ...] = ()
    error: PluginError | None = None


def survey() -> tuple[Registry, tuple[Source, ...]]:
    """Ask each entry point by itself, so that one that fails hides no other; :func:`discover` stops at the first."""
    found = Registry({}, {}, {})
    sources = []
    for name, entry_point in _by_module():
        origin = _origin(entry_point)
        try:
            manager = _manager()
            _register(manager, _imported(entry_point.module, origin), name)
            _check(manager)
            own = _registry(manager, {name: origin})
            _refuse_taken(name, [one for one in _names(own) if one in _names(found)])
        except PluginError as error:
            sources.append(Source(name, origin, error=error))
            continue
        found = Registry(
            {**found.stages, **own.stages},
            {**found.probes, **own.probes},
            {**found.exporters, **own.exporters},
            {**found.normalizers, **own.normalizers},
        )
        sources.append(Source(name, origin, tuple(_names(own))))
    return found, tuple(sources)


def _names(registry: Registry) -> list[str]:
    """Return what a registry holds as people write it: ``asr=name``, ``probe name``, and so on."""
    return [
        *(f"{role}={name}" for role, name in registry.stages),
        *(f"probe {name}" for name in registry.probes),
        *(f"exporter {name}" for name in registry.exporters),
        *(f"normalizer {name}" for name in registry.normalizers),
    ]


def _by_module() -> list[tuple[str, importlib.metadata.EntryPoint]]:
    """Return the entry points by name, of those that name the same module the first."""
    points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name, reverse=True)
    first = {point.module: point for point in points}
    return sorted((point.name, point) for point in first.values())


def _origin(entry_point: importlib.metadata.EntryPoint) -> str:
    distribution = entry_point.dist
    return f"{distribution.name} {distribution.version}" if distribution else entry_point.module


def _refuse_taken(plugin: str, names: Sequence[str]) -> None:
    if names:
        raise PluginError(f"plugin {plugin}", f"a second {names[0]}", "a name that is free")


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    return manager


def _register_entry_points(manager: pluggy.PluginManager) -> Iterator[tuple[str, str]]:
    for entry_point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        origin = _origin(entry_point)
        module = _imported(entry_point.module, origin)
        if not manager.is_registered(module):
            _register(manager, module, entry_point.name)
            yield entry_point.name, origin


def _imported(name: str, origin: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # a plugin may fail in any way while it is imported; which one is the message
        found = f"{type(error).__name__}: {error}"
        raise PluginError(f"plugin {name} ({origin})", found, "a module that can be imported") from error


def _register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    try:
        manager.register(plugin, name)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(f"plugin {name}", str(error), "hooks as in harness/hookspecs.py") from None


def _check(manager: pluggy.PluginManager) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        hooks = [name for name, hook in vars(manager.hook).items() if not name.startswith("_") and hook.spec]
        refused = PluginError("plugin", str(error).partition("\n")[0], "a hook that exists", hooks)
        misspelt = _HOOK.search(str(error))
        refused.choices = nearest_first(misspelt[1] if misspelt else "", hooks)
        raise refused from None


def _stages(manager: pluggy.PluginManager, origins: Mapping[str, str]) -> dict[tuple[str, str], Found]:
    stages: dict[tuple[str, str], Found] = {}
    for plugin, cls in _classes(manager, "harness_stages", Stage):
        if (cls.role, cls.name) in stages:
            raise PluginError(f"plugin {plugin}", f"a second stage {cls.role}/{cls.name}", "a name that is free")
        stages[cls.role, cls.name] = Found(cls, origins[plugin])
    return stages


def _named(manager: pluggy.PluginManager, origins: Mapping[str, str], hook: str, base: type[Any]) -> dict[str, Found]:
    """Return the probes or the exporters, by name."""
    named: dict[str, Found] = {}
    for plugin, cls in _classes(manager, hook, base):
        if cls.name in named:
            found = f"a second {base.__name__.lower()} {cls.name}"
            raise PluginError(f"plugin {plugin}", found, "a name that is free")
        named[cls.name] = Found(cls, origins[plugin])
    return named


def _register_normalizers(manager: pluggy.PluginManager, origins: Mapping[str, str]) -> dict[str, str]:
    """Add the normalisers that plugins hold to those that are looked up by name; return where each is from."""
    found: dict[str, str] = {}
    for implementation in manager.hook.harness_normalizers.get_hookimpls():
        plugin = f"plugin {implementation.plugin_name}"
        try:
            normalizers: list[Any] = list(implementation.function())  # type: ignore[call-overload]
        except Exception as error:  # a plugin may fail in any way; which one is the message
            message = f"{type(error).__name__}: {error} from harness_normalizers"
            raise PluginError(plugin, message, "a list of normalisers") from error
        for one in normalizers:
            if not isinstance(one, Normalizer):
                raise PluginError(plugin, f"{one!r} from harness_normalizers", "objects of the class Normalizer")
            try:
                register(one)
            except ValueError as error:
                raise PluginError(plugin, str(error), "a name that is free") from None
            found[one.name] = origins[implementation.plugin_name]
    return found


def _classes(manager: pluggy.PluginManager, hook: str, base: type[Any]) -> Iterator[tuple[str, Any]]:
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        plugin = f"plugin {implementation.plugin_name}"
        try:
            classes = list(implementation.function())
        except Exception as error:  # a plugin may fail in any way; which one is the message
            found = f"{type(error).__name__}: {error} from {hook}"
            raise PluginError(plugin, found, "a list of classes") from error
        for cls in classes:
            if not (isinstance(cls, type) and issubclass(cls, base)):
                raise PluginError(plugin, f"{cls!r} from {hook}", f"classes derived from {base.__name__}")
            _check_class(plugin, cls, base)
            yield implementation.plugin_name, cls


def _check_class(plugin: str, cls: type[Any], base: type[Any]) -> None:
    if not isinstance(getattr(cls, "name", None), str):
        raise PluginError(plugin, f"{cls.__name__} without a name", "a class with the attribute name")
    if base is Stage and getattr(cls, "role", None) not in ROLES:
        found = f"{cls.__name__} with the role {getattr(cls, 'role', None)!r}"
        raise PluginError(plugin, found, "a role", ROLES)


def options_of(found: Found, key: str, values: Mapping[str, Any]) -> Any:
    """Return a plugin's ``Options`` made from configuration values.

    Raises :class:`ConfigError` for a key that it does not have, one that it needs, or a value of another type.
    """
    shape = found.cls.Options
    names = [field.name for field in fields(shape)]
    for name in values:
        if name not in names:
            raise ConfigError(f"{key}.{name}", f"the key '{name}'", f"an option of {found.cls.name}", names)
    try:
        return msgspec.convert(dict(values), shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        lacking = _LACKING.match(message)
        name = lacking[1] if lacking else path.strip("`.").partition("[")[0]
        subject = f"{key}.{name}" if name else key
        if lacking:
            raise ConfigError(subject, "nothing", "a value") from None
        expected = message.partition(", got")[0].removeprefix("Expected ")
        expected = _QUOTED.sub(
            lambda types: " or ".join(_TYPES.get(one, one) for one in types[1].split(" | ")), expected
        )
        raise ConfigError(subject, repr(values.get(name)), expected) from None


class Listeners:
    """The objects that hear of a run: probes, exporters and whoever else has hooks.

    Names are unique. ``tell`` is for news; ``each`` is for answers, where every listener stands alone: one that raises
    is reported with its name, and the others are still asked.
    """

    def __init__(self) -> None:
        self._manager = _manager()

    def add(self, listener: object, name: str) -> None:
        """Register a listener. Raises :class:`PluginError` for a misspelt hook or a wrong argument."""
        _register(self._manager, listener, name)
        _check(self._manager)

    def tell(self, hook: str, **arguments: Any) -> list[str]:
        """Call a hook of all listeners; return a line for each that raised."""
        return [
            " ".join(f"{name} failed in {hook}: {type(error).__name__}: {error}".split())
            for name, _, error in self.each(hook, **arguments)
            if error is not None
        ]

    def each(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Any, Exception | None]]:
        """Yield (name, answer, None) or (name, None, exception) for each listener that has the hook."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            chosen = [arguments[name] for name in implementation.argnames]
            try:
                yield implementation.plugin_name, implementation.function(*chosen), None
            except Exception as error:  # a plugin may raise anything; its name and message go into the record
                yield implementation.plugin_name, None, error
