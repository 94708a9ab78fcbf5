"""Time to first token, and the speed after it, of stages that deliver while they work."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from harness.analysis.latency import chars_per_s, inter_chunk_ms, ttft_ms
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, sample
from harness.records import Trial, Visit

_NO_STREAM = "the stage does not stream: it answers all at once"
_NO_RUN = "nothing was run to its end"


class Ttft(Probe):
    """TTFT, gaps between deliveries, characters a second."""

    name = "ttft"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="ttft_ms",
            unit="ms",
            quantity="time",
            main=True,
            description="start of the inference call to the first non-empty text delivered while it works",
        ),
        Metric(name="inter_chunk_ms", unit="ms", quantity="time", description="median gap between two deliveries"),
        Metric(
            name="chars_per_s",
            unit="1/s",
            quantity="time",
            better="higher",
            format=".1f",
            description="characters delivered after the first delivery / (t_last - t_first)",
        ),
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Read the stamps of each visit's deliveries."""
        for visit in trial.visits:
            for name, value in zip(("ttft_ms", "inter_chunk_ms", "chars_per_s"), _values(visit), strict=True):
                if isinstance(value, str):
                    yield absent(visit.stage, name, value)
                else:
                    yield sample(visit.stage, name, value)


def _values(visit: Visit) -> tuple[float | str, float | str, float | str]:
    run = visit.phase("run")
    if visit.streams == "nothing" or run is None:
        reason = _NO_RUN if run is None else _NO_STREAM
        return reason, reason, reason
    first = ttft_ms(visit, run)
    gap = inter_chunk_ms(visit.deliveries)
    speed = chars_per_s(visit.deliveries, visit.streams)
    few = f"{len(visit.deliveries)} deliveries: there is no gap"
    return (
        "nothing was delivered before the call returned" if first is None else first,
        few if gap is None else gap,
        few if speed is None else speed,
    )


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Ttft]
