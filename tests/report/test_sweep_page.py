import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.report import pictures
from harness.report.sweep_page import publish_page, sweep_page
from tests import stored
from tests.made_sweep import cell, near, sweep
from tests.stored_sweep import FAILED, failure, four_jobs, job


@pytest.fixture
def four(tmp_path: Path) -> Sweep:
    """Return a sweep of four jobs, two of which did not do everything."""
    return four_jobs(tmp_path / "sweep")


def html(one: Sweep) -> str:
    """Return the page as it is written."""
    publish_page(one)
    return (one.folder / store.SWEEP_HTML).read_text(encoding="utf-8")


def test_page(four: Sweep) -> None:
    """One page, in the order of its headings; every text escaped, pointing nowhere but to the jobs' own reports."""
    text = html(four)
    headings = re.findall(r"<h2 id=\"(\w+)\">", text)
    assert headings == ["verdict", "run", "tables", "charts", "failed"]
    assert text.count("<table") == text.count("<caption>") == 3
    assert "<b>" not in text
    assert "&lt;b&gt;a name&lt;/b&gt;" in text
    assert text.count("<script") == 1
    assert not re.search(r"https?://|\bsrc=|\bhref=\"[^#]|url\(", text)


def test_the_same_bytes_a_second_time(four: Sweep) -> None:
    """A page that is made again is the same."""
    assert html(four) == html(read_sweep(four.folder))


def test_links(four: Sweep) -> None:
    """A job that has a report is a link to it; one without is its number."""
    (four.folder / "1" / store.REPORT_HTML).touch()
    text = html(four)
    assert "<tr><th scope=row>0\nbaseline<td" in text
    assert '<tr><th scope=row><a href="1/report.html">1</a><td' in text
    assert text.count('href="1/report.html"') == 1


def test_best_figures_are_marked(four: Sweep) -> None:
    """By a class as well as by their word."""
    assert "<td class=best>100.00\nx0.25 best\n[100.00 .. 100.00]" in html(four)


def test_what_was_run(tmp_path: Path) -> None:
    """What was swept, what was the same, how many cells, on which machine, the baseline, and when."""
    for number, second in enumerate((5, 7)):
        run = stored.run(overrides=(f"threads={number}", "seed=1"), started_at=f"2026-01-02T03:04:0{second}.123+00:00")
        stored.write(tmp_path / str(number), run, stored.trials(), stored.environment())
    assert sweep_page(read_sweep(tmp_path)).what.rows == (
        ("swept: threads", "0, 1"),
        ("seed", "1"),
        ("cells", "2, of which 2 completed all trials"),
        ("machine", "nowhere (Made Up 9000, 2 of 4 cores usable, 8192 MiB, Linux 6.1)"),
        ("baseline", "job 0: threads=0"),
        ("first cell began", "2026-01-02 03:04:05 UTC"),
        ("last cell began", "2026-01-02 03:04:07 UTC"),
    )


def test_failed_cells(tmp_path: Path) -> None:
    """Each with its message; where a trial failed, the first such one with the end of its log; then how many more."""
    log = tuple(f"line {number}" for number in range(20))
    job(tmp_path / "0", "threads=1")
    trials = (*stored.trials()[:1], stored.failed(1, log=log), stored.failed(2))
    job(tmp_path / "1", "threads=2", trials=trials)
    for number in range(2, 45):
        failure(tmp_path / str(number), FAILED, f"threads={number + 1}")
    page = sweep_page(read_sweep(tmp_path))
    first, second = page.failed[:2]
    assert (first.name, first.outcome) == ("Job 1: threads=2", "1 ok, 2 crashed of 3 trials")
    assert (first.failure, first.log_tail) == (
        "Trial 1, the first that failed: crashed: SIGSEGV in load (asr)",
        log[-12:],
    )
    assert (second.name, second.outcome, second.failure) == ("Job 2: threads=3", f"failed: {FAILED}", "")
    assert (len(page.failed), page.more_failed) == (40, 4)


def test_cells_for_a_page(tmp_path: Path) -> None:
    """The outcome stands beside the keys; a figure that all cells share has a note instead of a column."""
    figures = [{"asr.rtf": near(1.0), "asr.wer": near(0.5)}, {"asr.rtf": near(2.0), "asr.wer": near(0.5)}, {}]
    cells = [cell(number, {"threads": str(number)}, given) for number, given in enumerate(figures)]
    table = sweep_page(sweep(cells, tmp_path)).cells
    assert table.headers == ("Job", "threads", "Outcome", "asr\nrtf\ns/s")
    assert table.rows[2] == ("2", "2", "failed: <b>bad</b> value", "-")
    assert table.notes[-1] == "no column, for it is the same in all cells: asr.wer (50.00%)"


def test_a_figure_that_one_cell_lacks_has_its_column(tmp_path: Path) -> None:
    """The dash says something."""
    figures = [{"asr.rtf": near(1.0), "asr.wer": near(0.5)}] * 2 + [{"asr.rtf": near(1.0)}]
    cells = [cell(number, {"threads": str(number)}, given) for number, given in enumerate(figures)]
    assert sweep_page(sweep(cells, tmp_path)).cells.headers[3:] == ("asr\nwer\n%",)


def test_grids_are_folded(tmp_path: Path) -> None:
    """Two keys have a grid a metric, behind one line that says so; the tables that answer a question are not folded."""
    cells = [
        cell(number, {"asr": a, "order": b}, {"asr.rtf": near(1.0 + number)})
        for number, (a, b) in enumerate(product("xy", "pq"))
    ]
    page = sweep_page(sweep(cells, tmp_path))
    assert [table.title for table in page.grids] == ["asr.rtf, s/s"]
    assert page.tables == []
    assert "<summary>Each metric in a grid of asr and order</summary>" in page.html()


@pytest.mark.parametrize(("charts", "expected"), [((), []), (("svg",), ["svg"]), (("png", "svg"), ["png", "svg"])])
def test_chart_files(tmp_path: Path, charts: tuple[str, ...], expected: list[str]) -> None:
    """Each chart as a file of its own, in the formats that the jobs were told to write."""
    cells = [cell(number, {"threads": str(number)}, {"asr.rtf": near(1.0 + number)}) for number in range(2)]
    cells[1] = replace(cells[1], charts=charts)
    publish_page(sweep(cells, tmp_path))
    folder = tmp_path / store.CHARTS
    assert folder.exists() == bool(expected)
    found = sorted(path.name for path in folder.iterdir()) if expected else []
    assert found == [f"asr.rtf.{form}" for form in expected]
    starts = {"svg": b"<svg", "png": b"\x89PNG"}
    assert all((folder / name).read_bytes().startswith(starts[name.rpartition(".")[2]]) for name in found)


def test_one_job_and_failed_jobs_alone(tmp_path: Path) -> None:
    """A sweep of one job, and one in which every job failed, still have their pages."""
    job(tmp_path / "one" / "0")
    assert "Sweep of nothing: 1 cell" in html(read_sweep(tmp_path / "one"))
    for number in range(2):
        failure(tmp_path / "none" / str(number), FAILED, f"threads={number}")
    text = html(read_sweep(tmp_path / "none"))
    assert "Fewer than two cells completed" in text
    assert text.count("<h3>") == 2


def test_a_chart_that_cannot_be_drawn_costs_no_page(four: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in its place."""

    def broken(*_: object) -> str:
        raise RuntimeError("no V8")

    monkeypatch.setattr(pictures, "svg", broken)
    assert "asr.ttft_ms: could not be drawn: RuntimeError: no V8" in html(four)


def test_two_thousand_cells(tmp_path: Path) -> None:
    """A page below 3 MB, each cell a row; grids too large to be read are left to the other files."""
    names = [f"{scope}.m{number}_ms" for scope in ("asr", "aligner") for number in range(8)]
    cells = [
        cell(number, {"threads": a, "asr.topn": b}, dict.fromkeys(names, near(1234.5 + number)))
        for number, (a, b) in enumerate(product(map(str, range(40)), map(str, range(50))))
    ]
    text = html(sweep(cells, tmp_path))
    assert len(text.encode()) < 3_000_000
    assert text.count("<tr><th scope=row>") == 2000
    assert text.count("<table") == 3
