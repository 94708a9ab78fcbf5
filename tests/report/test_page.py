import base64
import hashlib
import re

from harness.report.page import number_columns
from harness.report.tables import Table
from tests.tables_page import rendered

HEADERS = ("Name", "Size", "Value", "Nothing")
TABLE = Table("T", HEADERS, (("a", "9.5", "3.11.7", "-"), ("b", "-", "1.0", "-"), ("c", "+1,024 MiB", "4 of 5", "")))


class Marked(str):
    """A cell with a mark."""

    css_class = "best"


class Report:
    """What the page of a sweep shows."""

    title = "T"

    def __init__(self, *tables: Table) -> None:
        self.tables = tables


def test_number_columns() -> None:
    """A column of numbers and dashes is one of numbers, and so are dashes alone; versions make it one of text."""
    assert number_columns(TABLE) == [False, True, False, True]


def test_a_word_among_numbers() -> None:
    """One cell in four may be a word, and not two."""
    for cells, expected in ((("1", "2", "3", "unchanged"), True), (("1", "2", "no", "unchanged"), False)):
        assert number_columns(Table("T", ("A",), tuple((cell,) for cell in cells))) == [expected]


def test_number_columns_of_no_rows() -> None:
    """A table without rows has no column of numbers."""
    assert number_columns(Table("T", HEADERS, ())) == [False] * 4


def test_figures_are_numbers() -> None:
    """Whatever the harness writes as a figure sorts as one: signs, intervals, shares, ratios, a cold value."""
    for text in ("-0.5", "+1e-05", "18.18%", "0.355 [0.348 .. 0.365]", "1.50x", "1,000", "9.00 (cold)", "100 KiB"):
        assert number_columns(Table("T", ("A",), ((text,),))) == [True]
    for text in ("2026-01-02", "3.11.7", "9b", "1/2", "a 1", "[0.1 .. 0.2]"):
        assert number_columns(Table("T", ("A",), ((text,),))) == [False]


def test_cells() -> None:
    """The first cell is its row's header; numbers stand right; a marked cell has its class, and is escaped too."""
    best = Marked("1 <best>")
    page = rendered(Report(Table("T", ("A", "B"), (("a", best), ("b", "2")))))
    assert re.findall(r"<t[hd](?: [^>]*)?>.*?</t[hd]>", page) == [
        '<th scope="col">A</th>',
        '<th scope="col" class="number">B</th>',
        '<th scope="row">a</th>',
        '<td class="number best">1 &lt;best&gt;</td>',
        '<th scope="row">b</th>',
        '<td class="number">2</td>',
    ]


def test_table_without_rows() -> None:
    """It has its caption and its headers."""
    page = rendered(Report(Table("T", ("A",), ())))
    assert '<caption>T</caption>\n<thead><tr><th scope="col">A</th></tr></thead>' in page


def test_the_policy_names_the_script() -> None:
    """The hash in the policy is that of the script as it stands in the page."""
    page = rendered(Report())
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page
