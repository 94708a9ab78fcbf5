"""How much worse a metric may be: thresholds as the user writes them, and which of them a comparison breaks.

A threshold is broken where a metric is shown to be worse, and its figure is worse by more than the threshold. A metric
or a cell that A has and B lacks breaks it too, and so does a metric that was named in full and could not be compared:
what was not checked has not held. A text that was named in full breaks it by being another one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isinf

from harness.analysis.comparison.change import Change
from harness.analysis.comparison.runs import Comparison
from harness.analysis.comparison.words import NOT_COMPARED, OTHER_TEXT, SAME_TEXT
from harness.errors import ConfigError

_FORM = re.compile(r"(?:(?P<pattern>[^=]+)=)?(?P<percent>\d+(?:\.\d*)?|\.\d+)\s*%")
_EXPECTED = "a share such as 5%, or METRIC=5%"


@dataclass(frozen=True, slots=True)
class Threshold:
    """By what share of A's figure a metric may be worse; ``pattern`` is None for all that have none of their own."""

    pattern: str | None
    share: float

    @property
    def metric(self) -> str | None:
        """The one metric that is named in full; None for a pattern, which chooses among those that are compared."""
        return None if self.pattern is None or set(self.pattern) & set("*?[") else self.pattern

    def __str__(self) -> str:
        return f"{self.share * 100:g} %"


@dataclass(frozen=True, slots=True)
class Broken:
    """A threshold that did not hold: of which section and metric, and the line that says why."""

    section: str
    metric: str
    line: str


def threshold(text: str) -> Threshold:
    """Read a threshold. Raises :class:`ConfigError` where it has no number, no percent sign, or is negative."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ConfigError("threshold", f"'{text}'", _EXPECTED)
    return Threshold(found["pattern"], float(found["percent"]) / 100)


def thresholds(texts: Sequence[str]) -> tuple[Threshold, ...]:
    """Read all thresholds of a command line. Raises :class:`ConfigError` also where one is given twice."""
    read = [threshold(text) for text in texts]
    for number, one in enumerate(read):
        if one.pattern in [other.pattern for other in read[:number]]:
            raise ConfigError("threshold", f"{one.pattern or 'the general one'} twice", "each once")
    return tuple(read)


def broken(comparison: Comparison, limits: Sequence[Threshold]) -> tuple[Broken, ...]:
    """Return the thresholds that a comparison breaks, in its order.

    Raises :class:`ConfigError` for a pattern that fits no metric that is compared, and for a metric that was named in
    full and has no direction in which it is worse: neither would ever break.
    """
    if not limits:
        return ()
    changes = [change for section in comparison.sections for change in section.changes]
    names = dict.fromkeys(change.name for change in changes)
    directed = dict.fromkeys(change.name for change in changes if _may_be_worse(change))
    undirected = names.keys() - directed.keys()
    for limit in limits:
        if limit.pattern is not None and not any(fnmatchcase(name, limit.pattern) for name in names):
            raise ConfigError(
                "threshold", f"'{limit.pattern}'", "a metric that is compared, or a pattern of some", names
            )
        if limit.metric is not None and limit.metric in undirected:
            raise ConfigError("threshold", f"'{limit.metric}'", "a metric of which more or less is worse", directed)
    found = [Broken(title, "", f"not checked: '{comparison.b}' has no such cell") for title in comparison.missing]
    for section in comparison.sections:
        if section.refused is not None:
            found.append(Broken(section.title, "", f"not checked: {section.refused}"))
        for change in section.changes:
            one = _limit(change.name, limits)
            line = None if one is None else _why_broken(change, one)
            if line is not None:
                found.append(Broken(section.title, change.name, line))
    return tuple(found)


def _may_be_worse(change: Change) -> bool:
    """Tell whether a metric has a direction that hurts; what could not be compared is another matter."""
    return change.better != "neither" or change.word in (SAME_TEXT, OTHER_TEXT, NOT_COMPARED)


def _limit(name: str, limits: Iterable[Threshold]) -> Threshold | None:
    """Return the threshold of a metric: that of its full name, else of the last pattern that fits, else the general."""
    fitting = [one for one in limits if one.pattern is None or fnmatchcase(name, one.pattern)]
    ranks = [(one.metric is not None, one.pattern is not None, place) for place, one in enumerate(fitting)]
    return fitting[max(ranks)[-1]] if ranks else None


def _why_broken(change: Change, limit: Threshold) -> str | None:
    """Return the line about a broken threshold, None where it held."""
    if change.word == NOT_COMPARED:
        reason = change.note or change.b.reason or change.a.reason or "it could not be compared"
        vanished = change.b.reason is not None and change.a.reason is None
        return f"not checked: {reason}" if vanished or limit.metric == change.name else None
    if change.word == OTHER_TEXT and limit.metric == change.name:
        return change.note or OTHER_TEXT
    if not change.worse or change.relative is None or abs(change.relative) <= limit.share:
        return None
    by = "from 0" if isinf(change.relative) else f"by {abs(change.relative) * 100:.1f} %"
    return f"{change.word} {by}, {limit} may be"
