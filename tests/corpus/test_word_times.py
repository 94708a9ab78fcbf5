from pathlib import Path

import pytest

from harness.corpus.word_times import check_words, read_words
from harness.errors import InputError
from harness.records import Word
from harness.report.subtitles import ctm, textgrid

WORDS = (Word("ask", 100.0, 400.0), Word('"not"', 500.0, 750.0))


def refused(path: Path, content: str | bytes) -> str:
    """Return the line with which a file is refused, without the folder's name."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        read_words(path)
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix("reference times: ").replace(f"{path.parent}/", "")


def tier(name: str, *intervals: tuple[float, float, str], kind: str = "IntervalTier") -> str:
    """Return a tier of a TextGrid in its long form."""
    lines = [f'item [1]:\nclass = "{kind}"\nname = "{name}"\nxmin = 0\nxmax = 2\nintervals: size = {len(intervals)}']
    lines += [
        f'intervals [{number}]:\nxmin = {start}\nxmax = {end}\ntext = "{text}"'
        for number, (start, end, text) in enumerate(intervals, 1)
    ]
    return "\n".join(lines) + "\n"


def grid(*tiers: str) -> str:
    """Return a TextGrid of tiers."""
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2\ntiers? <exists>\n'
    return head + f"size = {len(tiers)}\nitem []:\n" + "".join(tiers)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_textgrid_that_the_harness_wrote_is_read(coding: str, tmp_path: Path) -> None:
    """In each coding that Praat writes; empty intervals are no words."""
    (tmp_path / "a.TextGrid").write_text(textgrid(WORDS, 1000.0, "a"), encoding=coding)
    assert read_words(tmp_path / "a.TextGrid") == WORDS


def test_a_ctm_that_the_harness_wrote_is_read(tmp_path: Path) -> None:
    """With its own confidences where they are shares; comments and silences are no words."""
    content = ";; by hand\n" + ctm(WORDS, 1000.0, "a") + "a 1 0.8 0.1 <eps>\na 1 0.9 0.1 日本 0.5\na 1 1.0 0.1 x -12\n"
    (tmp_path / "a.ctm").write_text(content, encoding="utf-8")
    read = read_words(tmp_path / "a.ctm")
    assert read == (*WORDS, Word("日本", 900.0, 1000.0, 0.5), Word("x", 1000.0, 1100.0))


def test_the_tier_of_words_is_read(tmp_path: Path) -> None:
    """By its name; those of several speakers together; the first interval tier where none is called so."""
    phones, words = tier("phones", (0, 1, "ah")), tier("words", (0, 0.5, "sil"), (0.5, 1, "ah"))
    path = tmp_path / "a.TextGrid"
    path.write_text(grid(phones, words))
    assert read_words(path) == (Word("ah", 500.0, 1000.0),)
    path.write_text(grid(phones, tier("Bo - words", (1, 1.5, "yes")), tier("Al - words", (0, 0.5, "no"))))
    assert [word.text for word in read_words(path)] == ["no", "yes"]
    path.write_text(grid(tier("points", kind="TextTier"), tier("said", (0, 1, "ah"))))
    assert [word.text for word in read_words(path)] == ["ah"]


def test_a_ctm_of_several_recordings_is_read_by_name(tmp_path: Path) -> None:
    """The lines of the one that is called as the file is, else none can be meant."""
    (tmp_path / "b.ctm").write_text("a 1 0 1 one\nb 1 0 1 two\n")
    assert [word.text for word in read_words(tmp_path / "b.ctm")] == ["two"]
    assert refused(tmp_path / "c.ctm", "a 1 0 1 one\nb 1 0 1 two\n") == (
        "found 'c.ctm' of 2 recordings, none of them 'c', expected a CTM of one recording, or with the audio file's "
        "name in it"
    )


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.ctm", "a 1 0 1", "found 'a 1 0 1' in line 1 of 'a.ctm', expected recording, channel, start and duration"),
        ("a.ctm", "\na 1 x 1 ask", "found 'a 1 x 1 ask' in line 2 of 'a.ctm', expected recording, channel, start and"),
        ("a.ctm", "a 1 nan 1 ask", "found the word 'ask' from nan to nan s in 'a.ctm', expected words that start at 0"),
        ("a.ctm", "a 1 2 -1 ask", "found the word 'ask' from 2 to 1 s in 'a.ctm', expected words that start at 0"),
        ("a.ctm", b"a 1 0 1 gr\xfc\xdf", "found 'a.ctm' ('utf-8' codec can't decode byte 0xfc in position 10"),
        ("a.TextGrid", "", "found 'a.TextGrid' (it ends too soon, or is something else), expected a TextGrid as"),
        ("a.TextGrid", "[]", "found 'a.TextGrid' ("),
        ("a.TextGrid", textgrid(WORDS, 1e3, "a")[:300], "found 'a.TextGrid' (Expected field in Textgrid missing.)"),
        (
            "a.TextGrid",
            grid(tier("p", kind="TextTier")),
            "found 'a.TextGrid' without an interval tier, expected a tier",
        ),
        ("a.TextGrid", grid(tier("said", (0, 1, "ask not"))), "found the interval 'ask not' in the tier 'said' of"),
    ],
)
def test_what_cannot_be_read_is_one_line(name: str, content: str | bytes, line: str, tmp_path: Path) -> None:
    """With what was found, and what it should have been."""
    assert refused(tmp_path / name, content).startswith(line)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """As one that may not be read."""
    with pytest.raises(InputError) as caught:
        read_words(tmp_path / "a.ctm")
    assert str(caught.value).endswith("a.ctm' (No such file or directory), expected a TextGrid or a CTM")


def test_times_past_the_end_are_those_of_another_clock() -> None:
    """Of the recording, for instance, where the utterance is a stretch of it."""
    check_words(WORDS, 0.45)
    with pytest.raises(InputError) as caught:
        check_words(WORDS, 0.3)
    assert str(caught.value) == (
        "reference times: found the word '\"not\"' at 0.5 s of 0.3 s of audio, expected times from the utterance's own "
        "start"
    )
    with pytest.raises(InputError, match="the word 'ask' before the one in front of it"):
        check_words(WORDS[::-1], None)
