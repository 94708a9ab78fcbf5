"""How far word times are off, over the words of a run: AAS, bias, coverage, and shares within a tolerance.

AAS is the accumulated average shift (Shi et al., 2023, "Achieving timestamp prediction while recognizing with
non-autoregressive end-to-end ASR model"). It has the factor 1/2 here, so that it is the mean over boundaries; some
published code leaves it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.sampling_unit import Unit, units_of
from harness.analysis.statistics import Interval
from harness.analysis.word_match import ROUNDING_MS, WITHIN_MS, Matched

QUANTILES = 41
"""Points of a distribution that are kept: every 2.5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeErrors:
    """The errors of the ``n`` words that were matched, of ``words``; all in ms, signed ones positive where late.

    Biases are medians over all words. ``within`` are the shares of boundaries that are off by at most each of
    :data:`harness.analysis.word_match.WITHIN_MS`. The interval is that of AAS over ``clusters``; None for fewer than
    three. The quantiles go from the least error to the largest in equal steps, where they were asked for. Without a
    matched word there are counts alone.
    """

    n: int
    words: int
    aas_ms: float | None = None
    interval: Interval | None = None
    clusters: int = 0
    clustered_by: Unit = "utterances"
    start_bias_ms: float | None = None
    end_bias_ms: float | None = None
    bias_ms: float | None = None
    within: tuple[float, ...] = ()
    start_quantiles_ms: tuple[float, ...] = ()
    end_quantiles_ms: tuple[float, ...] = ()

    @property
    def coverage(self) -> float | None:
        """N / words; None where there are none."""
        return self.n / self.words if self.words else None


class ErrorsSoFar:
    """Errors while utterances are added to them."""

    def __init__(self) -> None:
        self._start: list[float] = []
        self._end: list[float] = []
        self._words = 0
        self._spoken: list[tuple[str, str | None]] = []
        self._totals_ms: list[float] = []
        self._boundaries: list[int] = []

    def add(self, matched: Matched, utterance: str, speaker: str | None) -> None:
        """Add what was matched in one trial."""
        self._words += matched.words
        self._start += matched.start_ms
        self._end += matched.end_ms
        if matched.start_ms:
            self._spoken.append((utterance, speaker))
            self._totals_ms.append(matched.total_ms)
            self._boundaries.append(2 * len(matched.start_ms))

    def errors(self, *, quantiles: bool = False) -> TimeErrors:
        """Return what they come to."""
        n = len(self._start)
        if n == 0:
            return TimeErrors(n=0, words=self._words)
        start, end = np.asarray(self._start), np.asarray(self._end)
        both = np.concatenate([start, end])
        clusters = units_of(self._spoken)  # what one person says is alike, and so are an utterance's trials
        steps = np.linspace(0, 1, QUANTILES if quantiles else 0)
        return TimeErrors(
            n=n,
            words=self._words,
            aas_ms=float(np.abs(both).sum() / (2 * n)),
            interval=clusters.interval(self._totals_ms, self._boundaries),
            clusters=clusters.count,
            clustered_by=clusters.unit,
            start_bias_ms=float(np.median(start)),
            end_bias_ms=float(np.median(end)),
            bias_ms=float(np.median(both)),
            within=tuple(float((np.abs(both) <= limit + ROUNDING_MS).mean()) for limit in WITHIN_MS),
            start_quantiles_ms=_rounded(np.quantile(start, steps).tolist()),
            end_quantiles_ms=_rounded(np.quantile(end, steps).tolist()),
        )


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    """Round to what a picture could show; a summary is read by people too."""
    return tuple(round(value, 2) for value in values)
