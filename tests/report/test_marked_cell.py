from harness.analysis.marked_text import Piece, pieces
from harness.report.marked_cell import Span, marked_cell
from harness.report.page import render
from harness.report.run_report import RunReport
from harness.report.tables import Table


def test_marks_are_read_without_a_colour() -> None:
    """What was said and not written is struck out, what was written instead is bold."""
    cell = marked_cell(pieces(["ask", "not", "what"], ["ask", "knot", "what", "uh"]), spaceless=False)
    assert cell == "ask ~~not~~ **knot** what **uh**"
    assert cell.markdown == cell
    assert cell.spans == (Span("", "ask"), Span("del", "not"), Span("ins", "knot"), Span("", "what"), Span("ins", "uh"))


def test_languages_without_spaces_get_none() -> None:
    """Characters stand beside each other, marked or not."""
    assert marked_cell(pieces("abc", "xbc"), spaceless=True) == "~~a~~**x**bc"


def test_words_are_no_markup() -> None:
    """What a transcript has of Markdown is escaped, what a terminal would obey is shown."""
    cell = marked_cell([Piece("insertion", (), ("*a*", "<i>", "x|y", "\x1b[31m"))], spaceless=False)
    assert cell == "***a* <i> x|y \\x1b[31m**"
    assert cell.markdown == r"**\*a\* \<i\> x|y \\x1b\[31m**"
    table = Table("T", ("A", "B", "N"), (("one", cell, "1"),))
    assert r"| one | **\*a\* \<i\> x\|y \\x1b\[31m** |" in " ".join(table.markdown().split())
    assert "| B" in table.markdown().splitlines()[2]


def test_a_page_marks_with_elements() -> None:
    """Deleted and inserted, each escaped, in whichever direction the words are written."""
    cell = marked_cell(pieces(["<b>", "and", "so"], ["and", "so", "&"]), spaceless=False)
    table = Table("T", ("A", "B"), (("one", cell),), section="accuracy")
    page = render("run.html", RunReport(title="t", findings=(), tables=(table,), failed=()))
    assert '<td class="marked" dir="auto"><del>&lt;b&gt;</del> and so <ins>&amp;</ins></td>' in page
    assert '<li><a href="#accuracy">Accuracy</a></li>' in page
