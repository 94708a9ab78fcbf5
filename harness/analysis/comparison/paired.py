"""How far apart two engines' error rates are on the same utterances: a paired bootstrap (Bisani and Ney, 2004).

"Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004: what is drawn again are
utterances, with what both engines made of them, so that hard audio is hard for both. Trials of one utterance are no
further evidence: an utterance has the mean edits of its trials, over its words, and counts once. Utterances of one
speaker are no independent evidence either: where enough speakers are known, they are drawn, with all their utterances.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.effect import Effect, bounds
from harness.analysis.comparison.pairing import Pairing, Values
from harness.analysis.sampling_unit import Unit, units_of
from harness.analysis.statistics import MIN_FOR_TEST, Interval, expanded_tail
from harness.metrics import Better


@dataclass(frozen=True, slots=True)
class Evidence:
    """The values of both runs with one row an utterance, grouped by what is drawn."""

    values: Pairing
    drawn: Unit
    utterances: int

    @property
    def units(self) -> int:
        """How many utterances, or speakers, there are to draw."""
        return len(self.values.utterances)

    @property
    def enough(self) -> bool:
        """Whether they are enough for an interval and a test."""
        return self.units >= MIN_FOR_TEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """B's error rate less A's on the same utterances, 0.01 for a percentage point.

    ``b_better`` is the share of resamples in which B's is the better one: the probability of improvement. It and the
    95 % ``interval`` are None where ``reason`` says why. ``units`` counts what was ``drawn``.
    """

    difference: float
    interval: Interval | None = None
    b_better: float | None = None
    drawn: Unit = "utterances"
    units: int
    utterances: int
    reason: str | None = None


def evidence(values: Pairing, speakers: Mapping[str, str | None]) -> Evidence:
    """Return the values of an error rate, an utterance once, by speaker where enough of them are known.

    ``speakers`` are by utterance, None where the dataset does not say.
    """
    spoken = [(name, speakers.get(name)) for name in values.utterances]
    units = units_of(spoken, MIN_FOR_TEST)
    names = dict.fromkeys(speaker if units.unit == "speakers" else name for name, speaker in spoken)
    groups = np.array(units.places, np.intp)
    a, b = (_once(side, len(spoken), groups) for side in (values.a, values.b))
    return Evidence(Pairing(values.kind, a, b, tuple(map(str, names)), values.left_out), units.unit, len(spoken))


def paired(found: Evidence, effect: Effect, better: Better) -> Paired:
    """Return the difference of two error rates whose ``effect`` was drawn from this evidence."""
    plain = Paired(difference=effect.b - effect.a, drawn=found.drawn, units=found.units, utterances=found.utterances)
    if not found.enough or effect.drawn is None:
        return _without(plain, found.units)
    ours, theirs = effect.drawn
    improved = theirs > ours if better == "higher" else theirs < ours
    return Paired(
        difference=plain.difference,
        interval=bounds(theirs - ours, expanded_tail(found.units)),
        b_better=None if better == "neither" else float(improved.mean()),
        drawn=found.drawn,
        units=found.units,
        utterances=found.utterances,
    )


def _without(plain: Paired, units: int) -> Paired:
    of = "one utterance: repeats of it say nothing about others" if units == 1 else f"{units} utterances"
    reason = f"no interval of the difference from {of}; {MIN_FOR_TEST} are the fewest"
    return Paired(difference=plain.difference, units=units, utterances=plain.utterances, reason=reason)


def _once(side: Values, count: int, groups: NDArray[np.intp]) -> Values:
    """Return one row an utterance: the mean numerator and denominator of its trials."""
    sizes = side.sizes(count)
    above, below = (np.bincount(side.groups, part, count) / sizes for part in (side.above, side.below))
    return Values(above, below, groups)
