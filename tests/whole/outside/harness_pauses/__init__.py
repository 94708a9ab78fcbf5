"""A probe that measures pauses: how much of the audio lies between the words that an aligner found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, sample
from harness.records import Trial, Visit


class Pauses(Probe):
    """The sum of the pauses between words."""

    name = "pauses"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="paused_ms",
            unit="ms",
            better="neither",
            main=True,
            cold_apart=False,
            description="sum of the gaps between two words that are not shorter than least_ms",
        ),
    )

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/probe/pauses.yaml``."""

        least_ms: float = 50.0

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Add the gaps of each stage that gives words."""
        for visit in trial.visits:
            if visit.words:
                yield sample(visit.stage, "paused_ms", self._paused_ms(visit))
            else:
                yield absent(visit.stage, "paused_ms", "the stage gives no words")

    def _paused_ms(self, visit: Visit) -> float:
        gaps = (after.start_ms - before.end_ms for before, after in pairwise(visit.words))
        return sum(gap for gap in gaps if gap >= self.options.least_ms)


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Pauses]
