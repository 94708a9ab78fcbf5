"""Sentences spoken by espeak-ng, with the times that it says its words have, checked against the sound.

The library tells for each word at which millisecond its sound begins (``espeakEVENT_WORD``); a word ends where the
next one begins. Within that, its edges are the first and the last millisecond that can be heard: the silence of
a stop consonant's closure, or of a pause, is no part of them. A word that cannot be heard there is an error.
"""

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.audio import SAMPLE_RATE_HZ
from harness.errors import InputError
from harness.own_modules import worker_flags
from harness.records import Word
from harness.synthetic.audible import audible
from harness.synthetic.background import hiss
from harness.synthetic.layout import MARGIN_MS
from harness.synthetic.sentences import PUNCTUATION
from harness.synthetic.spoken import SAMPLES_PER_MS, Samples, Spoken

ENGINE = "espeak-ng"
PROCESS = "harness.synthetic.espeak_process"
_TIMEOUT_S = 300.0
_JOINER = "\N{WORD JOINER}"
"""Put before each word but the first. It is not spoken; without it ``of the`` is looked up, and told, as one word."""
_ROUNDED_MS = 1
"""Events are rounded down to whole milliseconds, so that the last of the word before may be heard behind them."""
_MISSING = {
    "library": ("no libespeak-ng here", "it installed: apt-get install espeak-ng"),
    "data": (f"{ENGINE} without its data", "it installed whole: apt-get install espeak-ng"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the library says of one text: its samples at its own rate, and when a word begins at which character."""

    rate_hz: int
    pcm: bytes
    words: tuple[tuple[int, int], ...]
    end_ms: int


def speak(lines: Sequence[tuple[int, str]], voice: str, seed: int, process: str = PROCESS) -> Iterator[Spoken]:
    """Yield each line (with its number in the text, from 1) as a spoken sentence.

    Raises :class:`InputError` where there is no espeak-ng, no such voice, or a word whose time it does not tell.
    ``process`` is the module that speaks.
    """
    texts = [f" {_JOINER}".join(line.split()) for _, line in lines]
    for at, ((number, line), told) in enumerate(zip(lines, _told(texts, voice, process, lines), strict=True)):
        speech = _canonical(told)
        words = tuple(_words(line.split(), told, speech, number))
        margin = np.zeros(MARGIN_MS * SAMPLES_PER_MS, np.int16)
        whole = np.concatenate((margin, speech, margin))
        whole = (whole.astype(np.int32) + hiss(len(whole), f"{seed}-{at}")).clip(-32768, 32767).astype(np.int16)
        made = f"spoken by {ENGINE}, voice {voice}; words begin where it says, at their first audible millisecond"
        moved = tuple(Word(word.text, word.start_ms + MARGIN_MS, word.end_ms + MARGIN_MS) for word in words)
        yield Spoken(f"{at:04}-{ENGINE}", whole, moved, f"{ENGINE} {voice}", made)


def _words(tokens: Sequence[str], told: Told, speech: Samples, number: int) -> Iterator[Word]:
    """Yield each word with its audible edges, from the start of the speech."""
    events = _forward(told.words)
    bounds = [at_ms + (_ROUNDED_MS if at else 0) for at, (_, at_ms) in enumerate(events)]
    begin = 0
    for token in tokens:
        own = [at for at, (character, _) in enumerate(events) if begin - 1 <= character < begin + len(token)]
        begin += len(token) + len(_JOINER) + 1
        if not own:
            if any(map(str.isalnum, token)):
                raise InputError("--text", f"line {number} with '{token}'", f"a word whose time {ENGINE} tells")
            continue  # a dash or dots, which it does not speak
        start_ms = bounds[own[0]]
        end_ms = bounds[own[-1] + 1] if own[-1] + 1 < len(bounds) else len(speech) // SAMPLES_PER_MS
        heard = audible(speech[start_ms * SAMPLES_PER_MS : end_ms * SAMPLES_PER_MS], 0.0)
        if heard is None:
            raise InputError(
                "--text", f"line {number} with '{token}', which {ENGINE} does not sound", "words that it speaks"
            )
        yield Word(token.strip(PUNCTUATION) or token, float(start_ms + heard[0]), float(start_ms + heard[1]))


def _forward(events: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the events without those that point back into the text, as one behind a sentence's last word may."""
    forward: list[tuple[int, int]] = []
    for character, at_ms in events:
        if not forward or character > forward[-1][0]:
            forward.append((character, at_ms))
    return forward


def _canonical(told: Told) -> Samples:
    import soxr

    samples = np.frombuffer(told.pcm, "<i2")
    if told.rate_hz == SAMPLE_RATE_HZ:
        return samples
    resampled = soxr.resample(samples.astype(np.float64), told.rate_hz, SAMPLE_RATE_HZ, quality="VHQ")
    return np.asarray(resampled.round().clip(-32768, 32767), np.int16)


def _told(texts: Sequence[str], voice: str, process: str, lines: Sequence[tuple[int, str]]) -> Iterator[Told]:
    asked = json.dumps({"voice": voice, "texts": texts}).encode()
    try:
        done = subprocess.run(
            [sys.executable, *worker_flags(), "-m", process], input=asked, capture_output=True, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise InputError("--engine", f"{ENGINE}, which did not answer in {_TIMEOUT_S:g} s", "a shorter text") from None
    answers = io.BytesIO(done.stdout)
    for number, line in lines:
        head = answers.readline()
        if not head.endswith(b"\n"):
            raise InputError("--engine", f"{ENGINE}, which {_ending(done)} at line {number} ('{line[:40]}')", "speech")
        answer = json.loads(head)
        if "error" in answer:
            raise _missing(answer["error"], voice)
        pcm = answers.read(answer["pcm_bytes"])
        yield Told(answer["rate_hz"], pcm, tuple((at, ms) for at, ms in answer["words"]), answer["end_ms"])


def _missing(what: str, voice: str) -> InputError:
    if what == "voice":
        return InputError("--voice", f"'{voice}'", f"a voice that {ENGINE} --voices lists: en-us, de, fr, ...")
    return InputError("--engine", *_MISSING[what])


def _ending(done: "subprocess.CompletedProcess[bytes]") -> str:
    if done.returncode < 0:
        return f"was ended by {signal.Signals(-done.returncode).name}"
    return f"ended with status {done.returncode}"
