"""How much worse a metric may be: thresholds as the user writes them, and which of them a comparison breaks.

A threshold is broken where a metric is shown to be worse, and its figure is worse by more than the threshold. A metric
that A has and B lacks breaks it too, and so does one that was named in full and could not be compared: what was not
checked has not held.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isinf

from harness.analysis.comparison.change import Change
from harness.analysis.comparison.runs import Comparison
from harness.analysis.comparison.words import NOT_COMPARED
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

    Raises :class:`ConfigError` for a pattern that fits no metric that is compared, for it would never break.
    """
    if not limits:
        return ()
    names = dict.fromkeys(change.name for section in comparison.sections for change in section.changes)
    for limit in limits:
        if limit.pattern is not None and not any(fnmatchcase(name, limit.pattern) for name in names):
            raise ConfigError(
                "threshold", f"'{limit.pattern}'", "a metric that is compared, or a pattern of some", names
            )
    found: list[Broken] = []
    for section in comparison.sections:
        if section.refused is not None:
            found.append(Broken(section.title, "", f"not checked: {section.refused}"))
        for change in section.changes:
            one = _limit(change.name, limits)
            line = None if one is None else _why_broken(change, one)
            if line is not None:
                found.append(Broken(section.title, change.name, line))
    return tuple(found)


def _limit(name: str, limits: Iterable[Threshold]) -> Threshold | None:
    """Return the threshold of a metric: the last pattern that fits, else the general one."""
    general = None
    for limit in reversed(tuple(limits)):
        if limit.pattern is None:
            general = limit
        elif fnmatchcase(name, limit.pattern):
            return limit
    return general


def _why_broken(change: Change, limit: Threshold) -> str | None:
    """Return the line about a broken threshold, None where it held."""
    if change.word == NOT_COMPARED:
        reason = change.note or change.b.reason or change.a.reason or "it could not be compared"
        vanished = change.b.reason is not None and change.a.reason is None
        return f"not checked: {reason}" if vanished or limit.metric == change.name else None
    if not change.worse or change.relative is None or abs(change.relative) <= limit.share:
        return None
    by = "from 0" if isinf(change.relative) else f"by {abs(change.relative) * 100:.1f} %"
    return f"{change.word} {by}, {limit} may be"
