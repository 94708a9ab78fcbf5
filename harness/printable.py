"""Texts of others (transcripts, messages of engines, names of files) as a terminal can be given them."""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line feed, what turns the direction of writing, and halves of surrogate pairs."""
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|(?<=\])\(")
"""Where HTML's tags begin, and the address behind a link's text."""


def printable(text: str) -> str:
    r"""Return a text in which control characters are shown (``\x1b``) where a terminal would obey them."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def plain_markdown(text: str) -> str:
    """Return a text as one line of Markdown without a tag, a link or a picture in it."""
    return _MARKUP.sub(r"\\\g<0>", printable(text.replace("\r\n", " ").replace("\n", " ")))


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Let what others print meanwhile, with texts that they do not look at, be :func:`printable`."""
    with contextlib.redirect_stdout(_Shown(sys.stdout)):
        yield


class _Shown:
    """A stream of text, in which control characters are shown."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return int(self._stream.write(printable(text)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
