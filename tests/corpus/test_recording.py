import wave
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.recording import utterances
from harness.errors import ConfigError, InputError, UserError
from harness.records import Utterance, Word


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, with a second of silence as ``a.wav`` in it."""
    monkeypatch.chdir(tmp_path)
    write_silence(tmp_path / "a.wav")
    return tmp_path


def write_silence(path: Path, frames: int = 16_000) -> None:
    """Write a canonical file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(2 * frames))


def heard(shipped: str = "shipped", **dataset: Any) -> Utterance:
    """Return the one utterance of a dataset."""
    (one,) = utterances(dataset, Path(shipped).absolute())
    return one


def refused(kind: type[UserError], **dataset: Any) -> str:
    """Return the line with which a dataset is refused."""
    with pytest.raises(kind) as caught:
        heard(**dataset)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_audio_with_its_transcript_is_an_utterance(folder: Path) -> None:
    """The id is the file's name, the canonical path absolute, the reference on one line."""
    (folder / "a.txt").write_text("Ask not\n what  your country \n")
    one = heard(audio="a.wav", transcript="a.txt")
    assert (one.id, one.audio, one.canonical) == ("a", "a.wav", str((folder / "a.wav").resolve()))
    assert (one.duration_s, one.reference, one.no_reference) == (1.0, "Ask not what your country", None)


@pytest.mark.parametrize(
    ("content", "reference", "no_reference"),
    [
        (b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9f dich", "grüß dich", None),
        ("日本語\r\n".encode(), "日本語", None),
        (b"", None, "the transcript 'a.txt' is empty"),
        (b" \n\t\n", None, "the transcript 'a.txt' is empty"),
        (b"\xef\xbb\xbf", None, "the transcript 'a.txt' is empty"),
    ],
)
def test_a_transcript_is_utf8_with_or_without_a_mark(
    content: bytes, reference: str | None, no_reference: str | None, folder: Path
) -> None:
    """Nothing in it is no error: the utterance says why it has no reference."""
    (folder / "a.txt").write_bytes(content)
    one = heard(audio="a.wav", transcript="a.txt")
    assert (one.reference, one.no_reference) == (reference, no_reference)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ({}, "no transcript was named"),
        ({"transcript": None}, "no transcript was named"),
        ({"transcript": ""}, "no transcript was named"),
        ({"transcript": "b.txt"}, "the transcript 'b.txt' does not exist"),
        ({"transcript": "b" * 300}, f"the transcript '{'b' * 300}' does not exist"),
    ],
)
def test_a_transcript_that_is_not_there_is_no_error(dataset: dict[str, Any], reason: str) -> None:
    """The run goes on without it, and says why."""
    one = heard(audio="a.wav", **dataset)
    assert (one.reference, one.no_reference) == (None, reason)


def test_a_transcript_that_is_no_text_is_refused(folder: Path) -> None:
    """Latin-1, or a folder."""
    (folder / "latin.txt").write_bytes(b"gr\xfc\xdf dich")
    (folder / "texts").mkdir()
    assert refused(InputError, audio="a.wav", transcript="latin.txt") == (
        "dataset.transcript: found 'latin.txt' ('utf-8' codec can't decode byte 0xfc in position 2: "
        "invalid start byte), expected a text file in UTF-8"
    )
    assert refused(InputError, audio="a.wav", transcript="texts") == (
        "dataset.transcript: found 'texts', which is a folder, expected a text file"
    )


def test_a_transcript_with_times_gives_both(folder: Path) -> None:
    """A CTM or a TextGrid; one that cannot be read is the transcript's fault."""
    (folder / "a.ctm").write_text("a 1 0.1 0.2 ask\na 1 0.4 0.1 not\n")
    one = heard(audio="a.wav", transcript="a.ctm")
    assert (one.reference, one.reference_words) == ("ask not", (Word("ask", 100.0, 300.0), Word("not", 400.0, 500.0)))
    (folder / "a.TextGrid").write_text("none")
    assert refused(InputError, audio="a.wav", transcript="a.TextGrid").startswith(
        "dataset.transcript: found 'a.TextGrid' ("
    )
    (folder / "late.ctm").write_text("a 1 7 1 late\n")
    assert refused(InputError, audio="a.wav", transcript="late.ctm") == (
        "dataset.transcript: found the word 'late' at 7 s of 1 s of audio, "
        "expected times from the utterance's own start"
    )


def test_files_are_looked_up_here_then_where_they_travel_along(folder: Path) -> None:
    """A file of the same name in the working directory goes first; an absolute path is itself."""
    write_silence(folder / "shipped" / "samples" / "b.wav", 8_000)
    (folder / "shipped" / "samples" / "b.txt").write_text("shipped")
    one = heard(audio="samples/b.wav", transcript="samples/b.txt")
    assert (one.duration_s, one.reference, one.audio) == (0.5, "shipped", "samples/b.wav")
    write_silence(folder / "samples" / "b.wav")
    assert heard(audio="samples/b.wav").duration_s == 1.0
    assert heard(audio=str(folder / "shipped" / "samples" / "b.wav")).duration_s == 0.5


@pytest.mark.usefixtures("folder")
def test_an_unknown_key_is_refused_with_those_there_are() -> None:
    """The nearest first."""
    line = refused(ConfigError, audio="a.wav", transcipt="a.txt")
    assert line.startswith(
        "dataset.transcipt: found the key 'transcipt', expected a key of the dataset; choose from: transcript, "
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("dataset", "line"),
    [
        ({}, "dataset.audio: found None, expected the path of an audio file"),
        ({"audio": ""}, "dataset.audio: found '', expected the path of an audio file"),
        ({"audio": 5}, "dataset.audio: found 5, expected the path of an audio file"),
        ({"audio": ["a.wav"]}, "dataset.audio: found ['a.wav'], expected the path of an audio file"),
        (
            {"audio": "a.wav", "transcript": 5},
            "dataset.transcript: found 5, expected the path of a text file, or null",
        ),
    ],
)
def test_a_value_of_another_type_is_refused(dataset: dict[str, Any], line: str) -> None:
    """One line."""
    assert refused(ConfigError, **dataset) == line


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["b.wav", "~no-such-user/a.wav"])
def test_audio_that_is_not_there_is_refused(name: str) -> None:
    """The line names it as the user did."""
    assert refused(InputError, audio=name).startswith(f"dataset.audio: found no file '{name}', expected an audio file")


def test_a_tilde_is_the_users_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For audio and transcript."""
    monkeypatch.setenv("HOME", str(folder))
    (folder / "a.txt").write_text("at home")
    assert heard(audio="~/a.wav", transcript="~/a.txt").reference == "at home"
