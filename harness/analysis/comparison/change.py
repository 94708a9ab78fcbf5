"""One metric in two runs: both figures, how far apart they are, whether that is more than noise, and the word for it.

A difference is shown where its p, corrected for all metrics that were compared (Holm), is at most 0.05 and the 95 %
interval of the ratio leaves out 1, of a difference 0. Otherwise the word is ``no difference shown``, which is not
"equal". A calculation that fails raises; it never becomes a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from shlex import quote
from typing import Any, Literal

from harness.analysis.comparison.comparability import Side
from harness.analysis.comparison.effect import Effect, Scale, draws_utterances, effect
from harness.analysis.comparison.paired import Evidence, Paired, evidence, paired
from harness.analysis.comparison.pairing import Pairing, pairing
from harness.analysis.comparison.significance import (
    ALPHA,
    bootstrap_p,
    rank_p,
    smallest_p,
    smallest_paired_p,
    trials_needed,
    utterances_needed,
)
from harness.analysis.comparison.words import NO_DIFFERENCE, NOT_COMPARED, OTHER_TEXT, SAME_TEXT, hurts, word
from harness.analysis.constancy import first_difference, first_texts
from harness.analysis.metric_summary import metric_summary
from harness.analysis.probe_options import NORMALIZER, probe_options
from harness.analysis.statistics import TAIL, Interval, expanded_tail
from harness.metrics import Better, Kind, Metric
from harness.store import RESCORED

Test = Literal["Mann-Whitney", "aligned ranks", "paired ranks", "paired bootstrap", "intervals of the slopes"]

_HALF_WIDTH = 1.959964


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run says of a metric; ``reason`` where it says nothing."""

    value: float | None
    interval: Interval | None
    n: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric in two runs.

    ``change`` is B / A on the scale ``ratio`` and B - A on ``difference``, with a 95 % ``interval``. ``p_corrected`` is
    Holm's, ``smallest_p`` the smallest that so many trials could give, both None where nothing was tested. ``worse``
    says that the difference is shown and in the direction that hurts. ``note`` says why there is no test, or what it
    cannot say; ``needed`` how many trials, or utterances, could show anything, where there are too few. ``paired`` is
    the difference of an error rate on the same utterances. ``other_machine`` says that the two were measured on
    different machines, and that this is a figure which those change: what is shown may be theirs.
    """

    name: str
    unit: str
    better: Better
    format: str
    a: Figure
    b: Figure
    word: str = NOT_COMPARED
    scale: Scale = "ratio"
    change: float | None = None
    interval: Interval | None = None
    test: Test | None = None
    p: float | None = None
    p_corrected: float | None = None
    smallest_p: float | None = None
    worse: bool = False
    needed: str | None = None
    note: str | None = None
    paired: Paired | None = None
    other_machine: bool = False

    @property
    def said(self) -> str:
        """The word, and where the two were measured on different machines that it may be theirs."""
        return f"{self.word} (other machine)" if self.other_machine and self.shown else self.word

    @property
    def shown(self) -> bool:
        """Whether there is a difference beyond noise."""
        return self.word not in (NO_DIFFERENCE, NOT_COMPARED, SAME_TEXT)

    @property
    def relative(self) -> float | None:
        """How much higher B is than A, as a share of A; infinite where A is 0 and B is not."""
        if self.change is None or self.a.value is None:
            return None
        if self.scale == "ratio":
            return self.change - 1
        if self.a.value == 0:
            return 0.0 if self.change == 0 else self.change * float("inf")
        return self.change / abs(self.a.value)


def change_of(name: str, a: Side, b: Side, ours: Metric | None, theirs: Metric | None) -> Change:
    """Compare one metric, as far as that goes without the others."""
    metric = ours or theirs
    assert metric is not None, "a name comes from one of the two runs"
    scope = name.partition(".")[0]
    figures = [_figure(side, metric if one is None else one, scope, one) for side, one in ((a, ours), (b, theirs))]
    plain = Change(
        name=name,
        unit=metric.unit,
        better=metric.better,
        format=metric.format,
        a=figures[0],
        b=figures[1],
    )
    reason = _why_not(a, b, metric, ours, theirs)
    if reason is not None:
        return replace(plain, note=reason)
    if metric.kind is Kind.TREND:
        return _of_trend(plain)
    if metric.kind is Kind.CONSTANCY:
        return _of_texts(plain, a, b, metric, scope)
    values = pairing(metric, scope, a.measured, b.measured)
    if values is None:
        both = all(figure.reason is None for figure in figures)
        return replace(plain, note="no utterance has a value in both runs" if both else None)
    if metric.kind is Kind.RATIO and not metric.cold_apart:
        return _of_errors(plain, values, evidence(values, _speakers(a)))
    return _of_values(plain, values)


def _figure(side: Side, metric: Metric, scope: str, declared: Metric | None) -> Figure:
    if declared is None:
        return Figure(None, None, 0, "no probe of this run reports it")
    if metric.kind is Kind.TREND and side.blocks > 1:
        return Figure(None, None, 0, f"measured in {side.blocks} blocks, which are processes of their own")
    entry = side.metrics.get(f"{scope}.{metric.name}") or metric_summary(metric, scope, side.measured)
    return Figure(entry.value, entry.interval, entry.n, entry.null_reason)


def _why_not(a: Side, b: Side, metric: Metric, ours: Metric | None, theirs: Metric | None) -> str | None:
    """Say why a metric is not the same thing in both runs; None where it is."""
    if ours is None or theirs is None:
        return None  # the figure says so
    for field in ("kind", "unit", "better"):
        if getattr(ours, field) != getattr(theirs, field):
            return f"its {field} is {getattr(ours, field)} in A and {getattr(theirs, field)} in B"
    options = [probe_options(side.run, metric.name) for side in (a, b)]
    for option in sorted({*options[0], *options[1]}):
        here, there = (one.get(option) for one in options)
        if here != there:
            return f"its probe had {option}={here} in A and {option}={there} in B{_remedy(a, b, option, options)}"
    return None


def _remedy(a: Side, b: Side, option: str, options: Sequence[Mapping[str, Any]]) -> str:
    """Return the command that scores both runs by the same normaliser; nothing for another option of a probe."""
    names = [str(one[NORMALIZER]) for one in options if NORMALIZER in one]
    if len(names) != len(options) or not option.startswith(NORMALIZER):
        return ""
    older = a if option == NORMALIZER else min((a, b), key=lambda side: side.run.started_at)
    again = f"{older.name}/{RESCORED}/{names[1]}"
    return (
        f"; python -m harness rescore {quote(older.name)} {NORMALIZER}={names[1]} makes {again}, which can be compared"
    )


def _of_values(plain: Change, values: Pairing) -> Change:
    """Compare a sample or a ratio by its trials."""
    change = _with_effect(plain, values, effect(values))
    if values.constant:
        return _constant(change)
    return replace(change, test=_rank_test(values), p=rank_p(values), smallest_p=smallest_p(values))


def _of_errors(plain: Change, values: Pairing, found: Evidence) -> Change:
    """Compare an error rate over utterances, or speakers; over trials where there are too few of them."""
    tail = expanded_tail(found.units) if found.enough else TAIL
    drawn = effect(found.values, by_utterance=True, tail=tail)
    difference = paired(found, drawn, plain.better)
    if not found.enough:
        few = found.units
        note = f"of {few} utterance{'s' * (few > 1)}: it says nothing about other audio"
        return replace(_of_values(replace(plain, note=note), values), paired=difference)
    change = replace(_with_effect(plain, values, drawn), paired=difference)
    if values.constant or drawn.drawn is None:
        return _constant(change)
    p, smallest = bootstrap_p(*drawn.drawn, found.units), smallest_paired_p(found.units)
    return replace(change, test="paired bootstrap", p=p, smallest_p=smallest)


def _constant(change: Change) -> Change:
    return replace(change, word=NO_DIFFERENCE, note="every trial of both runs has the same value")


def _speakers(side: Side) -> dict[str, str | None]:
    return {trial.utterance.id: trial.utterance.speaker for trial in side.trials}


def _rank_test(values: Pairing) -> Test:
    if len(values.utterances) == 1:
        return "Mann-Whitney"
    return "paired ranks" if draws_utterances(values) else "aligned ranks"


def _with_effect(plain: Change, values: Pairing, found: Effect) -> Change:
    """Take over the effect, and the figures of the utterances that it is of, where they are not the whole run's."""
    sides = (
        (plain.a, found.a, found.a_interval, len(values.a.above)),
        (plain.b, found.b, found.b_interval, len(values.b.above)),
    )
    a, b = (figure if figure.n == n else Figure(value, drawn, n) for figure, value, drawn, n in sides)
    return replace(plain, a=a, b=b, scale=found.scale, change=found.change, interval=found.interval)


def _of_trend(plain: Change) -> Change:
    """Compare two slopes by their intervals (Zou and Donner, 2008, Stat. Med. 27: MOVER)."""
    from scipy.stats import norm

    a, b = plain.a, plain.b
    if a.value is None or b.value is None:
        return plain
    difference = b.value - a.value
    plain = replace(plain, scale="difference", change=difference)
    if a.interval is None or b.interval is None:
        return replace(plain, note="a slope of fewer than 5 iterations has no interval")
    below = hypot(b.value - b.interval[0], a.interval[1] - a.value)
    above = hypot(b.interval[1] - b.value, a.value - a.interval[0])
    change = replace(plain, interval=(difference - below, difference + above))
    facing = below if difference > 0 else above
    if difference == 0 or facing == 0:
        p = 1.0 if difference == 0 else 0.0
    else:
        p = 2 * float(norm.sf(abs(difference) / (facing / _HALF_WIDTH)))
    return replace(change, test="intervals of the slopes", p=p, smallest_p=0.0)


def _of_texts(plain: Change, a: Side, b: Side, metric: Metric, scope: str) -> Change:
    """Compare a text that should not change: the first text of each utterance."""
    ours, theirs = (first_texts(side.measured.of(metric, scope)) for side in (a, b))
    shared = [utterance for utterance in ours if utterance in theirs]
    if not shared:
        return plain
    other = [utterance for utterance in shared if ours[utterance] != theirs[utterance]]
    if not other:
        return replace(plain, word=SAME_TEXT)
    first = other[0]
    note = f"in {len(other)} of {len(shared)} utterances, first in {first}: "
    note += first_difference(ours[first], theirs[first], metric.unit)
    return replace(plain, word=OTHER_TEXT, note=note)


def verdict_on(change: Change, corrected: float, tests: int) -> Change:
    """Find the word for a change whose p has been corrected."""
    assert change.change is not None, "what has a p has a change"
    neutral = 1.0 if change.scale == "ratio" else 0.0
    excluded = change.interval is not None and not change.interval[0] <= neutral <= change.interval[1]
    if corrected <= ALPHA and excluded:
        higher = change.change > neutral
        return replace(
            change,
            p_corrected=corrected,
            needed=None,
            word=word(change.unit, change.better, higher=higher),
            worse=hurts(change.better, higher=higher),
        )
    return replace(change, p_corrected=corrected, word=NO_DIFFERENCE, needed=_needed(change, tests))


def _needed(change: Change, tests: int) -> str | None:
    """Say how many trials could show a difference, where so many as there are could not, whatever they were."""
    if change.smallest_p is None or change.smallest_p * tests <= ALPHA:
        return None
    if change.test == "Mann-Whitney":
        return f"{trials_needed(tests)} steady trials each"
    if change.test == "aligned ranks":
        return "more trials of each utterance"
    return f"{utterances_needed(tests)} utterances"
