"""The list of what is installed: stages, probes, exporters and normalisers, their options, metrics and origin."""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from harness.errors import ConfigError
from harness.hookspecs import Probe
from harness.normalizer import names, normalizer
from harness.plugins import Found, Registry
from harness.stage import Stage


def catalogue(registry: Registry) -> Iterator[str]:
    """Yield the lines of ``python -m harness plugins``."""
    yield "Stages"
    for (role, name), found in sorted(registry.stages.items()):
        yield from _stage(role, name, found)
    yield ""
    yield "Probes"
    for name, found in sorted(registry.probes.items()):
        yield from _probe(name, found)
    yield ""
    yield "Exporters"
    for name, found in sorted(registry.exporters.items()):
        yield f"  {name}   {found.summary}   [{found.origin}]"
        yield from _options(found)
    yield ""
    yield "Normalizers"
    for name in names():
        yield _normalizer(name, registry.normalizers.get(name))


def _normalizer(name: str, origin: str | None) -> str:
    try:
        one = normalizer(name)
    except ConfigError as error:  # its package is gone: the list of what is there is still wanted
        return f"  {name}   not installed: {error.expected}"
    summary = (inspect.getdoc(one.normalize) or "").partition("\n")[0]
    return f"  {name}   {summary}   [{origin or 'built in'}, version {one.version}]"


def _stage(role: str, name: str, found: Found) -> Iterator[str]:
    stage: type[Stage] = found.cls
    yield f"  {role}={name}   {found.summary}   [{found.origin}]"
    yield f"    streams: {stage.streams}; uses_threads: {_yes(stage.uses_threads)}"
    yield f"    one_per_process: {_yes(stage.one_per_process)}; takes_pcm: {_yes(stage.takes_pcm)}"
    yield from _options(found)


def _probe(name: str, found: Found) -> Iterator[str]:
    probe: type[Probe] = found.cls
    yield f"  {name}   {found.summary}   [{found.origin}]"
    yield from _options(found)
    for metric in probe.metrics:
        better = "" if metric.better == "neither" else f", {metric.better} is better"
        main = ", main" if metric.main else ""
        yield f"    {metric.scope}.{metric.name} [{metric.unit}] {metric.kind}{better}{main}: {metric.description}"


def _options(found: Found) -> Iterator[str]:
    for option in fields(found.cls.Options):
        kind = option.type if isinstance(option.type, str) else getattr(option.type, "__name__", str(option.type))
        yield f"    option {option.name}: {kind}{_default(option)}"


def _default(option: Field[Any]) -> str:
    return "" if option.default is MISSING else f" = {option.default!r}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
