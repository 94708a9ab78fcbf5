from itertools import pairwise, product
from pathlib import Path

import pytest

from harness import store
from harness.analysis.sweep import Sweep
from harness.report.sweep_page import publish_page
from tests.browser.conftest import DESKTOP, PHONE, Opened, OpenPage
from tests.made_sweep import cell, near, sweep


def written(one: Sweep) -> Path:
    """Write the page of a sweep."""
    publish_page(one)
    return one.folder / store.SWEEP_HTML


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a sweep of two keys, with a failed cell."""
    cells = []
    for job, (threads, order) in enumerate(product(("1", "2", "10"), ("[asr,aligner]", "[asr]"))):
        figures = {"asr.rtf": near(1.0 + job), "asr.wer": near(0.1 + job / 50), "memory.peak_mib": near(150.0 - job)}
        cells.append(cell(job, {"threads": threads, "order": order}, {} if job == 3 else figures))
    return written(sweep(cells, tmp_path_factory.mktemp("sweep")))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a sweep of 2,000 cells."""
    names = [f"asr.m{number}_ms" for number in range(4)]
    cells = [
        cell(number, {"context_length": str(512 + number)}, dict.fromkeys(names, near(9000.0 - number)))
        for number in range(2000)
    ]
    return written(sweep(cells, tmp_path_factory.mktemp("large")))


def jobs(opened: Opened) -> list[str]:
    """Return the numbers of the jobs, from top to bottom."""
    script = "[...document.querySelectorAll('table.cells tbody th')].map(one => one.textContent.split('\\n')[0])"
    found: list[str] = opened.page.evaluate(script)
    return found


def sort(opened: Opened, column: int, times: int = 1) -> None:
    """Click on the header of a column, without the patience of a clock."""
    script = "column => document.querySelectorAll('table.cells thead button')[column].click()"
    for _ in range(times):
        opened.page.evaluate(script, column)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_page(path: Path, open_page: OpenPage, size: tuple[int, int], dark: bool) -> None:
    """It asks for nothing, complains of nothing, and is as wide as the screen; every chart is there, with its text."""
    opened = open_page(path, size, dark=dark)
    assert (opened.requests, opened.complaints) == ([path.as_uri()], [])
    assert opened.page.evaluate("document.documentElement.scrollWidth") == size[0]
    pictures = opened.page.locator("figure svg[role=img]")
    assert pictures.count() == 2 + 2 * 3
    for index in range(pictures.count()):
        box = pictures.nth(index).bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert len(pictures.nth(index).get_attribute("aria-label") or "") > 40
    assert opened.page.locator("figcaption").count() == pictures.count()


def test_charts_take_the_colour_of_the_room(path: Path, open_page: OpenPage) -> None:
    """Words of a chart have the page's own colour, by day and in the dark."""
    for dark in (False, True):
        opened = open_page(path, dark=dark)
        found = opened.page.evaluate(
            """() => [getComputedStyle(document.body).color,
                      getComputedStyle(document.querySelector("figure svg text[fill=currentColor]")).fill]"""
        )
        assert found[0] == found[1]


def test_headings(path: Path, open_page: OpenPage) -> None:
    """One h1, and no level is skipped."""
    levels = open_page(path).page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_sorting(path: Path, open_page: OpenPage) -> None:
    """By a swept number, by a figure; the failed cell comes last, for it has none."""
    opened = open_page(path)
    sort(opened, 1, times=2)
    assert jobs(opened) == ["4", "5", "2", "3", "0", "1"]
    sort(opened, 4, times=2)
    assert jobs(opened) == ["5", "4", "2", "1", "0", "3"]


def test_failed_cell(path: Path, open_page: OpenPage) -> None:
    """It is told in words, as text, and named in the charts."""
    opened = open_page(path)
    assert opened.page.locator("#failed ~ h3").all_inner_texts() == ["Job 3: threads=2, order=[asr]"]
    assert opened.page.locator("#failed ~ p").first.inner_text() == "failed: <b>bad</b> value"
    captions = opened.page.locator("figcaption").all_inner_texts()
    assert any("Failed, without a figure: threads=2, order=[asr]." in caption for caption in captions)


def test_paper(path: Path, open_page: OpenPage) -> None:
    """It prints, and nothing is cut at the paper's edge."""
    opened = open_page(path, (718, 1000), paper=True)
    assert opened.page.pdf(format="A4").startswith(b"%PDF-")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 718


def test_two_thousand_cells(large: Path, open_page: OpenPage) -> None:
    """Below 3 MB; it opens, draws and sorts."""
    assert large.stat().st_size < 3_000_000
    opened = open_page(large)
    assert (opened.requests, opened.complaints) == ([large.as_uri()], [])
    assert len(jobs(opened)) == 2000
    sort(opened, 3)
    assert jobs(opened)[:2] == ["1999", "1998"]
    assert opened.page.locator("figure svg").count() == 4
