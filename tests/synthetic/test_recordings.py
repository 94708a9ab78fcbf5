"""Recordings whose words have times."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.records import Trial, Word
from harness.synthetic.recordings import Recording, recordings
from tests import stored

WORDS = (Word("ask", 300.0, 400.0),)


def _with_words(trial: Trial, words: tuple[Word, ...]) -> Trial:
    visits = tuple(replace(visit, words=words) if visit.role == "aligner" else visit for visit in trial.visits)
    return replace(trial, visits=visits)


def test_a_run_gives_its_utterances_with_the_last_words_of_each(tmp_path: Path) -> None:
    """A later trial of the same utterance takes the earlier one's place; a failed one does not."""
    trials = (stored.trial(0), _with_words(stored.trial(1), WORDS), stored.failed(2))
    folder = stored.write(tmp_path / "run", stored.run(), trials)
    assert recordings(folder) == (
        Recording(
            name="jfk",
            speaker="jfk",
            audio=Path("/canonical/jfk.wav"),
            words=WORDS,
            origin=str(folder),
            aligned_by="the bounds that the stage aligner found",
        ),
    )


def test_a_known_speaker_is_kept(tmp_path: Path) -> None:
    """He is whose voice is cut."""
    trial = replace(stored.trial(0), utterance=stored.utterance(speaker="ann"))
    folder = stored.write(tmp_path / "run", stored.run(), (trial,))
    assert [one.speaker for one in recordings(folder)] == ["ann"]


def test_a_run_without_word_times_is_one_line(tmp_path: Path) -> None:
    """No aligner worked in it, or it found none."""
    folder = stored.write(tmp_path / "run", stored.run(), (_with_words(stored.trial(0), ()), stored.failed(1)))
    with pytest.raises(InputError) as caught:
        recordings(folder)
    expected = f"--from: found '{folder}', a run without word times, expected a run in which an aligner worked"
    assert str(caught.value) == expected


def test_the_audio_beside_a_file_or_another_one(tmp_path: Path) -> None:
    """Its name without the ending is the speaker's, for nobody says who speaks."""
    source = tmp_path / "a.ctm"
    source.write_text("a 1 0.3 0.1 ask\n")
    (tmp_path / "a.flac").touch()
    made = Recording("a", "a", tmp_path / "a.flac", WORDS, str(source), "the bounds in a.ctm")
    assert recordings(source) == (made,)
    other = Path("b.wav")
    assert recordings(source, other) == (replace(made, name="b", speaker="b", audio=other),)


def test_of_several_recordings_in_a_ctm_the_audios_is_cut(tmp_path: Path) -> None:
    """Not the one that is called as the CTM."""
    source = tmp_path / "all.ctm"
    source.write_text("all 1 0.1 0.2 not\nb 1 0.3 0.1 ask\n")
    assert recordings(source, Path("b.wav"))[0].words == WORDS


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "--from: found 'a.ctm', which holds no word, expected a file with word times"),
        ("a 1 0.1\n", "--from: found 'a 1 0.1' in line 1 of 'a.ctm', expected recording, channel, start and duration"),
    ],
)
def test_a_file_without_words_is_one_line(
    content: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is about what the user named."""
    monkeypatch.chdir(tmp_path)
    Path("a.ctm").write_text(content)
    with pytest.raises(InputError) as caught:
        recordings(Path("a.ctm"), Path("a.wav"))
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("name", "audio", "says"),
    [
        (
            "nowhere",
            None,
            "--from: found no file or folder 'nowhere', expected the folder of a run with word times, or",
        ),
        ("a" * 300, None, "--from: found no file or folder 'aaa"),
        ("a.txt", None, "--from: found 'a.txt', expected the folder of a run with word times, or a .TextGrid or .ctm"),
        ("a.ctm", None, "--from: found 'a.ctm' with no audio beside it, expected a with .wav, .flac, .ogg, .mp3, or"),
        (".", "a.wav", "--audio: found 'a.wav' beside a run's folder, expected it only with a .TextGrid or .ctm file"),
    ],
)
def test_what_is_no_source_is_one_line(
    name: str, audio: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line says what is one."""
    monkeypatch.chdir(tmp_path)
    for made in ("a.txt", "a.ctm"):
        Path(made).write_text("a 1 0.3 0.1 ask\n")
    with pytest.raises(InputError) as caught:
        recordings(Path(name), Path(audio) if audio else None)
    assert str(caught.value).startswith(says)
