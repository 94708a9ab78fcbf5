"""Whole corpora of known word times, sentence by sentence."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError, InputError
from harness.synthetic.layout import Placed, lay_out
from harness.synthetic.pieces import Cuttings, cut
from harness.synthetic.recordings import Recording
from harness.synthetic.sentences import KINDS, LONG_PAUSE_MS, Pauses, drawn, plain, stock_of, stocked, told
from harness.synthetic.spoken import Spoken

LONGEST_WORDS, LONGEST_PAUSE_MS = 1_000, 60_000
PAUSES = f"the shortest and the longest pause, from 0 to {LONGEST_PAUSE_MS} ms: 50,300"


@dataclass(frozen=True, slots=True)
class Shape:
    """What sentences are to be like: how many, of how many words, in which kinds by turns, with which pauses."""

    sentences: int = 20
    words: int = 8
    kinds: tuple[str, ...] = KINDS
    pauses_ms: Pauses = (50, 300)

    def __post_init__(self) -> None:
        if self.sentences < 1:
            raise ConfigError("--sentences", str(self.sentences), "a whole number of at least 1")
        if not 1 <= self.words <= LONGEST_WORDS:
            raise ConfigError("--words", str(self.words), f"a whole number from 1 to {LONGEST_WORDS}")
        for kind in self.kinds:
            if kind not in KINDS:
                raise ConfigError("--kinds", repr(kind), "kinds of sentences with commas between", KINDS)
        if not 0 <= self.pauses_ms[0] <= self.pauses_ms[1] <= LONGEST_PAUSE_MS:
            raise ConfigError("--pause-ms", repr(",".join(map(str, self.pauses_ms))), PAUSES)


def shuffled_corpus(recordings: Sequence[Recording], shape: Shape, seed: int) -> Iterator[Spoken]:
    """Yield sentences of words in drawn orders; each is of one recording, and they take turns."""
    cuttings = [cut(recording) for recording in recordings[: shape.sentences]]
    for number in range(shape.sentences):
        chosen, kind = cuttings[number % len(cuttings)], shape.kinds[number % len(shape.kinds)]
        placed = drawn(chosen.pieces, kind, shape.words, shape.pauses_ms, _dice(seed, number))
        yield _spoken(f"{number:04}-{kind}", chosen, placed, shape.pauses_ms, shape.kinds)


def told_corpus(
    recordings: Sequence[Recording], lines: Sequence[tuple[int, str]], pauses_ms: Pauses, seed: int
) -> Iterator[Spoken]:
    """Yield each line of a text, given with its number, in the words of a recording that has them all.

    Raises :class:`InputError` before the first where a word of any line was not spoken.
    """
    cuttings = [cut(recording) for recording in recordings]
    stocks = [stock_of(one) for one in cuttings]
    wanted = [tuple(filter(None, map(plain, line.split()))) for _, line in lines]
    chosen = [stocked(words, stocks, line) for (line, _), words in zip(lines, wanted, strict=True)]
    for number, (words, which) in enumerate(zip(wanted, chosen, strict=True)):
        placed = told(words, stocks[which], pauses_ms, _dice(seed, number))
        yield _spoken(f"{number:04}-told", cuttings[which], placed, pauses_ms)


def lines_of(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a text that hold a word, with their numbers. Raises :class:`InputError` where none does."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "which is not UTF-8"
        raise InputError("--text", f"'{path}' ({reason})", "a text file in UTF-8, a sentence a line") from None
    spoken = [(number, line) for number, line in enumerate(lines, start=1) if any(map(str.isalnum, line))]
    if not spoken:
        raise InputError("--text", f"'{path}', which holds no word", "a text file, a sentence a line")
    for number, line in spoken:
        if not " ".join(line.split()).isprintable():
            raise InputError("--text", f"line {number} with control characters", "words to be spoken")
    return spoken


def _spoken(
    name: str, chosen: Cuttings, placed: Sequence[Placed], pauses_ms: Pauses, kinds: Sequence[str] = ()
) -> Spoken:
    samples, words = lay_out(placed, chosen.background)
    return Spoken(name, samples, words, chosen.recording.speaker, _made(chosen.recording, pauses_ms, kinds))


def _made(recording: Recording, pauses_ms: Pauses, kinds: Sequence[str]) -> str:
    """Return one sentence for a whole corpus, so that a report prints it once."""
    also = {"back-to-back": "none", "long-pause": f"one of {LONG_PAUSE_MS} ms"}
    pauses = f"pauses of {pauses_ms[0]} to {pauses_ms[1]} ms"
    others = " or ".join(also[kind] for kind in KINDS[::-1] if kind in also and kind in kinds)
    return (
        f"words cut from {recording.name} at {recording.aligned_by}, trimmed to what can be heard and laid out again "
        f"with {pauses}{f' (or {others})' if others else ''} in its own background noise"
    )


def _dice(seed: int, number: int) -> random.Random:
    """Return the source of a sentence's draws: none depends on another sentence."""
    return random.Random(f"{seed}-{number}")  # noqa: S311 - an order, no secret
