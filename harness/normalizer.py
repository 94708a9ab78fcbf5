"""Text normalisers: what is done to reference and transcript before they are compared.

A normaliser is looked up by its name, as a codec is: those of the harness are here, a plugin's are added when plugins
are found (hook ``harness_normalizers``). So a stored run can be scored again by name, without an engine.
"""

import importlib.metadata
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from harness.errors import ConfigError

_PACKAGE = "whisper-normalizer"
_REMEMBERED = 4_096
"""Texts whose normalised form is remembered, of a normaliser that takes half a millisecond for a sentence."""
_NO_WORD = re.compile(r"[^a-z0-9']+")
_LONE_APOSTROPHE = re.compile(r"(?<!\S)'+|'+(?!\S)|''+")


def none(text: str) -> str:
    """Fold spaces, and leave everything else as it is."""
    return " ".join(text.split())


def basic(text: str) -> str:
    """Lower-case, strip punctuation, fold spaces; an apostrophe inside a word stays."""
    text = unicodedata.normalize("NFC", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    if text.isascii():  # most corpora, at a twentieth of the time
        return " ".join(_LONE_APOSTROPHE.sub(" ", _NO_WORD.sub(" ", text)).split())
    kept, inside = [], False
    for character in text:
        kind = unicodedata.category(character)[0]
        inside = kind in "LN" or (kind == "M" and inside)  # a mark belongs to the letter that it stands on
        kept.append(character if inside or character == "'" else " ")
    return " ".join(_LONE_APOSTROPHE.sub(" ", "".join(kept)).split())


@lru_cache(_REMEMBERED)
def whisper(text: str) -> str:
    """Normalise English as OpenAI's Whisper is scored: spelling, contractions and numbers made one, fillers dropped."""
    return " ".join(_english()(text).split())


@lru_cache(_REMEMBERED)
def whisper_multilingual(text: str) -> str:
    """Normalise any language as OpenAI's Whisper is scored: lower case, no brackets, punctuation or combining marks."""
    return " ".join(_multilingual()(text).split())


@cache
def _english() -> Callable[[str], str]:
    from whisper_normalizer.english import EnglishTextNormalizer  # a tenth of a second: only for who asks for it

    made: Callable[[str], str] = EnglishTextNormalizer()
    return made


@cache
def _multilingual() -> Callable[[str], str]:
    from whisper_normalizer.basic import BasicTextNormalizer

    made: Callable[[str], str] = BasicTextNormalizer()
    return made


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A normaliser: its name, what it does to a text, and its version, which changes with what it makes of any text.

    ``normalize`` is a pure function: the same text gives the same text, words with one space between them.
    ``language`` (a BCP 47 tag) is the one language that it is for, empty where it is for all.
    """

    name: str
    normalize: Callable[[str], str]
    version: str
    language: str = ""


_KNOWN = {one.name: one for one in (Normalizer("none", none, "1"), Normalizer("basic", basic, "1"))}
_OF_PACKAGE: Mapping[str, tuple[Callable[[str], str], str]] = {
    "whisper": (whisper, "en"),
    "whisper_multilingual": (whisper_multilingual, ""),
}
"""Those of the package whisper-normalizer: neither it nor its version is looked for before somebody asks."""


def names() -> tuple[str, ...]:
    """Return the names of all normalisers that are known, the harness's first, then in the order of registration."""
    return tuple(dict.fromkeys(("none", "basic", *_OF_PACKAGE, *_KNOWN)))


def register(normalizer: Normalizer) -> None:
    """Add a normaliser. Raises ValueError where another one has its name; the same one may be added again."""
    if normalizer.name in _OF_PACKAGE or _KNOWN.setdefault(normalizer.name, normalizer) != normalizer:
        raise ValueError(f"a second normaliser {normalizer.name}")


def normalizer(name: str, key: str = "normalizer") -> Normalizer:
    """Return a normaliser. Raises :class:`ConfigError`, about ``key``, with the names there are."""
    if name in _OF_PACKAGE:
        return _of_package(name, key)
    if name not in _KNOWN:
        raise ConfigError(key, f"'{name}'", "a normaliser", names())
    return _KNOWN[name]


def _of_package(name: str, key: str) -> Normalizer:
    try:
        version = importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(key, f"'{name}' without the package {_PACKAGE}", f"pip install {_PACKAGE}") from None
    normalize, language = _OF_PACKAGE[name]
    return Normalizer(name, normalize, version, language)
