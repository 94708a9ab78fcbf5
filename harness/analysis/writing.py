"""Which languages are written without spaces between words, so that their words are not to be counted by spaces.

Where the dataset says which language an utterance is in, that decides; else the letters of its reference do.
"""

import re
from functools import lru_cache

LANGUAGES = frozenset(
    (
        *(
            "zh",
            "zho",
            "chi",
            "cmn",
            "yue",
            "wuu",
            "nan",
            "hak",
            "gan",
            "hsn",
            "cjy",
            "czh",
            "czo",
            "mnp",
            "cpx",
            "lzh",
        ),
        *("ja", "jpn", "th", "tha", "lo", "lao", "km", "khm", "my", "mya", "bur"),
    )
)
"""The Chinese languages, Japanese, Thai, Lao, Khmer, Burmese: primary subtags (BCP 47), ISO 639's three letters."""
_SCRIPTS = frozenset(
    ("hans", "hant", "hani", "hanb", "jpan", "hrkt", "hira", "kana", "bopo", "thai", "laoo", "khmr", "mymr")
)
"""Script subtags (ISO 15924) of those."""
_LETTER = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai and Lao, Burmese, Khmer, Burmese
    "\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"  # kana and bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # Han
)
_REMEMBERED = 256


@lru_cache(_REMEMBERED)
def is_spaceless(language: str | None, text: str) -> bool:
    """Tell whether an utterance is of a language that is written without spaces.

    ``language`` is a BCP 47 tag; its script subtag counts before the language (``zh-Latn`` has spaces). Where there is
    none, or one that is no tag, more than half of the letters of ``text`` have to be of such a script.
    """
    primary, *rest = (language or "").lower().replace("_", "-").split("-")
    if 2 <= len(primary) <= 3 and primary.isalpha() and primary != "und":
        script = next((subtag for subtag in rest if len(subtag) == 4 and subtag.isalpha()), None)
        return primary in LANGUAGES if script is None else script in _SCRIPTS
    if text.isascii():
        return False
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(_LETTER.match(letter) is not None for letter in letters) > len(letters)


def counted_characters(text: str, *, spaceless: bool) -> str:
    """Return the characters that a character error rate counts: spaces too, but in languages without them."""
    return "".join(text.split()) if spaceless else text
