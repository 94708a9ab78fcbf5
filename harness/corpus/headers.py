"""What can be known of audio files without decoding them: that they are there, and how long they play."""

import os
import stat

from harness.audio import AUDIO, SLACK_S, header_length_s
from harness.errors import InputError

_CONTAINERS = "aif aifc aiff au caf flac mp2 mp3 nist oga ogg opus rf64 snd sph voc w64 wav"
SUFFIXES = frozenset(f".{name}" for name in _CONTAINERS.split())
"""What libsndfile reads, by the ends of files' names in small letters."""
FOREIGN_SUFFIXES = frozenset((".m4a", ".m4b", ".aac", ".wma", ".mp4", ".webm", ".mkv", ".amr", ".ape", ".wv"))
"""Audio that libsndfile does not read: seen, and said, instead of left out in silence."""


class Headers:
    """Looks each file up once, however many stretches of it there are."""

    def __init__(self) -> None:
        self._there: set[str] = set()
        self._lengths_s: dict[str, float] = {}

    def check(self, path: str) -> None:
        """Raise :class:`InputError` where there is no file of that name, or an empty one."""
        if path not in self._there:
            _check(path)
            self._there.add(path)

    def length_s(self, path: str) -> float:
        """Return the seconds that a file plays, by its header. Raises :class:`InputError` for what is no audio."""
        if path not in self._lengths_s:
            self.check(path)
            self._lengths_s[path] = header_length_s(path, path)
        return self._lengths_s[path]

    def stretch_s(self, path: str, offset_s: float, duration_s: float | None) -> float:
        """Return how long a stretch of a file plays: ``duration_s``, for None all that follows.

        Raises :class:`InputError` for an offset at the file's end or beyond, and for a stretch that ends later than it.
        """
        length_s = self.length_s(path)
        rest_s = length_s - offset_s
        if rest_s <= 0:
            found = f"offset {offset_s:g} in '{path}' of {length_s:g} s"
            raise InputError("dataset.audio", found, "an offset within the file")
        if duration_s is not None and duration_s > rest_s + SLACK_S:
            found = f"offset {offset_s:g} and duration {duration_s:g} in '{path}' of {length_s:g} s"
            raise InputError("dataset.audio", found, "a stretch that ends within the file")
        return rest_s if duration_s is None else min(duration_s, rest_s)


def _check(path: str) -> None:
    if not path.isprintable():
        raise InputError("dataset.audio", f"the path {ascii(path)[:80]}", "a path of printable characters")
    try:
        seen = os.stat(path)  # noqa: PTH116 100,000 times: a Path would take three times as long
    except FileNotFoundError:
        raise InputError("dataset.audio", f"no file '{path}'", AUDIO) from None
    except OSError as error:
        raise InputError("dataset.audio", f"'{path[:80]}' ({error.strerror})", AUDIO) from None
    if not stat.S_ISREG(seen.st_mode):
        found = f"'{path}', which is a folder" if stat.S_ISDIR(seen.st_mode) else f"'{path}', which is no file"
        raise InputError("dataset.audio", found, AUDIO)
    if not seen.st_size:
        raise InputError("dataset.audio", f"'{path}', which is empty", AUDIO)
    if path[path.rfind(".") :].lower() in FOREIGN_SUFFIXES:
        raise InputError("dataset.audio", f"'{path}', which libsndfile does not read", AUDIO)
