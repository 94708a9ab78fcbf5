"""What a sweep found, in plain sentences and as a table."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import shorten

from harness.analysis.findings import Against, Figure, Finding
from harness.analysis.sweep import Sweep
from harness.report.caution_notes import caution_notes
from harness.report.cell_marks import Panel, keys_of, label_of
from harness.report.figures import MISSING, interval
from harness.report.machine_lines import places
from harness.report.tables import Table

_MANY = 20
_NAMED, _WIDE = 2, 48
"""Cells, and their characters, that a sentence names; of more it gives the number."""
_MOST_SENTENCES = 4
_OUTCOME = 80
"""Characters of an outcome in a sentence; all of it stands in the table."""
_HOW = (
    "A cell is better where the 95 % interval of its ratio to the baseline leaves out 1; where it holds 1, no "
    "difference is shown. Tied: not told from the best. Only cells that completed all their trials are compared."
)
_REPEATS = (
    "Intervals are of repeats of the same audio: they say nothing of other audio, and nothing of a machine that was "
    "busier during one cell."
)
_ORDER = (
    Against.BETTER,
    Against.BASELINE,
    Against.NO_BASELINE,
    Against.NOT_SHOWN,
    Against.UNTOLD,
    Against.SAME,
)
"""Rows of the table: what can be told first, what is the same everywhere last."""
_CLOSE = 1.01
"""Worst over best, up to which too few trials are not even a first look."""
_CHANCE = "Of so many cells some are best by chance: run the best ones again, with more iterations."


def finding_lines(sweep: Sweep, found: Sequence[Finding], words: "Words") -> list[str]:
    """Return the sentences that a reader needs first: best cells, ratios to the baseline, what may be noise."""
    cautions = [f"Note: {note}." for note in caution_notes(sweep)]
    if not found:
        return [*_failed(sweep), _nothing(sweep), *cautions]
    return [
        *_failed(sweep),
        *cautions,
        *words.better(found),
        *words.baseline_best(found),
        *words.untold(found),
        *words.rest(found),
    ]


def _nothing(sweep: Sweep) -> str:
    """Say why no metric is compared."""
    if len(sweep.cells) == 1:
        return "There is only one cell, so there is nothing to compare."
    if sum(cell.ok for cell in sweep.cells) < 2:
        return "Fewer than two cells completed all their trials, so there is nothing to compare."
    return "No two cells have figures of the same main metric, so there is nothing to compare."


def finding_table(sweep: Sweep, found: Sequence[Finding], words: "Words") -> Table | None:
    """Return a row for each metric: the best cell, its figure beside the baseline's, and what can be told."""
    if not found:
        return None
    headers: tuple[str, ...] = (
        "Metric",
        "Best cell",
        "Verdict",
        "Best / baseline",
        "Best figure",
        "Baseline's figure",
        "Tied with",
    )
    chance = (_CHANCE,) if len(sweep.cells) > _MANY else ()
    rows: tuple[tuple[str, ...], ...] = tuple(words.rows(found))
    if all(row[-1] == MISSING for row in rows):  # nothing can be told of any: a column of dashes would only be wide
        headers, rows = headers[:-1], tuple(row[:-1] for row in rows)
    return Table("Best of each metric", headers, rows, (_HOW, _REPEATS, *chance))


class Words:
    """How cells and figures of one sweep are written."""

    def __init__(self, sweep: Sweep, panels: Mapping[str, Panel]) -> None:
        self._names = _names(sweep)
        self._panels = panels

    def better(self, found: Sequence[Finding]) -> Iterator[str]:
        """Yield a sentence for each cell that is better than the baseline in some metric."""
        groups = _by_best([one for one in found if one.against is Against.BETTER])
        for job, entries in list(groups.items())[:_MOST_SENTENCES]:
            base = entries[0].baseline
            than = f", and better than the baseline ({self._names[base.job]})," if base else ""
            yield f"{self._names[job]} is best{than} in {self._gains(entries)}."
        left = [one.name for entries in list(groups.values())[_MOST_SENTENCES:] for one in entries]
        if left:
            yield f"Other cells are better than the baseline in {_listed(left)}."

    def baseline_best(self, found: Sequence[Finding]) -> Iterator[str]:
        """Yield a sentence about the metrics in which nothing beats the baseline, and something is told from it."""
        entries = [one for one in found if one.against is Against.BASELINE and not _is_untold(one)]
        entries = [one for one in entries if not _shows_nothing(one)]
        if entries:
            yield f"The baseline, {self._names[entries[0].best.job]}, is best in {self._leads(entries)}."

    def untold(self, found: Sequence[Finding]) -> Iterator[str]:
        """Yield a sentence for each cell that looks best where nobody can tell: too few trials, or no baseline."""
        untold = [one for one in found if _is_untold(one)]
        groups = _by_best([one for one in untold if not _is_close(one)])
        if untold:
            no = "no" if all(_is_untold(one) or one.against is Against.SAME for one in found) else "no other"
            yield (
                f"With fewer than 3 steady trials a cell, {no} difference can be told from noise: more iterations are "
                "needed."
            )
        if groups:
            looks = [f"{self._named(entries)} in {self._gains(entries)}" for entries in groups.values()]
            more = f"; and {len(looks) - _MOST_SENTENCES} more cells" if len(looks) > _MOST_SENTENCES else ""
            yield f"Best at a first look: {'; '.join(looks[:_MOST_SENTENCES])}{more}."
        close = [one.name for one in untold if _is_close(one)]
        if close:
            yield f"Within 1 % of each other in all cells: {_listed(close)}."
        without = [one for one in found if one.against is Against.NO_BASELINE]
        for job, entries in list(_by_best(without).items())[:_MOST_SENTENCES]:
            yield f"The baseline has no figure of {_listed(one.name for one in entries)}: {self._names[job]} is best."

    def rest(self, found: Sequence[Finding]) -> Iterator[str]:
        """Yield what shows no difference, and what is the same."""
        alike = [one.name for one in found if _shows_nothing(one)]
        if alike:
            yield f"No difference from the baseline is shown in {_listed(alike)}."
        alike_all = [one for one in found if one.against is Against.SAME]
        same = [f"{one.name} ({self.figure(one, one.best).replace(' (cold)', ', cold')})" for one in alike_all]
        if same:
            yield f"The same in all cells: {_listed(same)}."

    def rows(self, found: Iterable[Finding]) -> Iterator[tuple[str, ...]]:
        """Yield the rows of the table: what can be told first, what is the same everywhere last."""
        yield from map(self.row, sorted(found, key=lambda one: _ORDER.index(_stands(one))))

    def row(self, one: Finding) -> tuple[str, ...]:
        """Return a row of the table."""
        base = MISSING if one.baseline is None else self._with_interval(one, one.baseline)
        alone = one.ratio is None or one.against in (Against.SAME, Against.BASELINE)
        ratio = MISSING if alone or one.ratio is None else _times(one.ratio)
        best = "all" if one.against is Against.SAME else self._names[one.best.job]
        unknown = one.against is Against.SAME or _is_untold(one)
        level = MISSING if unknown else self._level(one) or "none"
        return (one.name, best, str(_stands(one)), ratio, self._with_interval(one, one.best), base, level)

    def said(self, one: Finding) -> str:
        """Return best cell, figure and standing of one metric."""
        if one.against is Against.SAME:
            return f"The same in all cells: {self.figure(one, one.best)}."
        start = f"Best: {self._names[one.best.job]}, {self.figure(one, one.best)}"
        if one.baseline is None or one.against is Against.BASELINE:
            ratio = ", the baseline" if one.against is Against.BASELINE else ""
        else:
            times = "" if one.ratio is None else f"{_times(one.ratio)} times "
            ratio = f", {times}the baseline's {self.figure(one, one.baseline)}"
        told = {
            Against.NOT_SHOWN: "; no difference shown",
            Against.UNTOLD: "; too few trials to tell that from noise",
        }.get(one.against, "")
        if one.against is Against.BASELINE:
            told = "; no difference shown to any other" if _shows_nothing(one) else ""
            told = "; too few trials to tell that from noise" if _is_untold(one) else told
        alone = _is_untold(one) or _shows_nothing(one)
        level = "" if alone else self._level(one)
        return f"{start}{ratio}{told}.{f' Not told from the best: {level}.' if level else ''}"

    def figure(self, one: Finding, which: Figure) -> str:
        """Write a figure with its unit."""
        return self._panels[one.metric].text(which.value) + (" (cold)" if which.cold else "")

    def _gains(self, entries: Sequence[Finding]) -> str:
        """List metrics with the ratio of best to baseline, and how many others are as good as can be told.

        What the ratio is of is said at the first one.
        """
        texts, whose = [], " the baseline's"
        for one in entries:
            if one.against is Against.BASELINE:
                share = ""
            elif one.ratio is None:
                share = self._beside(one)
            else:
                share, whose = f"{_times(one.ratio)} times{whose}", ""
            others = f"not told from {_others(one)}" if one.level and not _is_untold(one) else ""
            said = "; ".join(part for part in (share, others) if part)
            texts.append(f"{one.name} ({said})" if said else one.name)
        return _listed(texts)

    def _beside(self, one: Finding) -> str:
        """Write the best figure, and the baseline's where there is one, for they have no ratio."""
        beside = "" if one.baseline is None else f", the baseline {self.figure(one, one.baseline)}"
        return f"{self.figure(one, one.best)}{beside}"

    def _named(self, entries: Sequence[Finding]) -> str:
        """Name the best cell of some findings, and say so where it is the baseline."""
        is_base = all(one.against is Against.BASELINE for one in entries)
        return self._names[entries[0].best.job] + (" (the baseline)" if is_base else "")

    def _leads(self, entries: Sequence[Finding]) -> str:
        texts = []
        for one in entries:
            others = f"; not told from {_others(one)}" if one.level else ""
            texts.append(f"{one.name} ({self.figure(one, one.best)}, the worst {self.figure(one, one.worst)}{others})")
        return _listed(texts)

    def _level(self, one: Finding) -> str:
        names = [self._names[job] for job in one.level]
        return " and ".join(names) if len(names) <= _NAMED and len(" ".join(names)) < _WIDE else _others(one)

    def _with_interval(self, one: Finding, which: Figure) -> str:
        """Write a figure with its unit, and its interval below it."""
        text, form = self.figure(one, which), self._panels[one.metric].form
        return text if which.cold or which.interval is None else f"{text}\n[{interval(which.interval, form)}]"


def _names(sweep: Sweep) -> dict[str, str]:
    """Name each cell by its keys, and by its machine too where another one ran the same cell."""
    names = {cell.job: label_of(sweep.swept, keys_of(cell, sweep.swept)) or cell.job for cell in sweep.cells}
    where, count = places(sweep), Counter(names.values())
    return {job: f"{name} on {where[job]}" if where and count[name] > 1 else name for job, name in names.items()}


def _stands(one: Finding) -> Against:
    """Return how a metric's best cell stands, once it is known what is told and what is not."""
    return Against.NOT_SHOWN if _shows_nothing(one) else Against.UNTOLD if _is_untold(one) else one.against


def _shows_nothing(one: Finding) -> bool:
    """Tell whether a metric shows no difference: to the baseline, or where that is best, to any other cell."""
    if one.against is Against.BASELINE:
        return not _is_untold(one) and len(one.level) == one.cells - 1
    return one.against is Against.NOT_SHOWN


def _is_untold(one: Finding) -> bool:
    """Tell whether there are too few trials for an interval of the best cell or of the baseline."""
    alone = one.against is Against.BASELINE and one.best.interval is None
    return one.against is Against.UNTOLD or alone


def _is_close(one: Finding) -> bool:
    """Tell whether the worst figure is all but the best one, whichever direction is better."""
    low, high = sorted((one.best.value, one.worst.value))
    return low > 0 and high <= _CLOSE * low


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if 0.1 <= ratio < 100 else f"{ratio:.2g}"


def _others(one: Finding) -> str:
    return f"{len(one.level):,} other{'' if len(one.level) == 1 else 's'}"


def _by_best(found: Sequence[Finding]) -> Mapping[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in found:
        groups.setdefault(one.best.job, []).append(one)
    return groups


def _failed(sweep: Sweep) -> Iterator[str]:
    """Say first what is missing, for it may be what would have been best."""
    failed = [cell for cell in sweep.cells if not cell.ok]
    if failed:
        names = [
            f"{label_of(sweep.swept, keys_of(cell, sweep.swept)) or cell.job} "
            f"({shorten(cell.outcome, _OUTCOME, placeholder=' ...')})"
            for cell in failed
        ]
        more = f"; and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        are = "is" if len(names) == 1 else "are"
        yield (
            f"{len(names):,} of {len(sweep.cells):,} cells did not complete all trials and {are} left out of the "
            f"comparison: {'; '.join(names[:_NAMED])}{more}."
        )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
