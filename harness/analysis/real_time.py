"""How long a corpus takes beside how long it lasts: RTF as a sum, and how the utterances are distributed about it.

A sum answers how long the whole corpus takes, and its interval is a bootstrap over utterances: another corpus has
others. The distribution, an utterance a value (the median of its trials), answers how long one will take: a mean of 0.5
with every tenth utterance above 1 is no live system.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from harness.analysis.ledger import steady
from harness.analysis.statistics import MIN_FOR_INTERVAL, Interval, Spread, corpus_interval, spread
from harness.records import Run, Trial

MIN_UTTERANCES = MIN_FOR_INTERVAL
"""Of fewer a distribution says nothing."""
_RTF = "rtf"


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceTime:
    """One utterance: how long it lasts, and the seconds that each of its steady trials took for it."""

    audio_s: float
    took_s: Sequence[float]

    @property
    def median_s(self) -> float:
        """The median of its trials."""
        return median(self.took_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTime:
    """A stage's speed over the utterances of steady trials.

    ``rtf`` is sum / sum over all trials, its 95 % ``interval`` a bootstrap over utterances. ``by_utterance`` is the
    distribution of the utterances' own factors; ``slower`` counts those that took longer than they last.
    """

    utterances: int
    rtf: float
    interval: Interval | None
    by_utterance: Spread
    slower: int


def real_time(run: Run, trials: Sequence[Trial]) -> Mapping[str, RealTime]:
    """Return each stage's, by its key; of a stage with fewer than three utterances there is none."""
    times = utterance_times(trials)
    stages = (stage for stage in run.protocol.order if len(times.get(stage, ())) >= MIN_UTTERANCES)
    return {stage: _real_time(list(times[stage].values())) for stage in stages}


def utterance_times(trials: Iterable[Trial]) -> Mapping[str, Mapping[str, UtteranceTime]]:
    """Return what the steady trials of each utterance took, by stage and utterance."""
    took: dict[str, dict[str, tuple[float, list[float]]]] = {}
    for trial in steady(trials):
        for one in trial.measurements:
            if one.metric == _RTF and one.numerator is not None and one.denominator:
                by_utterance = took.setdefault(one.scope, {})
                by_utterance.setdefault(trial.utterance.id, (one.denominator, []))[1].append(one.numerator)
    return {
        stage: {name: UtteranceTime(audio_s=audio_s, took_s=found) for name, (audio_s, found) in by_utterance.items()}
        for stage, by_utterance in took.items()
    }


def _real_time(times: Sequence[UtteranceTime]) -> RealTime:
    took_s = [sum(one.took_s) for one in times]
    audio_s = [one.audio_s * len(one.took_s) for one in times]
    factors = [one.median_s / one.audio_s for one in times]
    return RealTime(
        utterances=len(times),
        rtf=sum(took_s) / sum(audio_s),
        interval=corpus_interval(took_s, audio_s),
        by_utterance=spread(factors),
        slower=sum(factor > 1 for factor in factors),
    )
