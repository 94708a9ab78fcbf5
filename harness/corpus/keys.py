"""From the keys of a dataset's YAML to the frozen options of its form."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar

from harness.errors import ConfigError, InputError

Options = TypeVar("Options")
_EXPECTED = "expected"


def named(expected: str) -> Any:
    """Return the field of a key that has to be said, with what would be right."""
    return field(metadata={_EXPECTED: expected})


def optional(expected: str, default: str | None = None) -> Any:
    """Return the field of a key that may be null, with what else would be right."""
    return field(default=default, metadata={_EXPECTED: f"{expected}, or null"})


def options_of(cls: type[Options], values: Mapping[str, Any], also: Iterable[str] = ()) -> Options:
    """Return a form's options: a dataclass whose fields are :func:`named` or :func:`optional` texts.

    ``also`` are keys that are read elsewhere, to choose from. Raises :class:`ConfigError` for an unknown key and for a
    value that is no text, and :class:`InputError` for one that no terminal could show.
    """
    known = {one.name: one for one in fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ConfigError(f"dataset.{key}", f"the key '{key}'", "a key of the dataset", [*known, *also])
    given = {}
    for key, one in known.items():
        value = values.get(key, None if one.default is MISSING else one.default)
        if not (isinstance(value, str) and value) and (value is not None or one.default is MISSING):
            raise ConfigError(f"dataset.{key}", "null" if value is None else repr(value), one.metadata[_EXPECTED])
        if value is not None and not value.isprintable():
            raise InputError(f"dataset.{key}", ascii(value), "printable characters")
        given[key] = value
    return cls(**given)
