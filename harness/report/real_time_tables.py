"""RTF over a corpus, and how its utterances are distributed, as a table and as a line for each stage."""

from collections.abc import Iterator

from harness.analysis.real_time import RealTime
from harness.analysis.statistics import MIN_FOR_P90
from harness.analysis.summary import Summary
from harness.report.figures import figure, heading, interval
from harness.report.tables import Table

_HEADERS = (
    "Stage",
    "RTF",
    "95 % interval",
    "Median utterance",
    "Quartiles",
    "p90",
    "Slowest",
    "Longer than it lasts",
    "Utterances",
)
_FORM = ".3f"
_DEFINITION = (
    "RTF is the sum of the steady trials' processing seconds by the sum of their audio seconds, its interval a "
    "bootstrap over utterances. The columns behind it are of the utterances' own factors, medians of their trials."
)
_NO_P90 = f"p90 takes {MIN_FOR_P90} utterances."


def real_time_tables(summary: Summary) -> Iterator[Table]:
    """Yield the table, where a stage worked on three utterances or more."""
    if summary.real_time:
        rows = tuple(_row(stage, found) for stage, found in summary.real_time.items())
        few = any(found.by_utterance.p90 is None for found in summary.real_time.values())
        yield Table("Real time by utterance", _HEADERS, rows, (_DEFINITION, *((_NO_P90,) if few else ())))


def real_time_lines(summary: Summary) -> Iterator[str]:
    """Yield a line for each stage."""
    for stage, found in summary.real_time.items():
        each = found.by_utterance
        p90 = "" if each.p90 is None else f", p90 {each.p90:{_FORM}}"
        yield (
            f"Real time ({stage}): RTF {found.rtf:{_FORM}} (95 % interval {interval(found.interval, _FORM)}) over "
            f"{found.utterances:,} utterances; the median one {each.median:{_FORM}} (quartiles {each.q1:{_FORM}} .. "
            f"{each.q3:{_FORM}}{p90}); {_slower(found)}"
        )


def _row(stage: str, found: RealTime) -> tuple[str, ...]:
    each = found.by_utterance
    return (
        heading(stage),
        figure(found.rtf, _FORM),
        interval(found.interval, _FORM),
        figure(each.median, _FORM),
        interval((each.q1, each.q3), _FORM),
        figure(each.p90, _FORM),
        figure(each.max, _FORM),
        f"{found.slower:,} ({found.slower / found.utterances:.1%})",
        f"{found.utterances:,}",
    )


def _slower(found: RealTime) -> str:
    if not found.slower:
        return "none took longer than it lasts"
    return f"{found.slower:,} ({found.slower / found.utterances:.1%}) took longer than they last"
