"""The folder of a generated corpus."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError, StoreError
from harness.records import Word
from harness.synthetic.folder import Written, write
from harness.synthetic.spoken import Spoken
from tests.synthetic.sounds import read, square


def _spoken(name: str = "0000-shuffled") -> Spoken:
    words = (Word("ask", 300.0, 400.0), Word("not", 471.0, 700.0))
    return Spoken(name, square(1_000, 8_000), words, "ann", "made of squares")


def test_audio_and_a_line_for_each_sentence(tmp_path: Path) -> None:
    """The manifest is in NeMo's form, with times in seconds and a sentence that says that it is synthetic."""
    out = tmp_path / "new" / "out"
    assert write(out, [_spoken(), _spoken("0001-repeated")]) == Written(out, 2, 4, 2.0)
    assert sorted(path.name for path in out.iterdir()) == ["0000-shuffled.wav", "0001-repeated.wav", "manifest.jsonl"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert np.array_equal(read(out / "0000-shuffled.wav"), square(1_000, 8_000))
    (line, _) = (out / "manifest.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "audio_filepath": "0000-shuffled.wav",
        "text": "ask not",
        "duration": 1.0,
        "words": [{"word": "ask", "start": 0.3, "end": 0.4}, {"word": "not", "start": 0.471, "end": 0.7}],
        "speaker": "ann",
        "synthetic": "made of squares",
    }


def test_one_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing is left of the one before; an empty folder is as good."""
    out = tmp_path / "out"
    out.mkdir()
    write(out, [_spoken("old")])
    write(out, [_spoken("new")])
    assert sorted(path.name for path in out.iterdir()) == ["manifest.jsonl", "new.wav"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it points to is replaced."""
    write(tmp_path / "out", [_spoken("old")])
    (tmp_path / "link").symlink_to("out")
    write(tmp_path / "link", [_spoken("new")])
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["manifest.jsonl", "new.wav"]


@pytest.mark.parametrize("manifest", [None, "", "no json\n", '{"audio_filepath": "mine.wav"}\n', "[]\n"])
def test_anothers_folder_is_left_alone(manifest: str | None, tmp_path: Path) -> None:
    """A manifest that does not say that it is synthetic is somebody's."""
    if manifest is not None:
        (tmp_path / "manifest.jsonl").write_text(manifest)
    (tmp_path / "mine.wav").touch()
    with pytest.raises(StoreError) as caught:
        write(tmp_path, [_spoken()])
    found = "mine.wav" if manifest in (None, "") else "manifest.jsonl"
    assert str(caught.value) == (
        f"OUT: found '{tmp_path}' with '{found}' in it, "
        "expected a folder that is not there yet, is empty, or was made by this command"
    )
    assert (tmp_path / "mine.wav").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """It is left alone."""
    (tmp_path / "out").touch()
    with pytest.raises(StoreError, match=r"out', which is a file, expected a folder that"):
        write(tmp_path / "out", [_spoken()])


def test_where_a_sentence_cannot_be_made_nothing_is_written(tmp_path: Path) -> None:
    """The one of before stays as it was."""

    def torn() -> Iterator[Spoken]:
        yield _spoken("new")
        raise InputError("--text", "line 2", "words")

    out = tmp_path / "out"
    write(out, [_spoken("old")])
    with pytest.raises(InputError):
        write(out, torn())
    assert sorted(path.name for path in out.iterdir()) == ["manifest.jsonl", "old.wav"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_place_that_cannot_be_written_is_one_line() -> None:
    """The system's reason is given."""
    with pytest.raises(StoreError, match=r"^OUT: found '/proc/out' \(.+\), expected a folder that can be written$"):
        write(Path("/proc/out"), [_spoken()])
