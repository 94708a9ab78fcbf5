"""The process in which libespeak-ng speaks: standard library only, so that a crash of it costs this process alone.

From standard input comes one JSON value, ``{"voice": ..., "texts": [...]}``. For each text goes to standard output one
line of JSON, ``{"rate_hz", "words": [[character, ms], ...], "end_ms", "pcm_bytes"}``, and then so many bytes of
signed 16-bit samples. ``words`` are the library's events ``espeakEVENT_WORD`` (``speak_lib.h``, revision 12): which
character of the text a word begins at, from 0, and when. A line ``{"error": ...}`` is the last one.
"""

import contextlib
import ctypes
import ctypes.util
import json
import sys
from typing import Any

_NAMES = ("libespeak-ng.so.1", "libespeak-ng.1.dylib", "libespeak-ng.dylib")
_SYNCHRONOUS, _FROM_CHARACTER, _UTF8, _DO_NOT_EXIT = 2, 1, 1, 0x8000
_LAST, _WORD, _END = 0, 1, 5


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """``espeak_EVENT``."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    """``espeak_VOICE``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Voice:
    """The library, and what it has handed over of the text that it speaks."""

    def __init__(self, voice: str) -> None:
        """Open the library and choose a voice. Raises :class:`LookupError` with what is missing."""
        self._library = _library()
        self._rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _DO_NOT_EXIT)
        if self._rate_hz <= 0:
            raise LookupError("data")
        self._choose(voice.encode())
        self._callback = _Callback(self._take)  # held, for the library keeps only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str) -> tuple[dict[str, Any], bytes]:
        """Return what is said of a text, and its samples."""
        self._pcm: list[bytes] = []
        self._words: list[tuple[int, int]] = []
        self._end_ms = 0
        content = text.encode()
        self._library.espeak_Synth(content, len(content) + 1, 0, _FROM_CHARACTER, 0, _UTF8, None, None)
        pcm = b"".join(self._pcm)
        told = {"rate_hz": self._rate_hz, "words": self._words, "end_ms": self._end_ms, "pcm_bytes": len(pcm)}
        return told, pcm

    def _choose(self, voice: bytes) -> None:
        """Choose a voice by its name or file, else by its language, as the program espeak-ng does."""
        if self._library.espeak_SetVoiceByName(voice):
            language = _Voice(languages=voice)
            if self._library.espeak_SetVoiceByProperties(ctypes.byref(language)):
                raise LookupError("voice")

    def _take(self, samples: int | None, count: int, events: Any) -> int:
        if samples:
            self._pcm.append(ctypes.string_at(samples, 2 * count))
        number = 0
        while (event := events[number]).type != _LAST:
            if event.type == _WORD:
                self._words.append((event.text_position - 1, event.audio_position))
            elif event.type == _END:
                self._end_ms = event.audio_position
            number += 1
        return 0


def _library() -> ctypes.CDLL:
    for name in (*_NAMES, ctypes.util.find_library("espeak-ng")):
        with contextlib.suppress(OSError):
            if name:
                return ctypes.CDLL(name)
    raise LookupError("library")


def main() -> None:
    """Speak what standard input asks for."""
    asked = json.load(sys.stdin)
    out = sys.stdout.buffer
    try:
        voice = Voice(asked["voice"])
        for text in asked["texts"]:
            told, pcm = voice.speak(text)
            out.write(json.dumps(told).encode() + b"\n" + pcm)
            out.flush()
    except LookupError as error:
        out.write(json.dumps({"error": error.args[0]}).encode() + b"\n")


if __name__ == "__main__":
    main()
