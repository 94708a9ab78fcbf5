"""The page of a sweep: what it shows in plain words first, then what was run, the tables, the charts, what failed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote

from markupsafe import Markup

from harness import store
from harness.analysis.findings import findings
from harness.analysis.sweep import Cell, Sweep
from harness.report.cell_marks import Panel, in_order, keys_of, label_of, panels_of
from harness.report.drawn import Drawn, draw
from harness.report.finding_lines import Words, finding_lines, finding_table
from harness.report.page import number_columns, render
from harness.report.sweep_charts import sweep_charts
from harness.report.sweep_report import sweep_tables, sweep_title
from harness.report.sweep_table import BEST, stub_of, sweep_figures
from harness.report.tables import Table
from harness.sweeping.baseline import plain

_MOST_FAILED = 40
"""Cells whose end is told one by one; the others stand in the table."""
_LOG_LINES = 12
_MOST_IN_GRID = 600
_MOST_VALUES = 24
_LONG = 40
"""Characters from which a text needs a wider column."""
_BASELINE_KEY = "sweep.baseline"
"""It has a line of its own."""


@dataclass(frozen=True, slots=True)
class FailedCell:
    """A cell that did not do everything: how it ended, its first failed trial, the end of its log, its own report."""

    name: str
    outcome: str
    failure: str = ""
    log_tail: Sequence[str] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class SweepPage:
    """Everything that the page shows, in its order. ``more_failed`` counts the failed cells that are not told."""

    title: str
    lead: Sequence[str]
    best: Table | None
    what: Table
    cells: Table
    rows: Markup
    tables: Sequence[Table]
    grids: Sequence[Table]
    swept: Sequence[str]
    trades: Sequence[Drawn]
    charts: Sequence[Drawn]
    chart_notes: Sequence[str]
    failed: Sequence[FailedCell]
    more_failed: int

    def html(self) -> str:
        """Render as one HTML page; it refers to nothing but the reports of its own jobs, beside it on the disk."""
        return render("cells.html", self)


def publish_page(sweep: Sweep, tables: Sequence[Table] | None = None) -> None:
    """Draw the charts, and write ``sweep.html``; the charts as files of their own where the jobs were told to.

    ``tables`` are those of :func:`sweep_tables`, where they have been made already.
    """
    page = sweep_page(sweep, tables)
    store.write_text(sweep.folder / store.SWEEP_HTML, page.html())
    formats = _formats(sweep)
    folder = sweep.folder / store.CHARTS
    for chart in (*page.trades, *page.charts) if formats else ():
        store.make_folder(folder)
        if chart.svg is not None and "svg" in formats:
            store.write_text(folder / f"{chart.name}.svg", chart.svg)
        if chart.png is not None:
            store.write_bytes(folder / f"{chart.name}.png", chart.png)


def sweep_page(sweep: Sweep, tables: Sequence[Table] | None = None) -> SweepPage:
    """Put the page of a sweep together, its charts drawn."""
    found = findings(sweep)
    panels = panels_of(sweep)
    words = Words(sweep, panels)
    charts = sweep_charts(sweep, found, panels, words)
    formats = _formats(sweep)
    failed = [cell for cell in sweep.cells if not cell.ok]
    cells, *others = tables or sweep_tables(sweep, sweep_figures(sweep))
    cells = _for_page(sweep, cells, panels)
    return SweepPage(
        title=sweep_title(sweep),
        lead=finding_lines(sweep, found, words),
        best=finding_table(sweep, found, words),
        what=_what(sweep),
        cells=cells,
        rows=_rows(sweep, cells),
        tables=[table for table in others if not _is_grid(sweep, table)],
        grids=[table for table in others if _is_grid(sweep, table) and _is_small(table)],
        swept=sweep.swept,
        trades=[draw(sketch, formats) for sketch in charts.trades],
        charts=[draw(sketch, formats) for sketch in charts.sketches],
        chart_notes=charts.notes,
        failed=[_failed(sweep, cell) for cell in failed[:_MOST_FAILED]],
        more_failed=max(0, len(failed) - _MOST_FAILED),
    )


def _formats(sweep: Sweep) -> list[str]:
    """Return the formats of charts that any job was told to write."""
    return sorted({form for cell in sweep.cells for form in cell.charts})


def _what(sweep: Sweep) -> Table:
    """Return what was swept, what was the same, where and when."""
    ok = sum(cell.ok for cell in sweep.cells)
    rows = [
        *(
            (f"swept: {key}", _values([plain(cell.overrides[key]) for cell in sweep.cells if key in cell.overrides]))
            for key in sweep.swept
        ),
        *((key, value) for key, value in sweep.constant.items() if key != _BASELINE_KEY),
        ("cells", f"{len(sweep.cells):,}, of which {ok:,} completed all trials"),
        *(("machine", machine) for machine in dict.fromkeys(map(_machine, sweep.cells)) if machine),
        *((("baseline", _name(sweep, sweep.baseline)),) if sweep.baseline else ()),
        *_when(sweep),
    ]
    return Table("Keys, machine and times", ("Key", "Value"), tuple(rows))


def _for_page(sweep: Sweep, table: Table, panels: Mapping[str, Panel]) -> Table:
    """Return the table of cells as a page can show it: the outcome beside the keys, no columns of one figure alone.

    A column is left out only where it has the same figure for every cell that has any figure at all.
    """
    measured = sum(
        any(panel.marks[at].value is not None for panel in panels.values()) for at in range(len(sweep.cells))
    )
    same = {
        name: panel.text(panel.drawn[0].value)
        for name, panel in panels.items()
        if len(panel.drawn) == measured > 1 and len({(panel.text(one.value), one.state) for one in panel.drawn}) == 1
    }
    starts = tuple(name.replace(".", "\n", 1) + "\n" for name in same)
    stub, last = stub_of(sweep), len(table.headers) - 1
    kept = [at for at in range(stub, last) if not (starts and table.headers[at].startswith(starts))]
    columns = [*range(stub), last, *kept]
    left = ", ".join(f"{name} ({text})" for name, text in same.items())
    return replace(
        table,
        headers=tuple(table.headers[at] for at in columns),
        rows=tuple(tuple(row[at] for at in columns) for row in table.rows),
        notes=(*table.notes, *((f"no column, for it is the same in all cells: {left}",) if left else ())),
    )


def _values(values: Sequence[str]) -> str:
    different = in_order(values)
    more = f" and {len(different) - _MOST_VALUES:,} more" if len(different) > _MOST_VALUES else ""
    return ", ".join(different[:_MOST_VALUES]) + more


def _when(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """Yield when the first and the last of the cells began, each with its first job."""
    began = sorted(cell.started_at for cell in sweep.cells if cell.started_at)
    if began:
        yield "first cell began", _second(began[0])
    if len(began) > 1:
        yield "last cell began", _second(began[-1])


def _machine(cell: Cell) -> str:
    """Name a machine by what figures depend on; empty where the cell's jobs were killed before it was known."""
    there = cell.environment
    if there is None:
        return ""
    cores = f"{there.usable_cores} of {there.cores} cores usable"
    return f"{there.hostname} ({there.processor}, {cores}, {there.memory_mib:.0f} MiB, {there.system})"


def _second(stamp: str) -> str:
    """Write a time of ISO 8601 to the second, with its zone where that is not UTC."""
    date, _, rest = stamp.partition("T")
    zone = "UTC" if rest.endswith(("+00:00", "Z")) else rest[12:]
    return f"{date} {rest[:8]} {zone}".rstrip()


def _rows(sweep: Sweep, table: Table) -> Markup:
    """Return the rows of the cells as markup, in as few letters as HTML allows: there may be thousands of them.

    A job is a link to its report, where there is one; what is best is marked.
    """
    numbers = number_columns(table)
    rows = []
    for cell, (job, *texts) in zip(sweep.cells, table.rows, strict=True):
        address = _address(cell)
        head = f'<a href="{escape(address)}">{escape(job)}</a>' if address else escape(job)
        others = (
            _opening(text, is_number=number) + escape(_stacked(text) if number else text)
            for text, number in zip(texts, numbers[1:], strict=True)
        )
        rows.append(f"<tr><th scope=row>{head}{''.join(others)}")
    return Markup("\n".join(rows))  # noqa: S704 - every text in it is escaped


def _is_grid(sweep: Sweep, table: Table) -> bool:
    """Tell whether a table is a grid of two swept keys: its first column is the first of them."""
    return len(sweep.swept) == 2 and table.headers[0] == sweep.swept[0]


def _is_small(table: Table) -> bool:
    """Tell whether a grid can be read in a page; a larger one is in the Markdown, and its figures are in the rows."""
    return len(table.rows) * len(table.headers) <= _MOST_IN_GRID


def _opening(text: str, *, is_number: bool) -> str:
    """Return a cell's tag; figures are the rule in this table, and have no class."""
    if text.partition("\n")[0].endswith(f" {BEST}"):
        return "<td class=best>"
    if is_number:
        return "<td>"
    return "<td class='text long'>" if len(text) > _LONG else "<td class=text>"


def _stacked(text: str) -> str:
    """Put a ratio below its figure, for there are many columns."""
    return text.replace(" x", "\nx", 1)


def _address(cell: Cell) -> str:
    """Return the report of a job, relative to the page of its sweep; empty where there is none."""
    there = (cell.folder / store.REPORT_HTML).exists()
    return f"{quote(cell.folder.name)}/{store.REPORT_HTML}" if there else ""


def _name(sweep: Sweep, cell: Cell) -> str:
    name = label_of(sweep.swept, keys_of(cell, sweep.swept))
    return f"job {cell.job}: {name}" if name else f"job {cell.job}"


def _failed(sweep: Sweep, cell: Cell) -> FailedCell:
    failed = cell.first_failure
    return FailedCell(
        name=_name(sweep, cell).replace("job", "Job", 1),
        outcome=cell.outcome,
        failure=f"Trial {failed.index}, the first that failed: {failed.outcome}" if failed else "",
        log_tail=failed.outcome.log_tail[-_LOG_LINES:] if failed else (),
        link=_address(cell),
    )
