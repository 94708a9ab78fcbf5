import re
import xml.etree.ElementTree as ET

from harness.report import pictures
from harness.report.chart_style import INK
from harness.report.charts import growth_chart

CHART = growth_chart([1, 2, 3], [10.0, 10.5, 11.0], 0.5, (0.4, 0.6), "undecided", 9.0)
TEXT = 'Memory "after" <unload> & more'


def test_svg_is_a_picture_with_a_text() -> None:
    """It is well-formed, has no background, and says what it shows to who cannot see it."""
    root = ET.fromstring(pictures.svg(CHART, TEXT))
    assert (root.tag, root.get("role"), root.get("aria-label")) == ("{http://www.w3.org/2000/svg}svg", "img", TEXT)
    assert root[0].text == TEXT
    assert "undecided" in "".join(root.itertext())


def test_svg_takes_the_colour_of_its_page() -> None:
    """What is ink is the current colour, which is a grey only where nobody sets another."""
    drawn = pictures.svg(CHART, TEXT)
    assert drawn.count(INK) == 1
    assert f'color="{INK}"' in drawn.partition(">")[0]
    assert 'fill="currentColor"' in drawn
    assert 'fill="white"' not in drawn


def test_svg_refers_to_nothing() -> None:
    """Neither script nor style sheet nor any other file; inside a page not even a namespace."""
    drawn = pictures.svg(CHART, TEXT)
    assert not re.search(r"<script|<image|<style|url\(|href=", drawn)
    assert not re.search(r"https?://", pictures.inline(drawn))


def test_inline_keeps_the_rest() -> None:
    """Only the root's namespaces and colour go."""
    picture = (
        '<svg xmlns="http://a" xmlns:xlink="http://b" width="1" color="#767676" role="img"><path d="M0 color="/></svg>'
    )
    assert pictures.inline(picture) == '<svg width="1" role="img"><path d="M0 color="/></svg>'


def test_png_is_a_picture_on_white() -> None:
    """It is a PNG of twice the size, and the chart is left as it was."""
    before = repr(CHART)
    drawn = pictures.png(CHART)
    assert drawn.startswith(b"\x89PNG\r\n")
    width = float(re.findall(r'width="(\d+)"', pictures.svg(CHART))[0])
    assert abs(int.from_bytes(drawn[16:20], "big") - 2 * width) <= 2
    assert repr(CHART) == before


def test_the_same_chart_gives_the_same_picture() -> None:
    """A report that is made again has the same bytes."""
    assert pictures.svg(CHART, TEXT) == pictures.svg(CHART, TEXT)
