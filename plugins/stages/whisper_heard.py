"""What Whisper's decoder has written so far, window by window, and what of it was emitted."""

from typing import Any

from harness.stage import Emit

LONGEST_TOKENS = 448
"""What the decoder has room for, prompt included."""
_NO_SPEECH = 0.6
"""OpenAI's threshold: above it a window counts as one without speech."""


class Heard:
    """What was heard so far: the text, what of it was emitted, and what is to be said of the windows."""

    def __init__(self, emit: Emit) -> None:
        self.facts: dict[str, Any] = {"windows": 0, "tokens": 0}
        self._emit = emit
        self._text = ""
        self._first = ""
        self._window = (0.0, 0.0)
        self._is_last = False

    @property
    def text(self) -> str:
        """The whole text, as the pieces that were emitted make it up."""
        return self._text

    def begin(self, start_s: float, end_s: float, *, is_last: bool) -> None:
        """Begin a window."""
        self._window, self._first, self._is_last = (round(start_s, 2), round(end_s, 2)), "", is_last
        self.facts["windows"] += 1

    def first(self, text: str) -> None:
        """Emit the beginning of a window's text while the rest is still to be decoded."""
        self._first = text
        self._say(text)

    def end(self, text: str, tokens: int, no_speech: float) -> None:
        """Emit the rest of a window's text, unless all of it is only known when nothing is left to be worked on."""
        rest = text[len(self._first) :]
        self._say(rest, emitting=bool(self._first) or not self._is_last)
        self.facts["tokens"] += tokens
        if no_speech > _NO_SPEECH:
            self.facts.setdefault("no_speech", []).append([*self._window, round(no_speech, 3)])
        if tokens >= LONGEST_TOKENS // 2:
            self.facts.setdefault("cut_short", []).append([*self._window])

    def _say(self, text: str, *, emitting: bool = True) -> None:
        piece = text if self._text else text.lstrip()
        self._text += piece
        if piece and emitting:
            self._emit(piece)
