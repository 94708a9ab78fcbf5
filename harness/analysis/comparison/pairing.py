"""The values that one metric has in two runs, utterance by utterance: what a comparison is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.metric_summary import Measured
from harness.metrics import Kind, Metric

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Values:
    """One metric in one run, a row a trial, sorted by utterance.

    ``above`` and ``below`` are the numerators and denominators of a ratio; of a sample ``above`` is the value and
    ``below`` is 1. ``groups`` numbers the utterances from 0 up.
    """

    above: _Floats
    below: _Floats
    groups: NDArray[np.intp]

    @property
    def each(self) -> _Floats:
        """One number a trial."""
        rates: _Floats = self.above / self.below
        return rates

    def sizes(self, groups: int) -> NDArray[np.intp]:
        """Return how many trials each utterance has."""
        return np.bincount(self.groups, minlength=groups)


@dataclass(frozen=True, slots=True)
class Pairing:
    """One metric in two runs, on the utterances for which both have a value. ``left_out`` are the others."""

    kind: Kind
    a: Values
    b: Values
    utterances: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def positive(self) -> bool:
        """Whether every value is above zero, so that a ratio has a meaning."""
        return bool((self.a.each > 0).all() and (self.b.each > 0).all())

    @property
    def constant(self) -> bool:
        """Whether all values are one and the same, so that there is nothing to test."""
        both = np.concatenate([self.a.each, self.b.each])
        return bool((both == both[0]).all())


def pairing(metric: Metric, scope: str, a: Measured, b: Measured) -> Pairing | None:
    """Return a metric's values in two runs, None where no utterance has one in both.

    ``a`` and ``b`` are of completed trials. Only those count that the run's own figure counts: where the metric depends
    on warmth, neither cold nor warm-up.
    """
    ours, theirs = _by_utterance(metric, scope, a), _by_utterance(metric, scope, b)
    shared = tuple(utterance for utterance in ours if utterance in theirs)
    if not shared:
        return None
    left_out = tuple(sorted((ours.keys() | theirs.keys()) - set(shared)))
    first, second = (_values([one[utterance] for utterance in shared]) for one in (ours, theirs))
    return Pairing(metric.kind, first, second, shared, left_out)


def _by_utterance(metric: Metric, scope: str, measured: Measured) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for trial, one in measured.of(metric, scope):
        if metric.cold_apart and (trial.cold or trial.warmup):
            continue
        if one.value is not None:
            found.setdefault(trial.utterance.id, []).append((one.value, 1.0))
        elif one.numerator is not None and one.denominator is not None:
            found.setdefault(trial.utterance.id, []).append((one.numerator, one.denominator))
    return found


def _values(groups: Sequence[Sequence[tuple[float, float]]]) -> Values:
    rows = np.array([pair for group in groups for pair in group], np.float64)
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return Values(rows[:, 0], rows[:, 1], numbers)
