import importlib.metadata
import subprocess
import sys
from unicodedata import normalize

import pytest

from harness.errors import ConfigError
from harness.normalizer import Normalizer, basic, names, none, normalizer, register, whisper, whisper_multilingual

CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("And so, my fellow Americans: ask not!", "and so my fellow americans ask not"),
        ("", ""),
        (" \t\n ", ""),
        ("one\ttwo\nthree  four\N{NO-BREAK SPACE}five", "one two three four five"),
        ("don't", "don't"),
        (f"don{CURLY}t", "don't"),
        ("O'Neill's", "o'neill's"),
        ("'hello'", "hello"),
        ("\N{LEFT SINGLE QUOTATION MARK}hello" + CURLY, "hello"),
        ("''hello''", "hello"),
        ("'tis the dogs' bowl", "tis the dogs bowl"),
        (f"{CURLY}tis the dogs{CURLY} bowl", "tis the dogs bowl"),
        ("rock 'n' roll", "rock n roll"),
        ("a''b", "a b"),
        ("it's.'", "it's"),
        ("'", ""),
        ("well-known", "well known"),
        ("wait \N{EM DASH} what", "wait what"),
        ("1961", "1961"),
        ("in 3.5 years, 2nd", "in 3 5 years 2nd"),
        ("snake_case", "snake case"),
        ("__init__", "init"),
        ("_'a'_", "a"),
        ("a'_b", "a b"),
        ("$5 & 10%", "5 10"),
        ("U.S.A.", "u s a"),
        ("\N{DOUBLE LOW-9 QUOTATION MARK}wie\N{LEFT DOUBLE QUOTATION MARK}", "wie"),
        ("\N{INVERTED QUESTION MARK}Qu\u00e9?", "qu\u00e9"),
        ("STRASSE \u00dcber", "strasse \u00fcber"),
        ("a\x00b\x1bc", "a b c"),
        ("\N{BYTE ORDER MARK}hello", "hello"),
        ("love \N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16} it", "love it"),
    ],
)
def test_basic(text: str, expected: str) -> None:
    """Lower case, no punctuation, one space between words; an apostrophe stays only inside a word."""
    assert basic(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u05e9\u05dc\u05d5\u05dd, \u05e2\u05d5\u05dc\u05dd!", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"),
        (
            "\u0627\u0644\u0639\u0631\u0628\u064a\u0629\u060c \u0646\u0639\u0645\u061f",
            "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0646\u0639\u0645",
        ),
        ("\u200f\u05e9\u05dc\u05d5\u05dd\u200e", "\u05e9\u05dc\u05d5\u05dd"),
        ("\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u4f60\u597d \u4e16\u754c"),
        ("\u300c\u3053\u3093\u306b\u3061\u306f\u300d", "\u3053\u3093\u306b\u3061\u306f"),
        ("\uc548\ub155, \uc138\uc0c1", "\uc548\ub155 \uc138\uc0c1"),
        (
            "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
            "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
        ),
    ],
    ids=["Hebrew", "Arabic", "direction marks", "Chinese", "Japanese", "Korean", "Russian"],
)
def test_basic_in_other_scripts(text: str, expected: str) -> None:
    """Letters of any script stay, and its punctuation goes."""
    assert basic(text) == expected


@pytest.mark.parametrize(
    "word",
    [
        "cafe\u0301",
        "e\u0301te\u0301",
        "\u0130stanbul",
        "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
        "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0e20\u0e32\u0e29\u0e32\u0e17\u0e35\u0e48",
    ],
    ids=["accent at the end", "accent inside", "dotted capital", "niqqud", "harakat", "Devanagari", "Thai"],
)
def test_marks_belong_to_their_word(word: str) -> None:
    """A combining mark is no punctuation: it neither goes nor splits its word."""
    assert normalize("NFC", basic(word)) == normalize("NFC", word.lower())


@pytest.mark.parametrize(
    ("one", "other"), [("caf\u00e9 \u00e9t\u00e9", "cafe\u0301 e\u0301te\u0301"), ("\u00dcber", "U\u0308ber")]
)
def test_composed_and_decomposed_are_the_same_word(one: str, other: str) -> None:
    """One text in two Unicode forms is one text."""
    assert basic(one) == basic(other)


@pytest.mark.parametrize(
    "text", ["And so, my fellow Americans", "it's.'", "a\x00b", f"{CURLY}tis {CURLY}n{CURLY}", "'"]
)
def test_basic_of_basic(text: str) -> None:
    """A normalised text is its own normalised text."""
    assert basic(basic(text)) == basic(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("  Hello,\n  World! ", "Hello, World!"), ("", ""), (f"Don{CURLY}t_", f"Don{CURLY}t_")]
)
def test_none(text: str, expected: str) -> None:
    """Only spaces are folded."""
    assert none(text) == expected


def test_normalisers_are_found_by_name() -> None:
    """A misspelt one is refused with the names there are, about the key that it stood under."""
    assert {"none", "basic"} <= set(names())
    assert (normalizer("none").normalize, normalizer("basic").normalize) == (none, basic)
    with pytest.raises(ConfigError) as caught:
        normalizer("basik", "probe.wer.normalizer")
    assert str(caught.value).startswith(
        "probe.wer.normalizer: found 'basik', expected a normaliser; choose from: basic"
    )


def test_a_name_belongs_to_one_normaliser() -> None:
    """The same one may come again, as plugins are looked for more than once; another one is refused."""
    register(Normalizer("none", none, "1"))
    with pytest.raises(ValueError, match="a second normaliser none"):
        register(Normalizer("none", basic, "1"))
    with pytest.raises(ValueError, match="a second normaliser whisper"):
        register(Normalizer("whisper", basic, "1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 20 dollars, Mr. Brown won't pay [laughs].", "it is $20 mister brown will not pay"),
        ("um, the colour (red) cost twenty-one pounds", "the color cost \u00a321"),
        ("", ""),
        ("uh, hmm", ""),
        ("  one\n two ", "12"),
        ("ask <i>not</i>", "ask not"),
        ("a\x00b", "a\x00b"),
        ("\u05e9\u05dc\u05d5\u05dd, \u05e2\u05d5\u05dc\u05dd!", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"),
        ("\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u4f60\u597d \u4e16\u754c"),
    ],
)
def test_whisper(text: str, expected: str) -> None:
    """What the package makes of a text, spaces folded."""
    assert whisper(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C'est l'\u00e9t\u00e9 (rires) !", "c est l \u00e9t\u00e9"),
        ("Gr\u00fc\u00dfe, [Musik] Welt", "gr\u00fc\u00dfe welt"),
        ("\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u4f60\u597d \u4e16\u754c"),
        ("...", ""),
    ],
)
def test_whisper_multilingual(text: str, expected: str) -> None:
    """No English rules; accents stay where a letter is one character with them."""
    assert whisper_multilingual(text) == expected


def test_the_package_is_imported_by_who_uses_it() -> None:
    """Neither finding the names nor a run with another normaliser imports it."""
    code = (
        "import sys; from harness.normalizer import names, normalizer; names(); normalizer('basic').normalize('a');"
        "print('whisper_normalizer' in sys.modules, 'regex' in sys.modules);"
        "normalizer('whisper').normalize('a'); print('whisper_normalizer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False", "True"]


def test_the_version_is_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """And without the package the user reads one line."""
    assert normalizer("whisper") == Normalizer(
        "whisper", whisper, importlib.metadata.version("whisper-normalizer"), "en"
    )

    def gone(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", gone)
    with pytest.raises(ConfigError) as caught:
        normalizer("whisper", "probe.wer.normalizer")
    assert str(caught.value) == (
        "probe.wer.normalizer: found 'whisper' without the package whisper-normalizer, "
        "expected pip install whisper-normalizer"
    )
