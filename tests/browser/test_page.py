from pathlib import Path

import pytest

from harness.report.tables import Table
from tests.browser.conftest import DESKTOP, PHONE, Opened, OpenPage
from tests.tables_page import rendered

TABLE = Table(
    "Sizes",
    ("Name", "Size", "Note"),
    (
        ("b10", "9.5", "first"),
        ("b9", "-", "no size"),
        ("a", "10.25 [9.00 .. 11.00]", "second"),
        ("c", "-1.5", "<script>alert('x')</script>"),
        ("d", "9.5", "equal to the first"),
    ),
)
UNITS = Table("Units", ("Name", "Held"), (("a", "512 KiB"), ("b", "2 MiB"), ("c", "1,024 KiB")))
WIDE = Table("Wide", tuple(f"a long header number {number}" for number in range(30)), (("1.0",) * 30, ("2.0",) * 30))


class Shown:
    """What the base page needs of a report: a title and tables."""

    title = "A page & its <title>"
    tables = (TABLE, UNITS, WIDE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a page with three tables."""
    written = tmp_path / "page.html"
    written.write_text(rendered(Shown()), encoding="utf-8")
    return written


def column(opened: Opened, table: int, number: int = 0) -> list[str]:
    """Return the texts of a column, from top to bottom."""
    rows = opened.page.locator("table").nth(table).locator("tbody tr")
    return [rows.nth(row).locator("th, td").nth(number).inner_text() for row in range(rows.count())]


def sort(opened: Opened, table: int, number: int) -> None:
    """Click on the header of a column."""
    opened.page.locator("table").nth(table).locator("thead button").nth(number).click()


def test_nothing_is_asked_for_and_nothing_complained_about(path: Path, open_page: OpenPage) -> None:
    """The page itself is the only request, and the console stays empty."""
    opened = open_page(path)
    assert (opened.requests, opened.complaints) == ([path.as_uri()], [])


def test_the_policy_forbids_requests(path: Path, open_page: OpenPage) -> None:
    """What a script asks for is refused, and so is another script: even one that came in by an escaping forgotten."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<main>", "<main><script>document.title = 'mine'</script>"), encoding="utf-8")
    opened = open_page(path)
    assert opened.page.title() == Shown.title
    assert any("script-src" in complaint for complaint in opened.complaints)
    asked = "fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')"
    assert opened.page.evaluate(asked) == "refused"
    assert any("default-src" in complaint for complaint in opened.complaints)


def test_sorting_by_number(path: Path, open_page: OpenPage) -> None:
    """Up, down, and as it was: numbers by their size, equal ones as they were, the dash last both times."""
    opened = open_page(path)
    header = opened.page.locator("table").nth(0).locator("thead th").nth(1)
    sort(opened, 0, 1)
    assert (column(opened, 0), header.get_attribute("aria-sort")) == (["c", "b10", "d", "a", "b9"], "ascending")
    sort(opened, 0, 1)
    assert (column(opened, 0), header.get_attribute("aria-sort")) == (["a", "b10", "d", "c", "b9"], "descending")
    sort(opened, 0, 1)
    assert (column(opened, 0), header.get_attribute("aria-sort")) == (["b10", "b9", "a", "c", "d"], "none")


def test_sorting_by_text(path: Path, open_page: OpenPage) -> None:
    """Texts by their letters, and numbers inside them by their size; another column's mark goes."""
    opened = open_page(path)
    sort(opened, 0, 1)
    sort(opened, 0, 0)
    assert column(opened, 0) == ["a", "b9", "b10", "c", "d"]
    heads = opened.page.locator("table").nth(0).locator("thead th")
    assert [heads.nth(index).get_attribute("aria-sort") for index in range(3)] == ["ascending", "none", "none"]


def test_sorting_across_units(path: Path, open_page: OpenPage) -> None:
    """Half a MiB in KiB comes before two MiB."""
    opened = open_page(path)
    sort(opened, 1, 1)
    assert column(opened, 1) == ["a", "c", "b"]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_sorting_by_keyboard(path: Path, open_page: OpenPage, key: str) -> None:
    """A header is a button like any other."""
    opened = open_page(path)
    opened.page.locator("thead button").nth(1).focus()
    opened.page.keyboard.press(key)
    assert column(opened, 0) == ["c", "b10", "d", "a", "b9"]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_wide_table_scrolls_in_its_own_box(path: Path, open_page: OpenPage, size: tuple[int, int]) -> None:
    """The page is as wide as the screen; the box is narrower than its table, and the keyboard reaches it."""
    opened = open_page(path, size)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == size[0]
    boxes = opened.page.locator(".scroll")
    assert boxes.nth(2).evaluate("box => box.scrollWidth > box.clientWidth && box.tabIndex === 0")
    assert boxes.nth(1).get_attribute("tabindex") is None


def test_text_is_text(path: Path, open_page: OpenPage) -> None:
    """A script in a cell is shown as it was written."""
    opened = open_page(path)
    assert column(opened, 0, 2)[3] == "<script>alert('x')</script>"
    assert opened.page.locator("script").count() == 1


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["--ink", "--quiet", "--link", "--good", "--bad", "--open"])
def test_contrast(path: Path, open_page: OpenPage, dark: bool, name: str) -> None:
    """Each colour of words is 4.5:1 or more against both grounds (WCAG 2.2, 1.4.3)."""
    opened = open_page(path, dark=dark)
    colours = opened.page.evaluate(
        """name => {
          const found = (which) => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = `var(${which})`;
            return getComputedStyle(probe).color;
          };
          return [found(name), found("--ground"), found("--soft")];
        }""",
        name,
    )
    ink, *grounds = map(luminance, colours)
    for ground in grounds:
        low, high = sorted((ink, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Return the relative luminance of ``rgb(r, g, b)`` (WCAG 2.2)."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("dark", "paper", "ground"), [(False, False, 1.0), (True, False, 0.01), (True, True, 1.0)])
def test_ground(path: Path, open_page: OpenPage, dark: bool, paper: bool, ground: float) -> None:
    """White by day, dark in a dark room, white on paper whatever the room."""
    opened = open_page(path, dark=dark, paper=paper)
    colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert luminance(colour) == pytest.approx(ground, abs=0.01)


def test_print(path: Path, open_page: OpenPage) -> None:
    """Paper gives at least a page, and the widest table is not cut at its edge."""
    opened = open_page(path, (718, 1000), paper=True)
    assert opened.page.pdf(format="A4").startswith(b"%PDF-")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 718
