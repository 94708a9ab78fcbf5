"""Recordings whose words have times: the utterances of a stored run, or an audio file with a TextGrid or a CTM."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.corpus.lookup import is_folder, is_there
from harness.corpus.word_times import has_times, read_words
from harness.errors import InputError
from harness.records import Trial, Word

_AUDIO_ENDINGS = (".wav", ".flac", ".ogg", ".mp3")
_EXPECTED = "the folder of a run with word times, or a .TextGrid or .ctm file"


@dataclass(frozen=True, slots=True)
class Recording:
    """Audio, and when each word of it is spoken by whoever aligned it.

    ``origin`` is what the user named; ``aligned_by`` says who found the times, as a sentence goes on.
    """

    name: str
    speaker: str
    audio: Path
    words: tuple[Word, ...]
    origin: str
    aligned_by: str


def recordings(source: Path, audio: Path | None = None) -> tuple[Recording, ...]:
    """Return what a run's folder or a file with word times names; nothing is decoded.

    ``audio`` is the file that a TextGrid or a CTM is about (else the one of the same name beside it). Raises
    :class:`InputError` or :class:`harness.errors.StoreError` where there are no word times, or nothing at all.
    """
    if is_folder(source):
        if audio is not None:
            raise InputError("--audio", f"'{audio}' beside a run's folder", "it only with a .TextGrid or .ctm file")
        return _of_run(source)
    if not is_there(source):
        raise InputError("--from", f"no file or folder '{source}'", _EXPECTED)
    if not has_times(source):
        raise InputError("--from", f"'{source}'", _EXPECTED)
    heard = audio if audio is not None else _beside(source)
    words = _words(source, heard.stem)
    return (Recording(heard.stem, heard.stem, heard, words, str(source), f"the bounds in {source.name}"),)


def _words(source: Path, recording: str) -> tuple[Word, ...]:
    try:
        words = read_words(source, recording)
    except InputError as error:
        raise InputError("--from", error.found, error.expected) from None
    if not words:
        raise InputError("--from", f"'{source}', which holds no word", "a file with word times")
    return words


def _of_run(folder: Path) -> tuple[Recording, ...]:
    stored = store.read_run(folder)
    found = tuple(
        _recordings(folder, stored.trials, [stage.key for stage in stored.run.stages if stage.role == "aligner"])
    )
    if not found:
        raise InputError("--from", f"'{folder}', a run without word times", "a run in which an aligner worked")
    return found


def _recordings(folder: Path, trials: Sequence[Trial], aligners: Sequence[str]) -> Iterator[Recording]:
    """Yield each utterance once, with the words that the first aligner found in the last completed trial of it."""
    last: dict[str, Recording] = {}
    for trial in trials:
        visit = next(filter(None, map(trial.visit, aligners)), None)
        if trial.outcome.ok and visit is not None and visit.words:
            heard = trial.utterance
            last[heard.id] = Recording(
                name=heard.id,
                speaker=heard.speaker or heard.recording or heard.id,
                audio=Path(heard.canonical),
                words=visit.words,
                origin=str(folder),
                aligned_by=f"the bounds that the stage {visit.stage} found",
            )
    yield from last.values()


def _beside(source: Path) -> Path:
    for ending in _AUDIO_ENDINGS:
        if (path := source.with_suffix(ending)).exists():
            return path
    expected = f"{source.stem} with {', '.join(_AUDIO_ENDINGS)}, or --audio FILE"
    raise InputError("--from", f"'{source}' with no audio beside it", expected)
