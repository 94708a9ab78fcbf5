"""``python -m harness known-times OUT``: a corpus of speech whose word times are known exactly."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from harness.errors import ConfigError
from harness.printable import printable
from harness.synthetic import folder
from harness.synthetic.corpus import PAUSES, Shape, lines_of, shuffled_corpus, told_corpus
from harness.synthetic.espeak import speak
from harness.synthetic.recordings import recordings
from harness.synthetic.spoken import Spoken

_ENGINES = ("espeak-ng",)


def known_times(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="a new folder for audio files and manifest.jsonl")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN|FILE", help="cut words from a run's audio, or by a .TextGrid or .ctm"),
    ] = None,
    audio: Annotated[Path | None, typer.Option(help="the audio of the .TextGrid or .ctm, where not beside it")] = None,
    engine: Annotated[str | None, typer.Option(help="have the text spoken instead: espeak-ng")] = None,
    voice: Annotated[str, typer.Option(help="of espeak-ng")] = "en-us",
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="say these lines, a sentence each")] = None,
    sentences: Annotated[int | None, typer.Option(help="without a text: how many (20)")] = None,
    words: Annotated[int | None, typer.Option(help="without a text: words in a sentence (8)")] = None,
    kinds: Annotated[
        str | None, typer.Option(help="without a text, by turns: shuffled,repeated,long-pause,back-to-back")
    ] = None,
    pause_ms: Annotated[
        str | None, typer.Option(metavar="A,B", help="shortest and longest pause between words (50,300)")
    ] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 0,
) -> None:
    """Make speech with exactly known word times, to see how right an aligner is.

    Words are cut out of an aligned recording and laid out again, or a text is spoken by espeak-ng. OUT/manifest.jsonl
    is a dataset for a run.
    """
    if (source is None) == (engine is None):
        found = "neither" if source is None else "both"
        raise ConfigError("known-times", found, "--from RUN, or --engine espeak-ng --text FILE")
    shaped = {"--sentences": sentences, "--words": words, "--kinds": kinds}
    if source is None:
        _unused({**shaped, "--pause-ms": pause_ms, "--audio": audio}, "--engine, which speaks and pauses by itself")
        made = _by_engine(engine, voice, text, seed)
    else:
        if text is not None:
            _unused(shaped, "--text, which says what the sentences are")
        made = _cut(source, audio, text, _shape(sentences, words, kinds, pause_ms), seed)
    written = folder.write(out, made)
    counts = (f"{n} {noun}{'s' * (n != 1)}" for n, noun in ((written.sentences, "sentence"), (written.words, "word")))
    print(f"{', '.join(counts)}, {written.duration_s:.1f} s of synthetic speech")
    print(f"Run on it: python -m harness dataset=manifest {_override('dataset.manifest', out / folder.MANIFEST)}")
    print(f"Results: {printable(str(out))}")


def _override(key: str, path: Path) -> str:
    """Return an assignment as a shell takes it: quoted for Hydra and for the shell where the path needs it."""
    if re.fullmatch(r"[\w./+-]+", str(path), re.ASCII):
        return f"{key}={path}"
    escaped = str(path).replace("'", "\\'").replace("${", "\\${")
    return quote(f"{key}='{escaped}'")


def _by_engine(engine: str | None, voice: str, text: Path | None, seed: int) -> Iterator[Spoken]:
    if engine not in _ENGINES:
        raise ConfigError("--engine", repr(engine), "an engine that speaks", _ENGINES)
    if text is None:
        raise ConfigError("--engine", f"{engine} without --text", "--text FILE, what it is to say")
    return speak(lines_of(text), voice, seed)


def _cut(source: Path, audio: Path | None, text: Path | None, shape: Shape, seed: int) -> Iterator[Spoken]:
    if text is None:
        return shuffled_corpus(recordings(source, audio), shape, seed)
    return told_corpus(recordings(source, audio), lines_of(text), shape.pauses_ms, seed)


def _shape(sentences: int | None, words: int | None, kinds: str | None, pause_ms: str | None) -> Shape:
    """Return what was asked for, and for the rest the defaults."""
    given = {
        "sentences": sentences,
        "words": words,
        "kinds": None if kinds is None else tuple(kinds.split(",")),
        "pauses_ms": None if pause_ms is None else _pauses(pause_ms),
    }
    return Shape(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _unused(options: Mapping[str, object], beside: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise ConfigError(name, f"it beside {beside}", "one of the two")


def _pauses(given: str) -> tuple[int, int]:
    """Return the shortest and the longest pause; one number is both."""
    try:
        numbers = [int(part) for part in given.split(",")]
        (shortest, longest) = numbers if len(numbers) == 2 else (numbers[0], *numbers)
    except ValueError:
        raise ConfigError("--pause-ms", repr(given), PAUSES) from None
    return shortest, longest
