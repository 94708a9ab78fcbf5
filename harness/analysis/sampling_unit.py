"""What of a corpus varies by chance: speakers where they are known, else utterances, never trials of one utterance.

The text of an utterance is the same in every iteration, or nearly; its trials say nothing of other utterances. So an
interval of an error rate draws whole utterances (Bisani and Ney, 2004, "Bootstrap estimates for confidence intervals in
ASR performance evaluation"), and where the speakers are known whole speakers with all that they said, for what one
speaker says is alike (the cluster bootstrap: Field and Welsh, 2007, "Bootstrapping clustered data"; Liu and Peng, 2020,
"Statistical testing on ASR performance via blockwise bootstrap").

An interval takes three speakers; a test of two runs' difference (:mod:`harness.analysis.comparison.paired`) six, for
with fewer it can show nothing, whatever they said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.analysis.statistics import MIN_FOR_INTERVAL, Interval, corpus_interval, ratio_interval
from harness.records import Utterance

Unit = Literal["", "trials", "utterances", "speakers"]


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn, how many there are of it, and for each of the values that were given the one it belongs to."""

    unit: Unit
    count: int
    places: tuple[int, ...]

    def interval(self, numerators: Sequence[float], denominators: Sequence[float]) -> Interval | None:
        """Return the interval of sum / sum of those values, drawn by unit; None for fewer than three units.

        Where utterances or speakers are few it is expanded; trials are drawn as they are for any other metric.
        """
        above, below = (
            np.bincount(self.places, values, self.count).tolist() if len(values) else []
            for values in (numerators, denominators)
        )
        return ratio_interval(above, below) if self.unit == "trials" else corpus_interval(above, below)


def by_utterance(utterances: Sequence[Utterance]) -> Units:
    """Return utterances as the units of values that belong to them, one a value, whoever spoke."""
    return units_of([(one.id, None) for one in utterances])


def units(utterances: Sequence[Utterance]) -> Units:
    """Return the units of values that belong to these utterances, one a value.

    Speakers where each utterance has one and there are at least three of them; else utterances.
    """
    return units_of([(one.id, one.speaker) for one in utterances])


def units_of(spoken: Sequence[tuple[str, str | None]], fewest_speakers: int = MIN_FOR_INTERVAL) -> Units:
    """Return the units of values that belong to utterances of these names and speakers, as :func:`units` does."""
    speakers = {speaker for _, speaker in spoken}
    by_speaker = None not in speakers and len(speakers) >= fewest_speakers
    number: dict[str | None, int] = {}
    places = tuple(number.setdefault(speaker if by_speaker else name, len(number)) for name, speaker in spoken)
    return Units("speakers" if by_speaker else "utterances", len(number), places)
