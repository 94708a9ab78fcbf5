import pytest

from harness.corpus.language import language_tag


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("en", "en"),
        ("en_US", "en-US"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        ("yue", "yue"),
        ("English", "en"),
        ("japanese", "ja"),
        ("Klingon language", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_a_tag(name: str | None, tag: str | None) -> None:
    """As it is, or by its English name; what is neither is unknown."""
    assert language_tag(name) == tag
