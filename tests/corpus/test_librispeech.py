from pathlib import Path

import pytest

from harness.corpus.entry import Entry
from harness.corpus.librispeech import LibrispeechOptions, read_librispeech
from harness.errors import InputError
from tests.corpus.every import every
from tests.corpus.made_audio import make_audio


def chapter(root: Path, speaker: str, number: str, *lines: bytes) -> Path:
    """Write a chapter whose audio files are 0000 and 0001."""
    folder = root / speaker / number
    for utterance in ("0000", "0001"):
        make_audio(folder / f"{speaker}-{number}-{utterance}.flac", 0.5)
    (folder / f"{speaker}-{number}.trans.txt").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def test_a_tree_is_read_by_speaker_and_chapter(tmp_path: Path) -> None:
    """In the order of their numbers; the speaker is the first part of an utterance's id."""
    chapter(tmp_path / "LibriSpeech/dev", "121", "9", b"121-9-0000 ONE", b"121-9-0001 TWO")
    first = chapter(tmp_path / "LibriSpeech/dev", "84", "121123", b"84-121123-0000 GO  DO", b"", b"84-121123-0001")
    entries = read_librispeech(LibrispeechOptions("LibriSpeech"), tmp_path)
    assert entries.bad == []
    assert [entry.id for entry in every(entries)] == ["84-121123-0000", "84-121123-0001", "121-9-0000", "121-9-0001"]
    assert entries[0] == Entry(
        id="84-121123-0000",
        audio=str(first / "84-121123-0000.flac"),
        duration_s=0.5,
        reference="GO DO",
        speaker="84",
        language="en",
        recording="84-121123-0000",
    )
    assert (entries[1].reference, entries[1].no_reference) == (None, "its line in the transcript holds no text")
    assert read_librispeech(LibrispeechOptions(str(first), None), tmp_path)[0].language is None


def test_what_the_tree_lacks_is_bad(tmp_path: Path) -> None:
    """A line without its audio, audio without its line, bytes that are no text."""
    chapter(tmp_path, "1", "2", b"1-2-0000 A", b"1-2-0007 B", b"1-2-0000 gr\xfc\xdf", b"../x C")
    entries = read_librispeech(LibrispeechOptions(str(tmp_path)), tmp_path)
    assert [str(one).replace(f"{tmp_path}/", "").partition(", expected")[0] for one in entries.bad] == [
        "1/2/1-2.trans.txt, line 2: found no file '1/2/1-2-0007.flac'",
        "1/2/1-2.trans.txt, line 3: found bytes that are no UTF-8 (invalid start byte)",
        "1/2/1-2.trans.txt, line 4: found the id '../x'",
        "1/2/1-2-0001.flac: found an utterance without a line",
    ]


def test_a_transcript_that_cannot_be_read_is_bad(tmp_path: Path) -> None:
    """It, and not each utterance that may be in it; so is an id that no file can have."""
    (tmp_path / "3-4.trans.txt").symlink_to(tmp_path / "nowhere")
    chapter(tmp_path, "1", "2", b"1-2-0000 A", b"1-2-0001 B", b"x" * 300 + b" C")
    entries = read_librispeech(LibrispeechOptions(str(tmp_path)), tmp_path)
    assert len(entries) == 2
    assert [one.where for one in entries.bad] == ["3-4.trans.txt", "1/2/1-2.trans.txt, line 3"]
    assert entries.bad[0].found == "a transcript that cannot be read (No such file or directory)"
    assert entries.bad[1].found.endswith("xxx' (File name too long)")


def test_a_folder_that_is_no_tree_is_refused(tmp_path: Path) -> None:
    """With what a tree holds."""
    make_audio(tmp_path / "a.flac")
    with pytest.raises(InputError) as caught:
        read_librispeech(LibrispeechOptions(str(tmp_path)), tmp_path)
    assert str(caught.value).replace(str(tmp_path), "HERE") == (
        "dataset.root: found no .trans.txt file in 'HERE', expected a LibriSpeech tree: SPEAKER/CHAPTER/*.flac with "
        "SPEAKER-CHAPTER.trans.txt"
    )
