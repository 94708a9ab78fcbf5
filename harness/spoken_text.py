"""A text as it is given to an aligner: cleaned once, for every engine alike, of what nobody speaks.

What differs between writers and not between speakers goes: forms of the same letter, kinds of apostrophe, markup,
control characters, spaces. Case and punctuation stay: some engines use them, and those that do not strip them
themselves.
"""

import html
import re
import unicodedata

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>|<!--.*?-->", re.DOTALL)
_BREAKING = frozenset({"br", "div", "li", "p", "td", "tr"})
"""Elements that part words; others, as ``<b>`` and a subtitle's ``<i>``, may stand inside one."""
_APOSTROPHES = str.maketrans(
    dict.fromkeys(
        "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"
        "\N{FULLWIDTH APOSTROPHE}\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}",
        "'",
    )
)
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""They tell words apart in Persian and in Indian scripts, where all other invisible characters only lay a text out."""


def spoken_text(text: str) -> str:
    """Return a text without markup, control characters and folded spaces, in NFC, with plain apostrophes."""
    text = html.unescape(_TAG.sub(_instead, text))
    text = unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
    return " ".join("".join(map(_kept, text)).split())


def _instead(tag: re.Match[str]) -> str:
    return " " if (tag[1] or "br").lower() in _BREAKING else ""


def _kept(character: str) -> str:
    """Return a character, a space for a control character, nothing for what is invisible or half a character."""
    kind = unicodedata.category(character)
    if kind == "Cc":
        return " "
    return "" if kind in ("Cf", "Cs") and character not in _JOINERS else character
