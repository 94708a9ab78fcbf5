from pathlib import Path

import pytest

from harness.corpus.folder import FolderOptions, read_folder
from harness.errors import InputError
from harness.records import Word
from tests.corpus.every import every
from tests.corpus.made_audio import make_audio

CTM = "a 1 0.1 0.2 ask\na 1 0.4 0.2 not\n"
WORDS = (Word("ask", 100.0, 300.0), Word("not", 400.0, 600.0))


def test_every_audio_file_is_an_utterance(tmp_path: Path) -> None:
    """Of each form, in every folder below, through links, sorted; hidden files and what is no audio are passed over."""
    elsewhere = make_audio(tmp_path / "elsewhere" / "linked.wav").parent
    root = tmp_path / "root"
    for name in ("b.flac", "a.WAV", "10/e.ogg", "9/d.mp3", ".hidden.wav", ".git/x.wav"):
        make_audio(root / name, 0.5)
    (root / "10" / "up").symlink_to(root)
    (root / "link").symlink_to(elsewhere)
    (root / "notes.pdf").touch()
    entries = read_folder(FolderOptions("root"), tmp_path)
    assert [(entry.id, entry.audio) for entry in every(entries)] == [
        (Path(name).stem, str(root / name)) for name in ("a.WAV", "b.flac", "link/linked.wav", "9/d.mp3", "10/e.ogg")
    ]
    assert [round(entry.duration_s or 0, 1) for entry in every(entries)] == [0.5, 0.5, 1.0, 0.5, 0.5]
    assert {entry.no_reference for entry in every(entries)} == {
        "no .txt, .lab, .TextGrid or .ctm lies beside the audio"
    }
    assert entries.bad == []


@pytest.mark.parametrize(
    ("companions", "reference", "words"),
    [
        ({"a.txt": "Ask\n not."}, "Ask not.", ()),
        ({"a.lab": "ask not"}, "ask not", ()),
        ({"a.txt": "Ask not.", "a.lab": "ask not"}, "Ask not.", ()),
        ({"a.CTM": CTM}, "ask not", WORDS),
        ({"a.ctm": CTM, "a.txt": "Ask not."}, "Ask not.", WORDS),
        ({"a.ctm": CTM, "a.txt": ""}, "ask not", WORDS),
        ({"a.ctm": "", "a.lab": "ask not"}, "ask not", ()),
        ({"b.txt": "not mine"}, None, ()),
    ],
)
def test_what_lies_beside_the_audio_says_what_is_said(
    companions: dict[str, str], reference: str | None, words: tuple[Word, ...], tmp_path: Path
) -> None:
    """The times are a TextGrid's or a CTM's; the text is a text's before it is that of the times' labels."""
    make_audio(tmp_path / "a.wav")
    for name, content in companions.items():
        (tmp_path / name).write_text(content)
    (entry,) = every(read_folder(FolderOptions(str(tmp_path)), tmp_path))
    assert (entry.reference, entry.words) == (reference, words)


def test_an_empty_text_is_said(tmp_path: Path) -> None:
    """The utterance has no reference, and is no error."""
    make_audio(tmp_path / "a.wav")
    (tmp_path / "a.txt").touch()
    (entry,) = every(read_folder(FolderOptions(str(tmp_path)), tmp_path))
    assert (entry.reference, entry.no_reference) == (None, "the transcript 'a.txt' is empty")


def test_what_cannot_be_used_is_bad(tmp_path: Path) -> None:
    """No audio, foreign audio, a companion that cannot be read; by its place below the folder."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.wav").write_text("no audio")
    (tmp_path / "b.m4a").write_text("foreign")
    make_audio(tmp_path / "c.wav")
    (tmp_path / "c.ctm").write_text("c 1 7 1 late")
    make_audio(tmp_path / "d.wav")
    (tmp_path / "d.txt").write_bytes(b"gr\xfc\xdf")
    make_audio(tmp_path / "e.wav")
    entries = read_folder(FolderOptions(str(tmp_path)), tmp_path)
    assert [entry.id for entry in every(entries)] == ["e"]
    assert [str(one).replace(f"{tmp_path}/", "").partition(", expected")[0] for one in entries.bad] == [
        "b.m4a: found 'b.m4a', which libsndfile does not read",
        "c.wav: found the word 'late' at 7 s of 1 s of audio",
        "d.wav: found 'd.txt' ('utf-8' codec can't decode byte 0xfc in position 2: invalid start byte)",
        "s/a.wav: found 's/a.wav' (Format not recognised.)",
    ]


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    """As one that is not there, or a file."""
    (tmp_path / "a.txt").touch()
    found = {}
    for name in (".", "none", "a.txt"):
        with pytest.raises(InputError) as caught:
            read_folder(FolderOptions(str(tmp_path / name)), tmp_path)
        found[name] = str(caught.value).replace(str(tmp_path), "HERE")
    expected = "expected a folder of audio files"
    assert found.pop(".").startswith(f"dataset.folder: found no audio file in 'HERE', {expected}: .aif, ")
    assert found == {
        "none": f"dataset.folder: found no folder 'HERE/none', {expected}",
        "a.txt": f"dataset.folder: found 'HERE/a.txt', which is a file, {expected}",
    }
