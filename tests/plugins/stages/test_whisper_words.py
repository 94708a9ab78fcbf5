import numpy as np
import pytest

from harness.stage import Word
from plugins.stages.whisper_words import Unit, fit_of, pieces_of, share, trimmed, units_of, words_of


def unit(text: str, start_ms: float, end_ms: float, probability: float = 1.0, tokens: int = 1) -> Unit:
    """Return a unit."""
    return Unit(text, start_ms, end_ms, probability, tokens)


def test_units() -> None:
    """Seconds of the window become milliseconds of the recording, the engine's numbers become plain ones."""
    one = {"word": " ask", "tokens": [1, 2], "start": np.float64(0.5), "end": np.float64(1.0), "probability": 0.25}
    assert list(units_of([one], 2_000.0)) == [Unit(" ask", 2_500.0, 3_000.0, 0.25, 2)]


def test_punctuation_is_written_and_takes_no_time() -> None:
    """The engine gives the pause after a word to its comma: the word ends before it."""
    units = [unit(" Americans", 100, 500, 0.5), unit(",", 500, 1_900, 0.01), unit(" ask", 1_900, 2_000)]
    assert list(words_of(units)) == [Word("Americans,", 100, 500, 0.5), Word("ask", 1_900, 2_000, 1.0)]


def test_parts_of_a_word() -> None:
    """What has no space before it belongs to the word; its quality is the mean over tokens, marks left out."""
    units = [unit(" good", 0, 300, 0.9, 1), unit("-", 300, 320, 0.0), unit("bye", 320, 700, 0.5, 3)]
    assert list(words_of(units)) == [Word("good-bye", 0, 700, 0.6)]


def test_marks_by_themselves_are_no_words() -> None:
    """Neither a dash between words nor a mark at the beginning."""
    units = [unit(" ...", 0, 10), unit(" so", 10, 20), unit(" -", 20, 30), unit(" my", 30, 40)]
    assert [word.text for word in words_of(units)] == ["so", "my"]
    assert list(words_of([])) == []


def test_language_without_spaces() -> None:
    """Each character is a word, and takes the mark that follows it."""
    units = [unit("你", 0, 10), unit("好", 10, 20), unit("。", 20, 30), unit("我", 30, 40)]
    assert [word.text for word in words_of(units, "zh")] == ["你", "好。", "我"]


def test_fit() -> None:
    """The mean of the words; of none, none."""
    assert fit_of([Word("a", 0, 1, 0.5), Word("b", 0, 1, 1.0), Word("c", 0, 1)]) == 0.5
    assert fit_of([]) == 0.0


def powers(*parts: tuple[int, float]) -> np.ndarray:
    """Return frames: so many of a power each."""
    return np.concatenate([np.full(count, power) for count, power in parts])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((0, 600), (170, 530)),
        ((150, 540), (150, 540)),
        ((0, 540), (170, 540)),
        ((150, 600), (150, 530)),
        ((0, 150), (0, 150)),
        ((250, 400), (250, 400)),
    ],
    ids=["both edges", "edges of less than 0.1 s", "start", "end", "all quiet", "no quiet"],
)
def test_trimmed(before: tuple[float, float], after: tuple[float, float]) -> None:
    """Speech from 200 to 500 ms: of a quiet edge of 0.1 s or more, 30 ms stay; a word is never made longer."""
    frames = powers((20, 1.0), (30, 1e6), (50, 1.0))
    assert list(trimmed([Word("a", *before, 0.5)], frames)) == [Word("a", *after, 0.5)]


def test_trimmed_without_audio() -> None:
    """There is nothing to trim by."""
    assert list(trimmed([Word("a", 0, 5)], powers((0, 1.0)))) == [Word("a", 0, 5)]


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [("And so,  my", "en", ["And", " so,", "  my"]), ("你好 吗", "zh", ["你", "好", " 吗"]), ("", "en", [])],
)
def test_pieces(text: str, language: str, pieces: list[str]) -> None:
    """Words, or characters; put together they are the text again."""
    assert pieces_of(text, language) == pieces
    assert "".join(pieces) == text


@pytest.mark.parametrize(
    ("heard", "left", "count"),
    [
        ("and so my", "And so, my fellow Americans", 3),
        ("and so me", "And so, my fellow Americans", 3),
        ("and my", "And so, my fellow Americans", 3),
        ("uh and so my", "And so, my fellow Americans", 3),
        ("and so my fellow", "And so", 2),
        ("ask what you can do", "ask what you can do ask what you can do", 5),
        ("", "And so", 0),
        ("and", "", 0),
    ],
    ids=["right", "last one wrong", "one missed", "one too many", "text ends", "said again", "silence", "no text"],
)
def test_share(heard: str, left: str, count: int) -> None:
    """Of the text that is left, a window gets what was heard in it, also where that was heard badly."""
    assert share(heard.split(), left.split()) == count
