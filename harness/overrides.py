"""The overrides of a command line: what they give several values, and what Hydra would take them for by mistake."""

import re
from collections.abc import Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from harness.corpus.choice import CHOICE_KEYS
from harness.errors import ConfigError

_COMMON = frozenset(f"dataset.{key}" for key in CHOICE_KEYS)
"""Keys that every dataset has, also where its YAML does not list them."""
_NULL = re.compile(r"(?<![^,(\[ ])null(?![^,)\] ])")
"""A whole word of a value, or of a choice between several."""


def swept_keys(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the keys to which a command line gives several values."""
    parsed = parsed_overrides(overrides)
    return tuple(override.get_key_element().lstrip("+") for override in parsed if override.is_sweep_override())


def parsed_overrides(overrides: Sequence[str]) -> list[Override]:
    """Return the overrides of a command line as Hydra reads them. Raises its OverrideParseException."""
    return OverridesParser.create().parse_overrides([_with_quotes(text) for text in overrides])


def _with_quotes(text: str) -> str:
    """Quote ``sweep.baseline=threads=1``, which names a cell as the sweep does and is two assignments to Hydra."""
    key, equals, value = text.partition("=")
    bare = key == "sweep.baseline" and "=" in value and value[:1] not in ("'", '"')
    return f"{key}{equals}'{value}'" if bare else text


def with_names(overrides: Sequence[str], loader: ConfigLoader) -> list[str]:
    """Return overrides as Hydra has to be given them.

    ``null`` is quoted where a group has a file of that name: without quotes it is to Hydra no name but nothing. A key
    that every dataset has is added, where Hydra would refuse what the chosen one's YAML does not list.
    """
    named = []
    for text, override in zip(map(_with_quotes, overrides), parsed_overrides(overrides), strict=True):
        options = loader.get_group_options(override.key_or_group)
        key, equals, value = text.partition("=")
        added = "++" if key in _COMMON else ""
        named.append(key + equals + _NULL.sub(r"'\g<0>'", value) if "null" in options else added + text)
    return named


def check_groups(overrides: Sequence[str], loader: ConfigLoader) -> None:
    """Refuse what Hydra answers with a ValueError: an override without a key, and a group that is given no name."""
    for override in parsed_overrides(overrides):
        key = override.get_key_element().lstrip("+~")
        if not key:
            raise ConfigError("command line", f"'{override.input_line}'", "key=value, as Hydra writes it")
        choices = [] if _may_name(override) else loader.get_group_options(override.key_or_group)
        if choices:
            raise ConfigError(key, str(override.get_value_element_as_str()), "the name of a file in conf", choices)


def _may_name(override: Override) -> bool:
    """Tell whether Hydra takes a value for a group's: a name, several, or with ``~`` none at all."""
    value = override.value()
    if override.is_delete():
        return value is None or isinstance(value, str)
    return override.is_sweep_override() or isinstance(value, str | list)
