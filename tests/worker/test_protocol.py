import pytest

from harness.worker.protocol import Message, as_text, decode, encode


def test_a_message_is_one_line_of_ascii() -> None:
    """Whatever is in it: an umlaut, a line break, a character beyond the first plane."""
    assert encode({"seq": 7, "do": "run", "text": "Grüße\n\u2028🎤"}) == (
        b'{"seq":7,"do":"run","text":"Gr\\u00fc\\u00dfe\\n\\u2028\\ud83c\\udfa4"}\n'
    )


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"seq": 1, "do": "hello"},
        {"text": '日本語 \x00 \r\n \\ " 🎤', "words": [["naïve", 0.0, 1e-9]]},
        {"at_ns": 2**63, "nothing": None, "ok": True, "deep": {"a": [{"b": []}]}},
    ],
)
def test_a_message_comes_back_as_it_went(message: Message) -> None:
    """Decoding is the inverse of encoding."""
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"what is this\n",
        b"[1, 2]\n",
        b"null\n",
        b'"ok"\n',
        b'{"seq": 1\n',
        b'{"seq": 1} {"seq": 2}\n',
        b'{"text": "\xff"}\n',
        b"\x00\x01\x02\n",
        pytest.param(b"[" * 100_000 + b"\n", id="too deep"),
    ],
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    """ValueError, whether it is no JSON, no object, or no UTF-8."""
    with pytest.raises(ValueError):  # noqa: PT011 - what the message says is json's business
        decode(line)


def test_text_that_utf8_cannot_hold_is_replaced() -> None:
    """A lone surrogate, wherever it is; a pair is a character and stays."""
    message = {"text": "caf\udce9 🎤", "words": [["\ud800", 0.0, 1.0]], "seq": 2**60}
    assert as_text(message) == {"text": "caf? 🎤", "words": [["?", 0.0, 1.0]], "seq": 2**60}


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_json_cannot_say_is_not_sent(value: object) -> None:
    """A value without a JSON form is a TypeError, before anything is written."""
    with pytest.raises(TypeError, match=f"Object of type {type(value).__name__} is not JSON serializable"):
        encode({"facts": value})
