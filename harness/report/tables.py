"""A table before it is rendered, how a figure is written, and the tables of one run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tabulate import tabulate

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.summary import Summary
from harness.printable import plain_markdown
from harness.records import Run
from harness.report.figures import figure, heading, interval

_OVERHEADS = {"avg_load_overhead_mb": "load_overhead_mib", "avg_net_overhead_mb": "net_overhead_mib"}
_AVERAGES = {"avg_ttft_ms": "ttft_ms", "avg_wer_percent": "wer"}
_OVERALL = {"initial_memory_mb": "rss_start_mib", "final_memory_mb": "rss_end_mib"}

_NO_GROWTH = "no growth: the run was taken up again in new processes; the verdict tells it within a leg"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of texts, with the notes below it; ``section`` says in which part of a page it stands."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    section: Literal["results", "accuracy", "setup", "machine"] = "results"

    def text(self) -> str:
        """Render for a terminal."""
        return "\n".join([self._rendered("simple"), *self.notes])

    def markdown(self) -> str:
        """Render as a pipe table with a heading."""
        return "\n".join(
            [
                f"## {self.title}",
                "",
                self._rendered("github"),
                "",
                *(f"- {plain_markdown(note)}" for note in self.notes),
            ]
        )

    def _rendered(self, style: str) -> str:
        marked = [any(hasattr(row[index], "markdown") for row in self.rows) for index in range(len(self.headers))]
        align = ["left" if index == 0 or text else "right" for index, text in enumerate(marked)]
        rows = [[_in_pipes(cell) for cell in row] for row in self.rows] if style == "github" else self.rows
        headers = [plain_markdown(name) for name in self.headers] if style == "github" else self.headers
        return tabulate(rows, headers, tablefmt=style, colalign=align if rows else None, disable_numparse=True)


def _in_pipes(cell: str) -> str:
    """Write a cell for a pipe table, which has one line a row; one that has marks knows how it is written."""
    text: str = getattr(cell, "markdown", None) or plain_markdown(cell)
    return text.replace("|", "\\|").replace("\n", " ")


def original_tables(run: Run, results: Mapping[str, Any], ours: Summary) -> tuple[Table, Table, Table]:
    """Return the three summary tables of the original experiment; ``ours`` knows why a figure is missing."""
    summary, keys = results["summary"], [stage.key for stage in run.stages]
    overheads = Table(
        f"Summary ({_iterations(run, results)} iterations)",
        ("Phase", "Load Overhead", "Net Overhead"),
        tuple(
            (
                heading(key),
                figure(summary[key]["avg_load_overhead_mb"]),
                figure(summary[key]["avg_net_overhead_mb"]),
            )
            for key in keys
        ),
        ("MB here means MiB.", *_why_missing(results, ours, keys, _OVERHEADS)),
    )
    metrics = Table(
        "Averages over all iterations",
        ("Metric", *map(heading, keys)),
        (
            ("Avg TTFT (ms)", *(figure(summary[key]["avg_ttft_ms"]) for key in keys)),
            ("Avg WER (%)", *(figure(summary[key].get("avg_wer_percent")) for key in keys)),
        ),
        (*_other_rate(results, ours, keys), *_why_missing(results, ours, keys, _AVERAGES)),
    )
    overall = Table(
        "Overall Memory",
        ("Overall Memory", "MB"),
        tuple(
            (label, figure(summary["overall"][name]))
            for label, name in (
                ("Initial Memory (MB)", "initial_memory_mb"),
                ("Final Memory (MB)", "final_memory_mb"),
                ("Total Growth (MB)", "total_growth_mb"),
                ("Growth Rate (MB/iter)", "growth_rate_mb_per_iter"),
            )
        ),
        (
            *_why_missing(results, ours, ("overall",), _OVERALL),
            *((_NO_GROWTH,) if run.seams else ()),
        ),
    )
    return overheads, metrics, overall


def _other_rate(results: Mapping[str, Any], ours: Summary, keys: Iterable[str]) -> Iterable[str]:
    """Say why the original's average over utterances of different lengths is not the rate that is quoted elsewhere."""
    for key in keys:
        average, entry = results["summary"][key].get("avg_wer_percent"), ours.metrics.get(f"{key}.wer")
        if average is None or entry is None or entry.value is None:
            continue
        if figure(average) != figure(100 * entry.value):
            rate = figure(entry.value, entry.format)
            yield f"Avg WER of {heading(key)} is the mean of the trials' rates; all errors by all words: {rate}"


def _iterations(run: Run, results: Mapping[str, Any]) -> str:
    done, asked = len({one["iteration"] for one in results["iterations"]}), run.protocol.iterations
    return str(asked) if done == asked else f"{done} of {asked}"


def _why_missing(
    results: Mapping[str, Any], summary: Summary, keys: Iterable[str], metrics: Mapping[str, str]
) -> Iterable[str]:
    """Say why one of the original's tables lacks a figure, with the reasons that the summary has."""
    lacking = {}
    for key in keys:
        scope = "memory" if key == "overall" else key
        for name, metric in metrics.items():
            if results["summary"][key].get(name) is None:
                entry = summary.metrics.get(f"{scope}.{metric}")
                reason = entry.null_reason if entry else None
                lacking[f"{heading(scope)} {metric}"] = reason or "no probe of this run reports it"
    return _grouped(lacking)


def metric_table(summary: Summary, *, main_only: bool) -> Table:
    """Return our own table: the figure of each metric, its interval, the cold trial by itself, and how many.

    Among the main ones a metric without a figure has its row all the same; of all of them only its reason is said.
    """
    chosen = {name: entry for name, entry in summary.metrics.items() if entry.main or not main_only}
    return Table(
        "Medians and 95 % intervals",
        ("Metric", "Unit", "Figure", "95 % interval", "Cold", "n"),
        tuple(_metric_row(name, entry) for name, entry in chosen.items() if main_only or _says_something(entry)),
        tuple(reasons(chosen)),
    )


def _says_something(entry: MetricSummary) -> bool:
    return entry.main or any(found is not None for found in (entry.text, entry.value, entry.cold))


def reasons(entries: Mapping[str, MetricSummary]) -> Iterable[str]:
    """Say why figures are missing, metrics with the same reason together."""
    return _grouped({name: entry.null_reason for name, entry in entries.items() if entry.null_reason is not None})


def _grouped(lacking: Mapping[str, str]) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in lacking.items():
        by_reason.setdefault(reason, []).append(name)
    return [f"no value for {', '.join(names)}: {reason}" for reason, names in by_reason.items()]


def _metric_row(name: str, entry: MetricSummary) -> tuple[str, ...]:
    value = entry.text if entry.text is not None else figure(entry.value, entry.format)
    unit = "%" if entry.format.endswith("%") else entry.unit
    return (
        name,
        unit,
        value,
        interval(entry.interval, entry.format),
        figure(entry.cold, entry.format),
        str(entry.n),
    )
