import json

import pytest

from harness.stage import Word
from plugins.stages.chatllm_answer import Spoken, alignable, since, totals, words_in

PROMPT = (
    "timings: prompt eval time =       123.45 ms /    67 tokens (     1.84 ms per token,   542.73 tokens per second)"
)
EVAL = "timings:        eval time =       200.50 ms /    20 tokens (    10.03 ms per token,    99.75 tokens per second)"
TOTAL = "timings:       total time =       323.95 ms /    87 tokens"


def hear(*chunks: str) -> tuple[list[str], Spoken]:
    """Return what was spoken chunk by chunk, the held rest last, and the listener."""
    spoken = Spoken()
    pieces = [spoken.feed(chunk) for chunk in chunks]
    return [*pieces, spoken.finish()], spoken


@pytest.mark.parametrize("header", ["language English<asr_text>", "<asr_text>", " language Chinese <asr_text>"])
def test_header_is_not_spoken_wherever_it_is_cut(header: str) -> None:
    """Neither language nor tag comes through, whichever two chunks they arrive in."""
    answer = header + "and so"
    for cut in range(len(answer) + 1):
        pieces, spoken = hear(answer[:cut], answer[cut:])
        assert "".join(pieces) == spoken.text == "and so"


def test_header_is_not_spoken_character_by_character() -> None:
    """The tag may come one character at a time; the speech behind it is not held back."""
    header = "language English<asr_text>"
    pieces, _ = hear(*header, "a", "n", "d")
    assert pieces == [""] * len(header) + ["a", "n", "d", ""]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("language English<asr_text>", "English"),
        ("<asr_text>", None),
        ("language None<asr_text>", "None"),
        ("", None),
    ],
)
def test_language_is_what_the_header_says(header: str, language: str | None) -> None:
    """The language is kept, and None where the engine does not say it."""
    assert hear(header, "text")[1].language == language


def test_first_piece_has_no_white_space_before_it() -> None:
    """White space after the tag is no text; the first piece is a word."""
    assert hear("<asr_text>", " ", " and", " so")[0] == ["", "", "and", " so", ""]


def test_text_without_a_tag_is_all_spoken() -> None:
    """A model that sends no tag has nothing held back after its first word."""
    assert hear("and", " so")[0] == ["and", " so", ""]


@pytest.mark.parametrize(
    "text",
    [
        "language is what we speak, and more than any name of one",
        "language. It is",
        "languages differ",
        "lang",
        "language English",
        "language a < b",
        "< is a sign",
        "<asr_tex",
        "it says language English<asr_text> here",
    ],
)
def test_speech_that_looks_like_a_header_is_kept(text: str) -> None:
    """Only a whole header at the very start is one; the rest is speech, however it is cut."""
    for cut in range(len(text) + 1):
        assert hear(text[:cut], text[cut:])[1].text == text


def test_later_tag_is_text() -> None:
    """A second tag is part of what was said."""
    assert hear("<asr_text>a<asr_text>b")[1].text == "a<asr_text>b"


def test_totals_are_read_from_the_engines_lines() -> None:
    """Each of the three lines gives milliseconds and tokens; lines of another form are left out."""
    assert totals(["", PROMPT, "You are served by X", EVAL, TOTAL]) == {
        "engine_prompt_ms": 123.45,
        "engine_prompt_tokens": 67,
        "engine_eval_ms": 200.5,
        "engine_eval_tokens": 20,
        "engine_total_ms": 323.95,
        "engine_total_tokens": 87,
    }


def test_run_is_what_it_added_to_the_totals() -> None:
    """The engine adds runs up: a run's own figures are the difference."""
    before = {"engine_prompt_ms": 100.1, "engine_prompt_tokens": 10}
    assert since({"engine_prompt_ms": 150.4, "engine_prompt_tokens": 25}, before) == {
        "engine_prompt_ms": 50.3,
        "engine_prompt_tokens": 15,
    }


def test_totals_that_were_cleared_are_the_runs_own() -> None:
    """A total smaller than before was cleared in between."""
    assert since({"engine_prompt_ms": 50.0}, {"engine_prompt_ms": 100.0}) == {"engine_prompt_ms": 50.0}


def test_words_come_from_json() -> None:
    """The aligner's array becomes words, quotes, line breaks and exponents included."""
    answer = '[\n {"start":80,"end":1.04e+06,"text": "sa\\"y"},\n {"start":1040000,"end":1040080,"text": "wh\nat"}\n]\n'
    assert words_in(answer) == (Word('sa"y', 80.0, 1_040_000.0), Word("wh\nat", 1_040_000.0, 1_040_080.0))


def test_words_come_from_srt() -> None:
    """Cues become words, hours and fractions included, with or without a last line break."""
    answer = "0\n00:00:00,080 --> 00:00:00,480\nask\n\n1\n01:02:03,5 --> 62:03.750\nnot  what\n"
    expected = (Word("ask", 80.0, 480.0), Word("not what", 3_723_500.0, 3_723_750.0))
    assert words_in(answer) == words_in(answer.rstrip()) == expected


def test_empty_array_has_no_words() -> None:
    """An empty array is an answer: no words."""
    assert words_in("[]") == ()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "no JSON array and no SRT"),
        ("language English<asr_text>", "no JSON array and no SRT"),
        ('[{"start": 80, "end"', "JSON is broken"),
        ('[{"start": 80, "text": "a"}]', "expected start, end and text"),
        ('[{"start": "x", "end": 1, "text": "a"}]', "expected start, end and text"),
        ("[1]", "expected start, end and text"),
    ],
)
def test_broken_answer_is_an_error_that_shows_it(answer: str, message: str) -> None:
    """An answer that is none is refused with how it begins."""
    with pytest.raises(ValueError, match=message) as caught:
        words_in(answer)
    assert f"it begins with {answer!r}" in str(caught.value)


@pytest.mark.parametrize("start", ["[", "", '[{"start": 80}]'])
def test_broken_answer_is_shown_no_further_than_80_characters(start: str) -> None:
    """A long answer does not fill the error."""
    answer = start.ljust(200)[:-1] + "x" if start.endswith("]") else start + "x" * 200
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the message is what is asserted)
        words_in(answer)
    assert str(caught.value).endswith(repr(answer[:80]))


def test_json_words_survive_the_engines_form() -> None:
    """What json writes, words_in reads: ten thousand words, none lost."""
    items = [{"start": i * 80, "end": i * 80 + 80, "text": str(i)} for i in range(10_000)]
    assert [word.text for word in words_in(json.dumps(items))] == [str(i) for i in range(10_000)]


@pytest.mark.parametrize(
    ("text", "delimiter", "kept", "left_out"),
    [
        ("And so, my fellow", None, "And so, my fellow", []),
        ("And — so ... my", None, "And so my", ["—", "..."]),
        ("it's 42 äö 你好", None, "it's 42 äö 你好", []),
        ("' - '", None, "", ["'", "-", "'"]),
        ("one line\n\n two", None, "one line two", []),
        ("one line|...||two", "|", "one line|two", ["..."]),
        ("a {{image:x}} b", None, "a image:x}} b", []),
        ("a\0b", None, "a b", []),
        ("", None, "", []),
        (" \n", None, "", []),
    ],
)
def test_segments_without_sound_are_left_out(text: str, delimiter: str | None, kept: str, left_out: list[str]) -> None:
    """What would end the engine's process is taken out of the text beforehand, and named."""
    assert alignable(text, delimiter) == (kept, left_out)
