"""A comparison as people and machines read it: the screen, Markdown, one JSON document, and figures for a dashboard."""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.analysis.comparison.change import Change
from harness.analysis.comparison.runs import Comparison, Section
from harness.analysis.comparison.threshold import Broken
from harness.analysis.comparison.words import NOT_COMPARED
from harness.printable import plain_markdown, printable
from harness.records import SCHEMA
from harness.report.figures import MISSING, figure, interval, signed
from harness.report.paired_table import paired_table
from harness.report.tables import Table

_MOST_TEXT = 44
"""So wide a labelled difference may be on the screen: two of them and their subject in 120 columns."""
_MOST_NAMED = 4
"""So many metrics with the same reason are named; which the others are can be seen in the table."""


def comparison_text(comparison: Comparison, broken: Sequence[Broken]) -> str:
    """Return a comparison as it is shown on the screen."""
    parts = [f"A: {comparison.a}\nB: {comparison.b}"]
    for section in comparison.sections:
        if section.title:
            parts.append(f"{'=' * 70}\n{section.title}\n{'=' * 70}")
        if section.refused is not None:
            parts.append(f"not compared: {section.refused}")
            continue
        parts.extend(table.text() for table in (*_differences(section), *_figures(section, comparison.tests)))
    return "\n\n".join([*parts, "\n".join([*comparison.notes, *ending_lines(comparison, broken)])])


def comparison_markdown(comparison: Comparison, broken: Sequence[Broken]) -> str:
    """Return a comparison as Markdown, with the verdict first."""
    parts = ["# Comparison", f"A: `{comparison.a}`  \nB: `{comparison.b}`"]
    parts.append(
        "\n".join(f"- {plain_markdown(line)}" for line in [*ending_lines(comparison, broken), *comparison.notes])
    )
    for section in comparison.sections:
        if section.title:
            parts.append(plain_markdown(f"# {section.title}"))
        if section.refused is not None:
            parts.append(plain_markdown(f"not compared: {section.refused}"))
            continue
        parts.extend(table.markdown() for table in (*_figures(section, comparison.tests), *_differences(section)))
    return printable("\n\n".join(parts) + "\n")


def ending_lines(comparison: Comparison, broken: Sequence[Broken]) -> Iterable[str]:
    """Say in sum what was shown, and which thresholds did not hold."""
    changes = [(section, change) for section in comparison.sections for change in section.changes]
    shown = [f"{_where(section.title, change.name)} {change.said}" for section, change in changes if change.shown]
    yield f"Shown: {'; '.join(shown)}" if shown else "Shown: no difference"
    for one in broken:
        yield f"Threshold broken: {_where(one.section, one.metric)}: {one.line}"


def comparison_record(comparison: Comparison, broken: Sequence[Broken]) -> dict[str, Any]:
    """Return what ``--json`` prints: figures, changes, tests and words, and which thresholds did not hold."""
    return {
        "schema": SCHEMA,
        "a": comparison.a,
        "b": comparison.b,
        "tests": comparison.tests,
        "notes": comparison.notes,
        "sections": comparison.sections,
        "broken": broken,
    }


def benchmark_records(comparison: Comparison, better: str) -> list[dict[str, Any]]:
    """Return B's figures as github-action-benchmark reads them, of metrics that are better ``lower`` or ``higher``.

    That tool takes one direction a file: ``customSmallerIsBetter`` or ``customBiggerIsBetter``.
    """
    return [
        {
            "name": _where(section.title, change.name),
            "unit": change.unit,
            "value": change.b.value,
            **({} if change.b.interval is None else {"range": interval(change.b.interval, change.format)}),
            "extra": f"n = {change.b.n}; {change.word} than A" if change.shown else f"n = {change.b.n}; {change.word}",
        }
        for section in comparison.sections
        for change in section.changes
        if change.better == better and change.b.value is not None
    ]


def _figures(section: Section, tests: int) -> Iterable[Table]:
    """Yield the metrics, and where there are error rates, their difference on the same utterances."""
    yield _changes(section, tests)
    rates = [change for change in section.changes if change.paired is not None]
    if rates:
        yield paired_table(rates)


def _differences(section: Section) -> Iterable[Table]:
    """Yield what else the two differ in, where they do."""
    rows = tuple((one.subject, _short(one.a), _short(one.b)) for one in section.differences)
    if rows:
        yield Table("What else differs", ("What else differs", "A", "B"), rows)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 3]}..."


def _changes(section: Section, tests: int) -> Table:
    headers = ("Metric", "A", "B", "Change", "95 % interval", "p", "n", "B is")
    return Table("Metrics", headers, tuple(map(_row, section.changes)), tuple(_notes(section, tests)))


def _row(change: Change) -> tuple[str, ...]:
    return (
        change.name,
        figure(change.a.value, change.format),
        figure(change.b.value, change.format),
        _scaled(change, change.change),
        _interval(change),
        _p(change.p_corrected),
        f"{change.a.n}, {change.b.n}",
        change.said,
    )


def _scaled(change: Change, value: float | None) -> str:
    """Write a ratio as a factor, a difference with its sign."""
    if value is None:
        return MISSING
    if change.scale == "ratio":
        return f"x {value:.3f}"
    return format(value, signed(change.format))


def _interval(change: Change) -> str:
    if change.interval is None:
        return MISSING
    return interval(change.interval, ".3f" if change.scale == "ratio" else signed(change.format))


def _p(p: float | None) -> str:
    if p is None:
        return MISSING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _notes(section: Section, tests: int) -> Iterable[str]:
    yield f"p after Holm's correction over {tests} test{'s' * (tests != 1)}; cold and warm-up trials are left out"
    yield from section.notes
    reasons: dict[str, list[str]] = {}
    for change in section.changes:
        for line in _reasons(change, tests):
            reasons.setdefault(line, []).append(change.name)
    tested = [change.name for change in section.changes if change.p is not None]
    for line, names in reasons.items():
        yield f"{'all that were tested' if names == tested and len(names) > 1 else _named(names)}: {line}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return f"{', '.join(names[:_MOST_NAMED])} and {more} more" if more > 1 else ", ".join(names)


def _reasons(change: Change, tests: int) -> Iterable[str]:
    if change.word == NOT_COMPARED and change.note is None:
        a, b = change.a.reason, change.b.reason
        if a is not None and a == b:
            yield f"no value: {a}"
        else:
            yield "; ".join(f"no value in {side}: {reason}" for side, reason in (("A", a), ("B", b)) if reason)
    if change.note is not None:
        yield change.note
    if change.needed is not None and change.smallest_p is not None:
        yield (
            f"too few to show anything ({change.test} of {change.a.n} and {change.b.n} trials): no p below "
            f"{change.smallest_p:.2g}, {min(1.0, change.smallest_p * tests):.2g} after the correction; "
            f"{change.needed} could"
        )


def _where(title: str, name: str) -> str:
    return " ".join(part for part in (f"[{title}]" if title else "", name) if part)
