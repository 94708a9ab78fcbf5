"""Values of two runs by utterance, and runs of one metric, made by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.analysis.comparison.comparability import Side
from harness.analysis.comparison.pairing import Pairing, Values
from harness.analysis.summary import summarise
from harness.metrics import Kind, Measurement, Metric
from harness.records import Trial
from tests import stored
from tests.analysis import made


def values(rows: Sequence[Sequence[float]], below: Sequence[Sequence[float]] | None = None) -> Values:
    """Return values of a run, a row an utterance; ``below`` are the denominators."""
    flat = np.array([value for row in rows for value in row], float)
    under = np.ones(len(flat)) if below is None else np.array([value for row in below for value in row], float)
    return Values(flat, under, np.repeat(np.arange(len(rows)), [len(row) for row in rows]))


def pairs(
    a: Sequence[Sequence[float]], b: Sequence[Sequence[float]], kind: Kind = Kind.SAMPLE, **below: Any
) -> Pairing:
    """Return a pairing of rows of values, a row an utterance."""
    names = tuple(f"u{number}" for number in range(len(a)))
    return Pairing(kind, values(a, below.get("below_a")), values(b, below.get("below_b")), names)


def heard(index: int, *measurements: Measurement, utterance: str = "jfk", **changes: Any) -> Trial:
    """Return a steady trial of an utterance."""
    changes.setdefault("cold", False)
    return made.trial(index, *measurements, utterance=stored.utterance(id=utterance), **changes)


def side(name: str, metrics: Sequence[Metric], trials: Sequence[Trial], **changes: Any) -> Side:
    """Return a run as a comparison reads it."""
    run = made.run(*metrics, **changes)
    return Side(name, run, stored.environment(), tuple(trials), summarise(run, trials).metrics)


def sampled(name: str, metric: Metric, by_utterance: Mapping[str, Sequence[float]], **changes: Any) -> Side:
    """Return a run whose trials have these values of one metric of the stage ``asr``."""
    trials = [
        heard(index, Measurement("asr", metric.name, value=value), utterance=utterance)
        for index, (utterance, value) in enumerate(
            (utterance, value) for utterance, row in by_utterance.items() for value in row
        )
    ]
    return side(name, [metric], trials, **changes)
