"""How far word times are off, over the words of a run: AAS, bias, coverage, and shares within a tolerance.

AAS is the accumulated average shift (Shi et al., 2023, "Achieving timestamp prediction while recognizing with
non-autoregressive end-to-end ASR model"). It has the factor 1/2 here, so that it is the mean over boundaries; some
published code leaves it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.analysis.statistics import MIN_FOR_INTERVAL, Interval, corpus_interval
from harness.analysis.word_match import Matched

WITHIN_MS = (20, 50, 100, 200)
"""The tolerances whose shares are told."""
_ROUNDING_MS = 1e-6
"""What a difference of times in seconds may be off, in ms."""
QUANTILES = 41
"""Points of a distribution that are kept: every 2.5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeErrors:
    """The errors of the ``n`` words that were matched, of ``words``; all in ms, signed ones positive where late.

    Biases are medians over all words. ``within`` are the shares of boundaries that are off by at most each of
    :data:`WITHIN_MS`. The interval is that of AAS over ``clusters``; None for fewer than three. The quantiles go from
    the least error to the largest in equal steps, where they were asked for. Without a matched word there are counts
    alone.
    """

    n: int
    words: int
    aas_ms: float | None = None
    interval: Interval | None = None
    clusters: int = 0
    clustered_by: Literal["utterances", "speakers"] = "utterances"
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


def total_ms(matched: Matched) -> float:
    """Return the sum of |start error| + |end error|: AAS is this / 2N."""
    return sum(map(abs, matched.start_ms)) + sum(map(abs, matched.end_ms))


def boundaries_within(matched: Matched, tolerance_ms: float) -> int:
    """Count the starts and ends that are off by at most so much."""
    most = tolerance_ms + _ROUNDING_MS
    return sum(abs(error) <= most for error in (*matched.start_ms, *matched.end_ms))


class ErrorsSoFar:
    """Errors while utterances are added to them."""

    def __init__(self) -> None:
        self._start: list[float] = []
        self._end: list[float] = []
        self._words = 0
        self._sums: dict[str, tuple[str | None, float, int]] = {}

    def add(self, matched: Matched, utterance: str, speaker: str | None) -> None:
        """Add what was matched in one trial."""
        self._words += matched.words
        self._start += matched.start_ms
        self._end += matched.end_ms
        _, total, boundaries = self._sums.get(utterance, (speaker, 0.0, 0))
        self._sums[utterance] = speaker, total + total_ms(matched), boundaries + 2 * len(matched.start_ms)

    def errors(self, *, quantiles: bool = False) -> TimeErrors:
        """Return what they come to."""
        n = len(self._start)
        if n == 0:
            return TimeErrors(n=0, words=self._words)
        start, end = np.asarray(self._start), np.asarray(self._end)
        both = np.concatenate([start, end])
        clustered_by, clusters = self._clusters()
        steps = np.linspace(0, 1, QUANTILES if quantiles else 0)
        return TimeErrors(
            n=n,
            words=self._words,
            aas_ms=float(np.abs(both).sum() / (2 * n)),
            interval=corpus_interval([total for total, _ in clusters], [count for _, count in clusters]),
            clusters=len(clusters),
            clustered_by=clustered_by,
            start_bias_ms=float(np.median(start)),
            end_bias_ms=float(np.median(end)),
            bias_ms=float(np.median(both)),
            within=tuple(float((np.abs(both) <= limit + _ROUNDING_MS).mean()) for limit in WITHIN_MS),
            start_quantiles_ms=_rounded(np.quantile(start, steps).tolist()),
            end_quantiles_ms=_rounded(np.quantile(end, steps).tolist()),
        )

    def _clusters(self) -> tuple[Literal["utterances", "speakers"], list[tuple[float, int]]]:
        """Return sums of errors with their boundaries: of each speaker, where there are enough, else each utterance.

        What one person says is alike, and so are an utterance's trials: they are drawn together (Bisani and Ney, 2004).
        """
        timed = [one for one in self._sums.values() if one[2]]
        by_speaker: dict[str, tuple[float, int]] = {}
        for speaker, total, boundaries in timed:
            if speaker is not None:
                before = by_speaker.get(speaker, (0.0, 0))
                by_speaker[speaker] = before[0] + total, before[1] + boundaries
        if len(by_speaker) >= MIN_FOR_INTERVAL and all(speaker is not None for speaker, _, _ in timed):
            return "speakers", list(by_speaker.values())
        return "utterances", [(total, boundaries) for _, total, boundaries in timed]


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    """Round to what a picture could show; a summary is read by people too."""
    return tuple(round(value, 2) for value in values)
