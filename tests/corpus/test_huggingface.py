import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus.huggingface import HuggingfaceOptions, read_huggingface
from harness.errors import ConfigError, InputError, UserError
from tests.corpus.every import every
from tests.corpus.made_audio import make_audio

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the progress bars of the library that writes datasets start no thread, which would outlive these tests."""
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder into which audio is fetched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "asr-align-harness" / "audio" / "fetched"


def packed(seconds: float, form: str = "FLAC") -> bytes:
    """Return the bytes of an audio file."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(round(16_000 * seconds), np.float32), 16_000, format=form)
    return file.getvalue()


def dataset(audio: Sequence[Any], **columns: Sequence[Any]) -> Any:
    """Return a dataset with a column of the type Audio."""
    plain = datasets.Dataset.from_dict({"audio": audio, **columns})
    return plain.cast_column("audio", datasets.Audio())


def read(folder: Path, **keys: str) -> Any:
    """Return the entries of the dataset in a folder."""
    return read_huggingface(HuggingfaceOptions(str(folder), **keys), folder)


def refused(kind: type[UserError], folder: Path, **keys: str) -> str:
    """Return the line with which a dataset is refused."""
    with pytest.raises(kind) as caught:
        read(folder, **keys)
    return str(caught.value).replace(str(folder.parent), "HERE")


def test_rows_are_utterances_whose_bytes_are_fetched_once(tmp_path: Path, cache: Path) -> None:
    """Nothing is written before the audio is wanted; then under a name that the content gives."""
    audio = [{"bytes": packed(0.5), "path": "clips/x.flac"}, {"bytes": packed(1, "WAV"), "path": None}]
    columns: dict[str, Sequence[Any]] = {
        "sentence": ["Ask  not", None],
        "client_id": [7, 8],
        "locale": ["en", "xx-none-of-these-at-all"],
    }
    dataset(audio, **columns).save_to_disk(tmp_path / "d")
    entries = read(tmp_path / "d")
    first, second = every(entries)
    assert (entries.bad, [entry.duration_s for entry in every(entries)]) == ([], [0.5, 1.0])
    assert (first.id, first.audio, first.reference) == ("x", f"{tmp_path}/d: d, row 0 (x.flac)", "Ask not")
    assert (first.speaker, first.language, first.recording) == ("7", "en", "d-000000")
    assert (second.id, second.reference, second.no_reference) == (
        "d-000001",
        None,
        "the column 'sentence' holds no text",
    )
    assert not cache.exists()
    path = first.file()
    assert (path.parent, path.suffix, path.read_bytes()) == (cache, ".flac", packed(0.5))
    written = path.stat().st_mtime_ns
    assert (first.file(), path.stat().st_mtime_ns, second.file().suffix) == (path, written, "")


def test_a_split_is_named_where_there_are_several(tmp_path: Path) -> None:
    """And ids where they are the dataset's own; those that are there twice get the row's number."""
    one = dataset([{"bytes": packed(0.1), "path": None}] * 2, id=["a", "a"], text=["x", "y"])
    datasets.DatasetDict({"test": one, "train": one}).save_to_disk(tmp_path / "d")
    assert [(entry.id, entry.reference) for entry in every(read(tmp_path / "d", split="test"))] == [
        ("a", "x"),
        ("a#1", "y"),
    ]
    assert refused(ConfigError, tmp_path / "d") == (
        "dataset.split: found null, expected a split of the dataset; choose from: train, test"
    )
    datasets.DatasetDict({"test": one}).save_to_disk(tmp_path / "one")
    assert len(read(tmp_path / "one")) == 2


def test_columns_are_named_where_they_are_unusual(tmp_path: Path) -> None:
    """Paths are a column too, relative to the dataset's folder."""
    plain = datasets.Dataset.from_dict({"clip": ["a.wav", "b.wav"], "said": ["x", "y"], "number": [1, 2]})
    plain.save_to_disk(tmp_path / "d")
    make_audio(tmp_path / "d" / "a.wav", 0.25)
    entries = read(tmp_path / "d", audio_column="clip", text_column="said")
    (entry,) = every(entries)
    assert (entry.id, entry.file(), entry.duration_s, entry.reference) == ("a", tmp_path / "d/a.wav", 0.25, "x")
    assert [one.where for one in entries.bad] == ["row 1"]
    assert refused(ConfigError, tmp_path / "d").startswith(
        "dataset.audio_column: found null, and no column of the type Audio, expected a column of the dataset; choose"
    )
    assert refused(ConfigError, tmp_path / "d", audio_column="clip", text_column="sayd") == (
        "dataset.text_column: found 'sayd', expected a column of the dataset; choose from: said, clip, number"
    )
    bad = read(tmp_path / "d", audio_column="clip", text_column="number").bad
    assert str(bad[0]) == ("row 0: found number 1, expected a text, or null; dataset.text_column names another column")


def test_rows_that_hold_no_audio_are_bad(tmp_path: Path) -> None:
    """Nothing, or what is none; a dataset without a text has no reference."""
    audio = [{"bytes": b"none", "path": "a.mp3"}, {"bytes": b"", "path": ""}, {"bytes": packed(0.1), "path": None}]
    dataset(audio).save_to_disk(tmp_path / "d")
    entries = read(tmp_path / "d")
    assert [str(one).partition(", expected")[0] for one in entries.bad] == [
        "row 0: found 'a.mp3' (Format not recognised.)",
        "row 1: found audio without bytes and without a path",
    ]
    assert [entry.no_reference for entry in every(entries)] == ["the dataset has no column with a text"]


def test_what_is_no_dataset_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of something else; and every folder where the library is missing."""
    (tmp_path / "d").mkdir()
    assert refused(InputError, tmp_path / "d").startswith("dataset.folder: found 'HERE/d' (")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refused(ConfigError, tmp_path / "d") == (
        "dataset.form: found 'huggingface', and no package datasets, expected pip install "
        "'asr-align-harness[huggingface]'"
    )
