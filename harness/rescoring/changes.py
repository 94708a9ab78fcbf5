"""What a command line changes when a run is scored again: words as a run is given them, read and checked by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import QuotedString
from hydra.errors import HydraException

from harness.errors import ConfigError
from harness.overrides import parsed_overrides

KEYS = ("normalizer", "probe", "+probe", "probe.NAME.KEY", "plugins", "references")
AGAIN = "again"
"""The label of a run that is scored again with nothing changed: by the definitions of today."""
_LABEL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_NO_LABEL = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be other than in the run.

    ``normalizer`` is that of every probe with an option of this name; ``options`` are by probe; ``probes`` are those
    that score in the place of the run's, None for the run's own; ``added`` score beside them. ``plugins`` are further
    modules that hold probes, ``references`` is a file of other references.
    """

    words: tuple[str, ...] = ()
    normalizer: str | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    probes: tuple[str, ...] | None = None
    added: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    references: Path | None = None

    @property
    def label(self) -> str:
        """Return what the folder of the results is called where the user does not say."""
        parts = [_label(word) for word in self.words if not word.startswith("plugins=")]
        return "_".join(filter(None, parts))[:100] or AGAIN


def changes(words: Sequence[str]) -> Changes:
    """Read the words of a command line. Raises :class:`ConfigError` for the first that cannot be used."""
    values: dict[str, Any] = {}
    options: dict[str, dict[str, Any]] = {}
    for word in words:
        key, value = _read(word)
        probe, _, option = key.removeprefix("probe.").partition(".")
        if key in values or option in options.get(probe, {}):
            raise ConfigError(key, "it twice", "each key once")
        if key.startswith("probe.") and probe and option:
            options.setdefault(probe, {})[option] = value
        elif key in KEYS:
            values[key] = value
        else:
            raise ConfigError(key, f"the key '{key}'", "a key that scoring reads", KEYS)
    references = values.get("references")
    return Changes(
        tuple(words),
        _text("normalizer", values["normalizer"]) if "normalizer" in values else None,
        options,
        _names("probe", values["probe"]) if "probe" in values else None,
        _names("+probe", values.get("+probe", [])),
        _names("plugins", values.get("plugins", [])),
        None if references is None else Path(_text("references", references)),
    )


def checked_label(name: str) -> str:
    """Return the name of a folder of results. Raises :class:`ConfigError` where it is none."""
    if not _LABEL.fullmatch(name):
        raise ConfigError("--name", repr(name), "at most 100 letters, digits and . _ -, not beginning with .")
    return name


def _read(word: str) -> tuple[str, Any]:
    """Return key and value of one word; a key that is added to has its plus sign."""
    expected = "KEY=VALUE, as a run is given it"
    try:
        override = parsed_overrides([word])[0]
    except HydraException:
        raise ConfigError("command line", f"'{word}'", expected) from None
    if not override.key_or_group:
        raise ConfigError("command line", f"'{word}'", expected)
    if override.is_sweep_override() or override.is_delete() or override.package is not None:
        raise ConfigError("command line", f"'{word}'", f"{expected}, with one value")
    return f"{'+' if override.is_add() else ''}{override.key_or_group}", _plain(override.value())


def _plain(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(key, repr(value), "a name" if key == "normalizer" else "a file")
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise ConfigError(key, repr(value), "a name, or a list of names")
    return tuple(dict.fromkeys(listed))


def _label(word: str) -> str:
    """Return the part of a label that a word gives: of the normaliser its name, else key and value."""
    key, _, value = word.partition("=")
    if key == "references":
        value = Path(value).stem
    text = value if key == "normalizer" else f"{key.removeprefix('probe.')}-{value}"
    return _NO_LABEL.sub("-", re.sub(r"[][+]", "", text)).strip("-.")
