"""``python -m harness rescore``: a stored run or sweep scored again, from its texts, without an engine."""

from pathlib import Path
from typing import Annotated

import typer

from harness.printable import printable

_INTERRUPTED = 130


def rescore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a run or a sweep")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE ...]",
            help="normalizer=NAME, probe.wer.normalizer=NAME, +probe=NAME, references=FILE, plugins=[MODULE]",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="of the folder in FOLDER/rescored; else it is made of what is changed")
    ] = None,
) -> int:
    """Compute every figure of a stored run or sweep again, and write it beside the old one.

    No engine is needed: texts, words, phases and readings are stored. What stands in FOLDER stays as it is.

    The results are a run, or a sweep, in FOLDER/rescored/NAME, for report, compare and another rescore.

    Results of that name that are there already are replaced, when the new ones are whole.
    """
    try:
        return _rescore(folder, words or [], name)
    except KeyboardInterrupt:  # which typer would take for an error of its own
        return _INTERRUPTED


def _rescore(folder: Path, words: list[str], name: str | None) -> int:
    from harness.clock import SystemClock
    from harness.report.rescored_table import rescored_table
    from harness.rescoring.changes import changes, checked_label
    from harness.rescoring.results import rescore as rescore_folder

    wanted = changes(words)
    results = rescore_folder(folder, wanted, checked_label(wanted.label if name is None else name), SystemClock())
    table = rescored_table(results.rows, results.notes)
    print(f"Scored again: {printable(str(folder))} ({' '.join(words) or 'nothing changed'})\n")
    print(printable(table.text() if table.rows else "\n".join(["No figure is another one.", *table.notes])))
    replaced = " (in the place of those that were there)" if results.replaced else ""
    print(f"\nResults{replaced}: {printable(str(results.folder))}")
    return 0
