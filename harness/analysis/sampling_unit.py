"""What of a corpus varies by chance: speakers where they are known, else utterances, never trials of one utterance.

The text of an utterance is the same in every iteration, or nearly; its trials say nothing of other utterances. So an
interval of an error rate draws whole utterances (Bisani and Ney, 2004, "Bootstrap estimates for confidence intervals in
ASR performance evaluation"), and where the speakers are known whole speakers with all that they said, for what one
speaker says is alike (the cluster bootstrap: Field and Welsh, 2007, "Bootstrapping clustered data"; Liu and Peng, 2020,
"Statistical testing on ASR performance via blockwise bootstrap").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.analysis.statistics import MIN_FOR_INTERVAL, Interval, ratio_interval
from harness.records import Utterance

Unit = Literal["", "trials", "utterances", "speakers"]


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn, how many there are of it, and for each of the values that were given the one it belongs to."""

    unit: Unit
    count: int
    places: tuple[int, ...]

    def interval(self, numerators: Sequence[float], denominators: Sequence[float]) -> Interval | None:
        """Return the interval of sum / sum of those values, drawn by unit; None for fewer than three units."""
        above, below = (
            np.bincount(self.places, values, self.count).tolist() if len(values) else []
            for values in (numerators, denominators)
        )
        return ratio_interval(above, below)


def by_utterance(utterances: Sequence[Utterance]) -> Units:
    """Return utterances as the units of values that belong to them, one a value, whoever spoke."""
    number: dict[str, int] = {}
    places = tuple(number.setdefault(one.id, len(number)) for one in utterances)
    return Units("utterances", len(number), places)


def units(utterances: Sequence[Utterance]) -> Units:
    """Return the units of values that belong to these utterances, one a value.

    Speakers where each utterance has one and there are at least three of them; else utterances.
    """
    speakers = {utterance.speaker for utterance in utterances}
    if None in speakers or len(speakers) < MIN_FOR_INTERVAL:
        return by_utterance(utterances)
    number: dict[str | None, int] = {}
    places = tuple(number.setdefault(one.speaker, len(number)) for one in utterances)
    return Units("speakers", len(number), places)
