"""The language that a dataset names, as a BCP 47 tag."""

import re

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
_NAMES = {
    "arabic": "ar",
    "cantonese": "yue",
    "chinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "mandarin": "zh",
    "norwegian": "no",
    "persian": "fa",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "thai": "th",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}
"""Languages that corpora spell out (lhotse's recipes do), by name in small letters."""


def language_tag(name: str | None) -> str | None:
    """Return the tag of a language that is named by its tag or in English; None where it is neither."""
    if not name:
        return None
    if _TAG.fullmatch(name):
        return name.replace("_", "-")
    return _NAMES.get(name.lower())
