import pytest

from harness.spoken_text import spoken_text


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("And so, my fellow Americans.", "And so, my fellow Americans."),
        ("e\N{COMBINING ACUTE ACCENT}t\N{COMBINING ACUTE ACCENT}e", "\u00e9t\N{COMBINING ACUTE ACCENT}e"),
        (
            "don\N{RIGHT SINGLE QUOTATION MARK}t \N{LEFT SINGLE QUOTATION MARK}tis rock\N{MODIFIER LETTER APOSTROPHE}n",
            "don't 'tis rock'n",
        ),
        ("a\tb\r\nc\x00d\x1b[0m", "a b c d [0m"),
        ("  a \N{NO-BREAK SPACE} b\N{LINE SEPARATOR}c\N{IDEOGRAPHIC SPACE}", "a b c"),
        ("<b>ask</b> no<i>t</i> what<br/>your<p class='x'>country", "ask not what your country"),
        ("ask <!-- he pauses --> not", "ask not"),
        ('<font color="#fff">R&amp;B</font> &lt;3 &#39;tis', "R&B <3 'tis"),
        ("2 < 3 and 5 > 4, a<b", "2 < 3 and 5 > 4, a<b"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}so\N{SOFT HYPHEN}so \N{RIGHT-TO-LEFT MARK}my", "soso my"),
        (
            "\u0645\u06cc\N{ZERO WIDTH NON-JOINER}\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("half\ud800", "half"),
        ("\u4f60\u597d \u05e9\u05dc\u05d5\u05dd", "\u4f60\u597d \u05e9\u05dc\u05d5\u05dd"),
        (" \n ", ""),
    ],
    ids=[
        "as it is",
        "composed where there is such a letter",
        "apostrophes",
        "control characters",
        "spaces",
        "markup",
        "a comment",
        "entities",
        "signs that are no markup",
        "invisible characters",
        "a joiner that is spelling",
        "half a character",
        "other scripts",
        "nothing",
    ],
)
def test_spoken_text(text: str, spoken: str) -> None:
    """What nobody speaks is gone, case and punctuation stay; done twice it is done once."""
    assert spoken_text(text) == spoken
    assert spoken_text(spoken) == spoken
