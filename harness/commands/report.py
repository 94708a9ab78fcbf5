"""``python -m harness report``: the reports of what is stored, made again."""

from pathlib import Path
from typing import Annotated

import typer

from harness.errors import ConfigError
from harness.printable import printable


def report(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a run, a sweep or a search for a memory limit")],
    baseline: Annotated[
        str | None, typer.Option(help="of a sweep: the cell to compare with, threads=1 or a job's number")
    ] = None,
) -> None:
    """Make the reports of a stored run, sweep or search for a memory limit again, and print them.

    No engine is needed. Of a sweep that was killed, the reports say what there is.
    """
    from harness.analysis.fit import is_search
    from harness.analysis.sweep import is_sweep

    if is_sweep(folder):
        _sweep(folder, baseline)
    elif baseline is not None:
        raise ConfigError("--baseline", f"'{folder}'", "the folder of a sweep, whose cells can be compared")
    elif is_search(folder):
        _search(folder)
    else:
        _run(folder)
    print(f"Results: {printable(str(folder))}")


def _sweep(folder: Path, baseline: str | None) -> None:
    from harness.analysis.sweep import read_sweep
    from harness.report.sweep_page import publish_page
    from harness.report.sweep_report import publish_sweep, sweep_text
    from harness.report.sweep_table import sweep_figures

    sweep = read_sweep(folder, baseline)
    shown = sweep_figures(sweep)
    tables = publish_sweep(sweep, shown)
    print(printable(sweep_text(sweep, shown)), flush=True)
    publish_page(sweep, tables)


def _search(folder: Path) -> None:
    from harness.analysis.fit import read_search
    from harness.report.fit_report import publish_search, search_table, sentence

    search = read_search(folder)
    publish_search(search, folder)
    print(printable(f"{search_table(search).text()}\n\nFit: {sentence(search)}"))


def _run(folder: Path) -> None:
    from harness.report.publish import ending, publish

    print(printable("\n".join(ending(publish(folder), verbose=True))))
