"""``python -m harness compare A B``: two runs side by side, on the screen, for a program, and for CI."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from harness import store
from harness.analysis.comparison.runs import Comparison
from harness.baselines import resolve
from harness.errors import ConfigError, StoreError
from harness.printable import printable

_BROKEN = 1
_GITHUB = "GITHUB_STEP_SUMMARY"


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="the folder of a run or a sweep, or a stored baseline")],
    b: Annotated[str, typer.Argument(metavar="B", help="the same, to be compared with A")],
    metric: Annotated[list[str] | None, typer.Option(help="asr.rtf or 'asr.*', repeatable; else the main ones")] = None,
    threshold: Annotated[
        list[str] | None, typer.Option(help="5% or asr.rtf=5%, repeatable; exit status 1 where B is worse by more")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    github_summary: Annotated[
        bool, typer.Option("--github-summary", help=f"append Markdown to the file that ${_GITHUB} names")
    ] = False,
    markdown: Annotated[Path | None, typer.Option(help="append Markdown to this file")] = None,
    benchmark_json: Annotated[
        Path | None, typer.Option(help="write B's figures for github-action-benchmark, customSmallerIsBetter")
    ] = None,
    outputs: Annotated[Path, typer.Option(help="the folder of outputs, with the baselines")] = Path("outputs"),
) -> int:
    """Compare two stored runs, or two sweeps cell by cell: what is faster, slower, or not shown to differ."""
    from harness.analysis.comparison.folders import compare as compare_folders
    from harness.analysis.comparison.threshold import broken, thresholds
    from harness.report.comparison_report import comparison_markdown, comparison_record, comparison_text

    pages = [*([_summary_file()] if github_summary else []), *([markdown] if markdown else [])]
    limits = thresholds(threshold or ())
    (first, said), (second, also) = resolve(a, outputs), resolve(b, outputs)
    named = [limit.metric for limit in limits if limit.metric is not None]
    comparison = compare_folders(first, second, metric or (), named)
    found = broken(comparison, limits)
    _note([*said, *also])
    if json:
        print(msgspec.json.format(msgspec.json.encode(comparison_record(comparison, found)), indent=2).decode())
    else:
        print(printable(comparison_text(comparison, found)))
    for page in pages:
        _append(page, comparison_markdown(comparison, found))
    if benchmark_json is not None:
        _note(_write_benchmarks(comparison, benchmark_json))
    return _BROKEN if found else 0


def _note(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"note: {printable(line)}", file=sys.stderr)


def _summary_file() -> Path:
    named = os.environ.get(_GITHUB)
    if not named:
        raise ConfigError("--github-summary", f"no {_GITHUB} in the environment", "a step of a GitHub workflow")
    return Path(named)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StoreError("output file", f"'{path}' ({error.strerror})", "a file that can be written") from None


def _write_benchmarks(comparison: Comparison, path: Path) -> list[str]:
    """Write the metrics of which less is better; those of which more is go to a second file, named in a note."""
    from harness.report.comparison_report import benchmark_records

    store.write_json(path, benchmark_records(comparison, "lower"))
    bigger = benchmark_records(comparison, "higher")
    if not bigger:
        return []
    beside = path.with_name(f"{path.stem}-bigger{path.suffix}")
    store.write_json(beside, bigger)
    return [f"metrics of which more is better are in '{beside}', for customBiggerIsBetter"]
