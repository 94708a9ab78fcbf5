"""Texts of others (transcripts, messages of engines, names of files) as a terminal can be given them."""

import re

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed, what turns the direction of writing, and halves of surrogate pairs."""


def printable(text: str) -> str:
    r"""Return a text in which control characters are shown (``\x1b``) where a terminal would obey them."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)
