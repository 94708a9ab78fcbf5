import pytest

from harness.analysis.writing import counted_characters, is_spaceless

CHINESE, JAPANESE, THAI = (
    "\u4f60\u597d\u4e16\u754c",
    "\u3053\u3093\u306b\u3061\u306f",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
)
LAO, KHMER, BURMESE = (
    "\u0eaa\u0eb0\u0e9a\u0eb2\u0e8d\u0e94\u0eb5",
    "\u179f\u17bd\u179f\u17d2\u178f\u17b8",
    "\u1019\u1004\u103a\u1039",
)
KOREAN, HEBREW = "\uc548\ub155 \uc138\uc0c1", "\u05e9\u05dc\u05d5\u05dd"


@pytest.mark.parametrize(
    ("language", "text", "spaceless"),
    [
        ("zh", "hello", True),
        ("zh-Hans-CN", "hello", True),
        ("zh_TW", "hello", True),
        ("YUE", "hello", True),
        ("zh-Latn-pinyin", CHINESE, False),
        ("ja", "", True),
        ("jpn", "", True),
        ("th", "", True),
        ("lo", "", True),
        ("km", "", True),
        ("my", "", True),
        ("ko", CHINESE, False),
        ("en", CHINESE, False),
        ("ko-Hani", "", True),
        ("und", CHINESE, True),
        ("chinese", CHINESE, True),
        ("", CHINESE, True),
    ],
)
def test_a_tag_decides_before_the_text(language: str, text: str, spaceless: bool) -> None:
    """A script subtag before the language, the language before the letters; what is no tag says nothing."""
    assert is_spaceless(language, text) is spaceless


@pytest.mark.parametrize(
    "text", [CHINESE, JAPANESE, THAI, LAO, KHMER, BURMESE, f"{CHINESE} ok", "\u30b3\u30fc\u30d2\u30fc"]
)
def test_letters_of_such_a_script(text: str) -> None:
    """Without a language more than half of the letters decide, the length mark of kana among them."""
    assert is_spaceless(None, text)


@pytest.mark.parametrize("text", ["", "and so", "12 \u3002", KOREAN, HEBREW, f"hello {CHINESE}!", "\u00e9t\u00e9"])
def test_letters_of_another_script(text: str) -> None:
    """Half of the letters are not more than half, and no letters are none."""
    assert not is_spaceless(None, text)


def test_spaces_are_characters_where_there_are_spaces() -> None:
    """A character error rate counts them, but in languages without."""
    assert counted_characters("to day", spaceless=False) == "to day"
    assert counted_characters(f"{CHINESE} {THAI}", spaceless=True) == CHINESE + THAI
