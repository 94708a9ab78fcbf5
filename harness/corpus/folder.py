"""A folder of audio files of any form, with what is said in each beside it."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.entry import BadEntry, Entry
from harness.corpus.headers import FOREIGN_SUFFIXES, SUFFIXES, Headers
from harness.corpus.keys import named
from harness.corpus.lookup import folder, walk
from harness.corpus.naming import FileNames
from harness.corpus.transcript import Transcript, read_transcript
from harness.corpus.word_times import CTM, TEXTGRID, check_words
from harness.errors import InputError

SUBJECT = "dataset.folder"
_EXPECTED = "a folder of audio files"
_TIMED = (TEXTGRID, CTM)
"""Companions that say when each word is spoken, the first that is there being read."""
_TEXTS = (".txt", ".lab")
"""Companions that say what is said, better than the labels of the intervals do: with capitals and punctuation."""


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """The keys of a dataset of this form: ``folder`` is searched with all that is below it."""

    folder: str = named(f"the path of {_EXPECTED}")


def read_folder(options: FolderOptions, shipped: Path) -> "Folder":
    """Return the entries of a folder. Raises :class:`InputError` where there is none, or no audio is in it."""
    return Folder(folder(options.folder, shipped, SUBJECT, _EXPECTED))


class Folder:
    """The entries of a folder, by the names of their files; of each, its path and its length are in memory."""

    def __init__(self, root: Path) -> None:
        """Look at every audio file's header and at what lies beside it."""
        self._names = FileNames(root)
        self._paths: list[str] = []
        self._beside: list[tuple[Path, ...]] = []
        self._durations_s = array("d")
        self.bad: Sequence[BadEntry] = self._read(root)
        self._names.seen_all()
        if not self._paths and not self.bad:
            raise InputError(SUBJECT, f"no audio file in '{root}'", f"{_EXPECTED}: {', '.join(sorted(SUFFIXES))}")

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, number: int) -> Entry:
        """Return an entry, its companions read again. Raises :class:`InputError` where they have changed."""
        path = self._paths[number]
        transcript, name = _transcript(self._beside[number]), self._names.of(path)
        return Entry(
            id=name,
            audio=path,
            duration_s=self._durations_s[number],
            reference=transcript.text,
            no_reference=transcript.reason,
            words=transcript.words,
            recording=name,
        )

    def _read(self, root: Path) -> Sequence[BadEntry]:
        bad: list[BadEntry] = []
        headers = Headers()
        for path, beside in _audio_files(root, bad):
            try:
                duration_s = headers.length_s(str(path))
                check_words(_transcript(beside).words, duration_s)
            except InputError as error:
                bad.append(BadEntry.of(str(path.relative_to(root)), error))
                continue
            self._paths.append(str(path))
            self._beside.append(beside)
            self._durations_s.append(duration_s)
            self._names.see(str(path))
        return bad


def _audio_files(root: Path, bad: list[BadEntry]) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Yield each audio file below a folder, with its companions; add to ``bad`` the folders that cannot be read."""
    for parent, files in walk(root, bad):
        companions: dict[str, dict[str, Path]] = {}
        paths = [parent / name for name in files]
        for path in paths:
            if path.suffix.lower() in _TIMED + _TEXTS:
                companions.setdefault(path.stem, {})[path.suffix.lower()] = path
        for path in paths:
            if path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES:
                yield path, _chosen(companions.get(path.stem, {}))


def _chosen(companions: Mapping[str, Path]) -> tuple[Path, ...]:
    """Return the file with times, if there is one, and after it the file with the text."""
    kinds = (_TIMED, _TEXTS)
    return tuple(
        next(companions[one] for one in kind if one in companions) for kind in kinds if companions.keys() & kind
    )


def _transcript(beside: Sequence[Path]) -> Transcript:
    """Return what the companions say, the text of the last one with the times of the first."""
    if not beside:
        return Transcript(reason="no .txt, .lab, .TextGrid or .ctm lies beside the audio")
    found = [read_transcript(path, path.name, SUBJECT) for path in beside]
    words = found[0].words
    said = next((one.text for one in reversed(found) if one.text), None)
    return Transcript(said, None if said else found[-1].reason, words)
