"""Word times from a TextGrid or a CTM."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.records import Word
from harness.report.subtitles import ctm, textgrid
from harness.synthetic.word_file import read_words

WORDS = (Word("ask", 300.0, 400.0), Word("not", 400.0, 725.0))


def test_what_a_run_writes_is_read(tmp_path: Path) -> None:
    """Both forms, as the subtitles of a run are written; empty intervals are no words."""
    (tmp_path / "a.TextGrid").write_text(textgrid(WORDS, 1_000.0, "a"))
    (tmp_path / "a.ctm").write_text(";; a comment\n" + ctm(WORDS, 1_000.0, "a"))
    assert read_words(tmp_path / "a.TextGrid", "a") == WORDS
    assert read_words(tmp_path / "a.ctm", "a") == WORDS


def test_of_several_recordings_in_a_ctm_the_audios_is_read(tmp_path: Path) -> None:
    """A single one may have another name."""
    path = tmp_path / "all.ctm"
    path.write_text("a 1 0.1 0.2 ask\nb 1 0.3 0.1 not 0.98\n")
    assert read_words(path, "b") == (Word("not", 300.0, 400.0),)
    path.write_text("b 1 0.3 0.1 not\n")
    assert read_words(path, "other") == (Word("not", 300.0, 400.0),)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.ctm", "", "', which holds no word, expected a file with word times"),
        ("a.ctm", "a 1 0.1\n", "(not enough values to unpack (expected 5, got 3)), expected lines of recording"),
        ("a.ctm", "a 1 x 0.2 ask\n", "(could not convert string to float: 'x'), expected lines of recording"),
        (
            "a.ctm",
            "b 1 0 1 ask\nc 1 0 1 not\n",
            "of 2 recordings, none of them 'a', expected one of; choose from: c, b",
        ),
        ("a.TextGrid", textgrid((), 1_000.0, "a"), "', which holds no word, expected a file with word times"),
        ("a.TextGrid", textgrid(WORDS, 1e3, "a").replace('"words"', '"phones"'), "without a tier 'words'"),
        ("a.TextGrid", "", "expected a TextGrid"),
        ("a.TextGrid", "no grid\n", "expected a TextGrid"),
    ],
)
def test_a_file_without_words_is_one_line(name: str, content: str, says: str, tmp_path: Path) -> None:
    """What is wrong with it stands there."""
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_words(tmp_path / name, "a")
    line = str(caught.value)
    assert line.startswith(f"--from: found '{tmp_path / name}'")
    assert says in line
