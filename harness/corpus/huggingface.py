"""A dataset of the library ``datasets`` on disk, as ``save_to_disk`` writes it; rows stay there, mapped into memory."""

import hashlib
import importlib.util
import os
import struct
import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from harness.audio import default_cache, header_length_s
from harness.corpus.entry import BadEntry, Entry, quoted
from harness.corpus.headers import SUFFIXES, Headers
from harness.corpus.keys import named, optional
from harness.corpus.language import language_tag
from harness.corpus.lookup import folder, is_there
from harness.corpus.naming import Ids
from harness.corpus.transcript import one_line
from harness.errors import ConfigError, InputError

SUBJECT = "dataset.folder"
_EXPECTED = "the folder of a dataset that save_to_disk of the library datasets wrote"
TEXT_COLUMNS = ("text", "transcription", "sentence", "transcript", "normalized_text")
AUDIO_COLUMNS = ("audio", "file", "path")
_ROWS_MAPPED = 2000
"""After so many rows the mapped pages are let go, which would count as the memory of this process."""
_ID_COLUMNS = ("id", "utt_id")
_SPEAKER_COLUMNS = ("speaker", "speaker_id", "client_id")
_LANGUAGE_COLUMNS = ("language", "lang", "locale")


@dataclass(frozen=True, slots=True)
class HuggingfaceOptions:
    """The keys of a dataset of this form.

    ``folder`` holds it; ``split`` is needed where there are several. ``text_column`` and ``audio_column`` are the first
    of :data:`TEXT_COLUMNS` and the first of the type Audio (else of :data:`AUDIO_COLUMNS`) where they are None.
    """

    folder: str = named(f"the path of {_EXPECTED}")
    split: str | None = optional("a split of the dataset")
    text_column: str | None = optional("the column with what is said")
    audio_column: str | None = optional("the column with the audio")


def read_huggingface(options: HuggingfaceOptions, shipped: Path) -> "Rows":
    """Return the entries of a dataset on disk.

    Raises :class:`ConfigError` where the library or a column is missing, :class:`InputError` for what is no dataset.
    """
    if importlib.util.find_spec("datasets") is None:
        raise ConfigError("dataset.form", "'huggingface', and no package datasets", _install())
    path = folder(options.folder, shipped, SUBJECT, _EXPECTED)
    return Rows(lambda: _split(_loaded(path), options.split), options, path)


def _install() -> str:
    return "pip install 'asr-align-harness[huggingface]'"


class Rows:
    """The entries of one split; of each, one number is in memory."""

    def __init__(self, load: Callable[[], Any], options: HuggingfaceOptions, path: Path) -> None:
        """Look at the header of every row's audio, which stays where it is; ``load`` maps the split into memory."""
        dataset = load()
        columns = dataset.column_names
        self._path = path
        self._split = options.split or (str(dataset.split) if dataset.split else path.name)
        self._audio = _audio_column(dataset, options.audio_column)
        self._text = _chosen("text_column", options.text_column, TEXT_COLUMNS, columns)
        self._id = _chosen("id", None, _ID_COLUMNS, columns)
        self._speaker = _chosen("speaker", None, _SPEAKER_COLUMNS, columns)
        self._language = _chosen("language", None, _LANGUAGE_COLUMNS, columns)
        self._rows, self._durations_s = array("L"), array("d")
        self._again: set[int] = set()
        self._map(dataset)
        del dataset
        self.bad: Sequence[BadEntry] = self._read(load)
        self._map(load())

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> Entry:
        """Return an entry; its audio is written to the cache when it is fetched."""
        row = self._rows[number]
        content, name = self._stored(row)
        text = self._value(self._text, row)
        text = one_line(text) if isinstance(text, str) else ""
        lacking = f"the column '{self._text}' holds no text" if self._text else "the dataset has no column with a text"
        own = self._name(row, name)
        speaker, language = self._value(self._speaker, row), self._value(self._language, row)
        return Entry(
            id=f"{own}#{row}" if row in self._again else own,
            audio=self._where(row, name) if content else name,
            duration_s=self._durations_s[number],
            reference=text or None,
            no_reference=None if text else lacking,
            speaker=None if speaker in (None, "") else str(speaker),
            language=language_tag(language) if isinstance(language, str) else None,
            recording=f"{self._split}-{row:06}".replace("/", "-"),
            fetch=partial(self._fetch, row) if content else None,
        )

    def _map(self, dataset: Any) -> None:
        """Take a mapping that holds no page of the file yet, in the place of one that is as large as what was read."""
        self._table = dataset.data
        chunks = self._table.column(self._audio).chunks
        self._firsts = [0, *accumulate(len(chunk) for chunk in chunks[:-1])]
        self._parts = [
            (one.field("bytes"), one.field("path")) if hasattr(one, "field") else (None, one) for one in chunks
        ]

    def _read(self, load: Callable[[], Any]) -> Sequence[BadEntry]:
        bad, headers, ids = [], Headers(), Ids()
        for row in range(self._table.num_rows):
            if row % _ROWS_MAPPED == _ROWS_MAPPED - 1:
                self._map(load())
            try:
                duration_s = self._length_s(row, headers)
                text = self._value(self._text, row)
                if not isinstance(text, str | None):
                    found = f"{self._text} {quoted(text)}"
                    raise InputError(SUBJECT, found, "a text, or null; dataset.text_column names another column")
            except InputError as error:
                bad.append(BadEntry.of(f"row {row}", error))
                continue
            if ids.earlier(self._name(row, self._stored(row)[1]), row) is not None:
                self._again.add(row)
            self._rows.append(row)
            self._durations_s.append(duration_s)
        return bad

    def _length_s(self, row: int, headers: Headers) -> float:
        content, name = self._stored(row)
        if content:
            import pyarrow

            return header_length_s(pyarrow.BufferReader(content), name or f"row {row}")
        if not name:
            raise InputError(SUBJECT, f"{self._audio} without bytes and without a path", "audio")
        return headers.length_s(name)

    def _stored(self, row: int) -> tuple[Any, str]:
        """Return a row's bytes where they lie (None where there are none), and the name that goes with them."""
        part = bisect_right(self._firsts, row) - 1
        contents, names = self._parts[part]
        number = row - self._firsts[part]
        content, name = _in_place(contents, number) if contents is not None else None, names[number].as_py() or ""
        return content, name if content else self._beside(name)

    def _beside(self, name: str) -> str:
        return str(self._path / name) if name and not is_there(Path(name)) else name

    def _name(self, row: int, name: str) -> str:
        """Return what the row is called by its id, its file or its number."""
        own = self._value(self._id, row)
        if isinstance(own, str | int) and own != "":
            return one_line(str(own))
        return Path(name).stem if name else f"{self._split}-{row:06}"

    def _where(self, row: int, name: str) -> str:
        return f"{self._path}: {self._split}, row {row}" + (f" ({Path(name).name})" if name else "")

    def _value(self, column: str | None, row: int) -> Any:
        return None if column is None else self._table.column(column)[row].as_py()

    def _fetch(self, row: int) -> Path:
        """Write a row's bytes into the audio cache, under a name that their content gives, unless they are there."""
        content, name = self._stored(row)
        suffix = Path(name).suffix.lower()
        cache = default_cache() / "fetched"
        target = cache / f"{hashlib.sha256(content).hexdigest()}{suffix if suffix in SUFFIXES else ''}"
        if not target.exists():
            try:
                _write(target, content)
            except OSError as error:
                found = f"'{cache}' ({error.strerror})"
                raise InputError(
                    "audio cache", found, "a folder that can be written; XDG_CACHE_HOME moves it"
                ) from None
        return target


def _in_place(column: Any, number: int) -> Any:
    """Return one value of a column of bytes as a buffer over the mapped file; indexing would copy it. None for none."""
    if column.slice(number, 1).null_count:
        return None
    _, offsets, values = column.buffers()
    form = "<qq" if str(column.type).startswith("large") else "<ii"  # Arrow's layout of variable-size binary
    start, end = struct.unpack_from(form, offsets, (column.offset + number) * struct.calcsize(form) // 2)
    return values.slice(start, end - start) if end > start else None


def _write(target: Path, content: Any) -> None:
    """Write a file: to a temporary name, then renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink()
        raise


def _loaded(path: Path) -> Any:
    import datasets

    try:
        return datasets.load_from_disk(str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:  # pyarrow's errors are ValueErrors
        reason = " ".join(str(error).split())[:120]
        raise InputError(SUBJECT, f"'{path}' ({reason})", _EXPECTED) from None


def _split(loaded: Any, split: str | None) -> Any:
    """Return the split that is named, or the only one."""
    if not isinstance(loaded, dict):
        if split is not None and split != str(loaded.split):
            raise ConfigError("dataset.split", repr(split), f"null: the folder holds one split ({loaded.split})")
        return loaded
    if split is None and len(loaded) == 1:
        return next(iter(loaded.values()))
    if split not in loaded:
        found = "null" if split is None else repr(split)
        raise ConfigError("dataset.split", found, "a split of the dataset", list(loaded))
    return loaded[split]


def _audio_column(dataset: Any, wanted: str | None) -> str:
    import datasets

    typed = [name for name, feature in dataset.features.items() if isinstance(feature, datasets.Audio)]
    column = _chosen("audio_column", wanted, (*typed, *AUDIO_COLUMNS), dataset.column_names)
    if column is None:
        found = "null, and no column of the type Audio"
        raise ConfigError("dataset.audio_column", found, "a column of the dataset", dataset.column_names)
    return column


def _chosen(key: str, wanted: str | None, usual: Iterable[str], columns: Sequence[str]) -> str | None:
    """Return the column that the key names, else the first of the usual ones that is there."""
    if wanted is not None and wanted not in columns:
        raise ConfigError(f"dataset.{key}", repr(wanted), "a column of the dataset", columns)
    return wanted or next((name for name in usual if name in columns), None)
