"""A LibriSpeech tree: ``SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac``, with ``SPEAKER-CHAPTER.trans.txt`` beside."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.entry import BadEntry, Entry, quoted
from harness.corpus.headers import Headers
from harness.corpus.keys import named, optional
from harness.corpus.language import language_tag
from harness.corpus.lookup import folder, is_there, walk
from harness.corpus.transcript import one_line
from harness.errors import InputError

SUBJECT = "dataset.root"
_EXPECTED = "a LibriSpeech tree: SPEAKER/CHAPTER/*.flac with SPEAKER-CHAPTER.trans.txt"
_TRANSCRIPT = ".trans.txt"
_AUDIO = (".flac", ".wav")


@dataclass(frozen=True, slots=True)
class LibrispeechOptions:
    """The keys of a dataset of this form: ``root`` is the tree or a part of it, ``language`` what is spoken in it."""

    root: str = named(f"the path of {_EXPECTED}")
    language: str | None = optional("a language's tag", "en")


def read_librispeech(options: LibrispeechOptions, shipped: Path) -> "Librispeech":
    """Return the entries of a tree. Raises :class:`InputError` where there is none."""
    return Librispeech(folder(options.root, shipped, SUBJECT, _EXPECTED), options.language)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a transcript: where it begins in the file, what it is called, its audio and its text."""

    start: int
    id: str
    audio: Path
    text: str


class Librispeech:
    """The entries of a tree, chapter by chapter; of each, three numbers are in memory."""

    def __init__(self, root: Path, language: str | None) -> None:
        """Look at every transcript, and at the header of every audio file that it names."""
        self._language = language_tag(language)
        self._transcripts: list[Path] = []
        self._of, self._starts, self._durations_s = array("I"), array("Q"), array("d")
        bad: list[BadEntry] = []
        for parent, files in walk(root, bad):
            bad.extend(self._chapter(parent, files, root))
        self.bad: Sequence[BadEntry] = bad
        if not self._transcripts and not bad:
            raise InputError(SUBJECT, f"no {_TRANSCRIPT} file in '{root}'", _EXPECTED)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> Entry:
        """Return an entry, its line read again. Raises :class:`InputError` where the file has changed."""
        transcript = self._transcripts[self._of[number]]
        try:
            with transcript.open("rb") as file:
                file.seek(self._starts[number])
                line = _line(file.readline(), 0, transcript.parent)
        except OSError as error:
            raise InputError(SUBJECT, f"'{transcript}' ({error.strerror})", "files that stay while used") from None
        return Entry(
            id=line.id,
            audio=str(line.audio),
            duration_s=self._durations_s[number],
            reference=line.text or None,
            no_reference=None if line.text else "its line in the transcript holds no text",
            speaker=line.id.partition("-")[0],
            language=self._language,
            recording=line.id,
        )

    def _chapter(self, parent: Path, files: Sequence[str], root: Path) -> Iterator[BadEntry]:
        """Take the lines of a folder's transcript; yield those that cannot be used, and audio that has no line."""
        transcripts = [name for name in files if name.endswith(_TRANSCRIPT)]
        spoken: set[str] = set()
        for name in transcripts:
            try:
                yield from self._lines(parent / name, root, spoken)
            except OSError as error:
                found = f"a transcript that cannot be read ({error.strerror})"
                yield BadEntry(str((parent / name).relative_to(root)), found, _EXPECTED)
                return
        for name in files if transcripts else ():
            if name.endswith(_AUDIO) and name not in spoken:
                where = (parent / name).relative_to(root)
                yield BadEntry(str(where), "an utterance without a line", f"a line for it in {transcripts[0]}")

    def _lines(self, path: Path, root: Path, spoken: set[str]) -> Iterator[BadEntry]:
        """Take the lines of a transcript, with the names of their files in ``spoken``. May raise OSError."""
        headers = Headers()
        self._transcripts.append(path)
        for number, start, content in _contents(path):
            try:
                line = _line(content, start, path.parent)
                spoken.add(line.audio.name)
                self._keep(line, headers)
            except InputError as error:
                yield BadEntry.of(f"{path.relative_to(root)}, line {number}", error)

    def _keep(self, line: _Line, headers: Headers) -> None:
        duration_s = headers.length_s(str(line.audio))
        self._of.append(len(self._transcripts) - 1)
        self._starts.append(line.start)
        self._durations_s.append(duration_s)


def _contents(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, first byte and content of each line that is not empty."""
    with path.open("rb") as file:
        start = 0
        for number, content in enumerate(file, start=1):
            if content.strip():
                yield number, start, content
            start += len(content)


def _line(content: bytes, start: int, parent: Path) -> _Line:
    try:
        name, _, text = content.decode("utf-8-sig").strip().partition(" ")
    except UnicodeDecodeError as error:
        raise InputError(SUBJECT, f"bytes that are no UTF-8 ({error.reason})", "an id and its text") from None
    if "/" in name or not name.isprintable():
        raise InputError(SUBJECT, f"the id {quoted(name)}", "SPEAKER-CHAPTER-NUMBER and its text")
    paths = [parent / (name + suffix) for suffix in _AUDIO]
    return _Line(start, name, next(filter(is_there, paths), paths[0]), one_line(text))
