"""``python -m harness known-times OUT``: a corpus of speech whose word times are known exactly."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from harness.errors import ConfigError

_ENGINES = ("espeak-ng",)
_PAUSES_MS = (50, 300)


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
    pause_ms: Annotated[str | None, typer.Option(metavar="A,B", help="shortest and longest pause (50,300)")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 0,
) -> None:
    """Make speech with exactly known word times, to see how right an aligner is.

    Words are cut out of an aligned recording and laid out again, or a text is spoken by espeak-ng. OUT/manifest.jsonl
    is a dataset for a run.
    """
    from harness.synthetic import corpus, espeak, folder
    from harness.synthetic.recordings import recordings
    from harness.synthetic.sentences import KINDS

    shaped = {"--sentences": sentences, "--words": words, "--kinds": kinds}
    if (source is None) == (engine is None):
        found = "neither" if source is None else "both"
        raise ConfigError("known-times", found, "--from RUN, or --engine espeak-ng --text FILE")
    if engine is not None:
        _unused(
            {**shaped, "--pause-ms": pause_ms, "--audio": audio}, "with --engine, which speaks and pauses by itself"
        )
        if engine not in _ENGINES:
            raise ConfigError("--engine", repr(engine), "an engine that speaks", _ENGINES)
        if text is None:
            raise ConfigError("--engine", f"{engine} without --text", "--text FILE, what it is to say")
    pauses_ms = _pauses(pause_ms)
    shape = corpus.Shape(
        sentences=20 if sentences is None else sentences,
        words=8 if words is None else words,
        kinds=KINDS if kinds is None else tuple(kinds.split(",")),
        pauses_ms=pauses_ms,
    )
    folder.check(out)
    if engine is not None and text is not None:
        made = espeak.speak(corpus.lines_of(text), voice, seed)
    elif text is not None:
        _unused(shaped, "with --text, which says what the sentences are")
        assert source is not None
        made = corpus.told_corpus(recordings(source, audio), corpus.lines_of(text), pauses_ms, seed)
    else:
        assert source is not None
        made = corpus.shuffled_corpus(recordings(source, audio), shape, seed)
    written = folder.write(out, made)
    print(f"{written.sentences} sentences, {written.words} words, {written.duration_s:.1f} s of synthetic speech")
    print(f"Run on it: python -m harness dataset=manifest dataset.manifest={out / folder.MANIFEST}")
    print(f"Results: {out}")


def _unused(options: Mapping[str, object], why: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise ConfigError(name, f"it {why}", "it left out")


def _pauses(given: str | None) -> tuple[int, int]:
    """Return the shortest and the longest pause; one number is both."""
    from harness.synthetic.corpus import PAUSES

    if given is None:
        return _PAUSES_MS
    try:
        numbers = [int(part) for part in given.split(",")]
        (shortest, longest) = numbers if len(numbers) == 2 else (numbers[0], *numbers)
    except ValueError:
        raise ConfigError("--pause-ms", repr(given), PAUSES) from None
    return shortest, longest
