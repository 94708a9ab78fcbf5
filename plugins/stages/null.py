"""A stage that does nothing, at once: a run of it shows what the harness itself costs, the floor of every figure.

As an ASR it says a text that it was given, as an aligner it spreads the words over the audio. It may hold memory
between load and unload, so that costs that depend on the size of the measured process can be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.stage import Emit, Request, Result, Stage, Unusable, Word, hookimpl

_PAGE_BYTES = 4096
"""The smallest page that Linux has; touching more often than a larger page needs does no harm."""
_SAID = "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."


class _Null(Stage):
    """What both roles share: holding memory, and letting go of it."""

    name = "null"
    uses_threads = False

    def preflight(self) -> None:
        """Refuse to hold less than nothing."""
        if self.options.hold_mib < 0:
            raise Unusable(repr(self.options.hold_mib), "a whole number of at least 0", "hold_mib")

    def load(self) -> None:
        """Take the memory, and touch every page of it, for what is not touched is not resident."""
        self._held = bytearray(self.options.hold_mib << 20)
        self._held[::_PAGE_BYTES] = b"\x01" * len(range(0, len(self._held), _PAGE_BYTES))

    def unload(self) -> None:
        """Give the memory back."""
        del self._held


class NullAsr(_Null):
    """Says its text, whatever the audio, in one piece."""

    role = "asr"
    streams = "pieces"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/asr/null.yaml``.

        ``text`` is by default what is said in the sample, so that a transcript of the usual length is scored, and with
        no error; ``hold_mib`` is held between load and unload.
        """

        text: str = _SAID
        hold_mib: int = 0

    def run(self, request: Request, emit: Emit) -> Result:
        """Deliver the whole text at once."""
        emit(self.options.text)
        return Result(text=self.options.text)


class NullAligner(_Null):
    """Gives every word of the text the same share of the audio."""

    role = "aligner"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/aligner/null.yaml``: ``hold_mib`` is held between load and unload."""

        hold_mib: int = 0

    def run(self, request: Request, emit: Emit) -> Result:
        """Spread the words evenly; a text without any has no timings."""
        words = request.text.split()
        share_ms = request.duration_s * 1e3 / max(1, len(words))
        return Result(words=tuple(Word(word, at * share_ms, (at + 1) * share_ms) for at, word in enumerate(words)))


@hookimpl
def harness_stages() -> Sequence[type[Stage]]:
    """Say which stages this file holds."""
    return [NullAsr, NullAligner]
