"""The table of error rates of two runs on the same utterances: their difference in points, with its interval."""

from collections.abc import Iterable, Sequence

from harness.analysis.comparison.change import Change
from harness.analysis.comparison.paired import Paired
from harness.analysis.statistics import MIN_FOR_TEST
from harness.report.figures import MISSING, figure
from harness.report.tables import Table


def paired_table(changes: Sequence[Change]) -> Table:
    """Return a row an error rate that both runs have on some utterance."""
    headers = ("Error rate", "A", "B", "B - A (points)", "95 % interval", "B better", "Drawn", "B is")
    rows = tuple(_row(change, change.paired) for change in changes if change.paired is not None)
    return Table("Error rates on the same utterances", headers, rows, tuple(dict.fromkeys(_notes(changes))))


def _row(change: Change, found: Paired) -> tuple[str, ...]:
    bounds = found.interval
    return (
        change.name,
        figure(change.a.value, change.format),
        figure(change.b.value, change.format),
        _points(found.difference),
        MISSING if bounds is None else f"{_points(bounds[0])} .. {_points(bounds[1])}",
        MISSING if found.b_better is None else f"{found.b_better:.1%}",
        f"{found.units} {found.drawn}" if bounds else MISSING,
        MISSING if bounds is None else change.word,
    )


def _points(share: float) -> str:
    """Write a difference of shares in percentage points; without the sign of a zero."""
    return f"{100 * share:+.2f}".replace("-0.00", "+0.00")


def _notes(changes: Sequence[Change]) -> Iterable[str]:
    found = [change.paired for change in changes if change.paired is not None]
    if any(one.interval for one in found):
        yield "B better: the share of resamples in which B has the better rate (probability of improvement)"
    yield from (one.reason for one in found if one.reason is not None)
    if any(one.interval and one.drawn == "utterances" for one in found):
        few = f"fewer than {MIN_FOR_TEST} speakers are known"
        yield f"utterances were drawn, for {few}: nothing is said of other speakers"
