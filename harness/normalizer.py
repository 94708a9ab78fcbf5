"""Text normalisers: what is done to reference and transcript before they are compared.

A normaliser is looked up by its name, as a codec is: those of the harness are here, a plugin's are added when plugins
are found (hook ``harness_normalizers``). So a stored run can be scored again by name, without an engine.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import ConfigError

_LONE_APOSTROPHE = re.compile(r"(?<!\S)'+|'+(?!\S)|''+")


def none(text: str) -> str:
    """Fold spaces, and leave everything else as it is."""
    return " ".join(text.split())


def basic(text: str) -> str:
    """Lower-case, strip punctuation, fold spaces; an apostrophe inside a word stays."""
    text = unicodedata.normalize("NFC", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    kept, inside = [], False
    for character in text:
        kind = unicodedata.category(character)[0]
        inside = kind in "LN" or (kind == "M" and inside)  # a mark belongs to the letter that it stands on
        kept.append(character if inside or character == "'" else " ")
    return " ".join(_LONE_APOSTROPHE.sub(" ", "".join(kept)).split())


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A normaliser: its name, what it does to a text, and its version, which changes with what it makes of any text."""

    name: str
    normalize: Callable[[str], str]
    version: str


_KNOWN = {one.name: one for one in (Normalizer("none", none, "1"), Normalizer("basic", basic, "1"))}


def names() -> tuple[str, ...]:
    """Return the names of all normalisers that are known, in the order in which they were added."""
    return tuple(_KNOWN)


def register(normalizer: Normalizer) -> None:
    """Add a normaliser. Raises ValueError where another one has its name; the same one may be added again."""
    if _KNOWN.setdefault(normalizer.name, normalizer) != normalizer:
        raise ValueError(f"a second normaliser {normalizer.name}")


def normalizer(name: str, key: str = "normalizer") -> Normalizer:
    """Return a normaliser. Raises :class:`ConfigError`, about ``key``, with the names there are."""
    if name not in _KNOWN:
        raise ConfigError(key, f"'{name}'", "a normaliser", names())
    return _KNOWN[name]
