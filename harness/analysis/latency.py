"""Times of one visit, from the stamps that the worker took beside the engine's call."""

from itertools import pairwise
from statistics import median

from harness.records import Delivery, Phase, Streams, Visit


def ttft_ms(visit: Visit, run: Phase) -> float | None:
    """Time to first token: start of the inference call to the first delivery made while it was going on."""
    first = next((delivery for delivery in visit.deliveries if delivery.at_ns <= run.end_ns), None)
    return (first.at_ns - run.start_ns) / 1e6 if first else None


def inter_chunk_ms(deliveries: tuple[Delivery, ...]) -> float | None:
    """Median gap between two deliveries; None below two."""
    if len(deliveries) < 2:
        return None
    times = [delivery.at_ns for delivery in deliveries]
    return median(later - earlier for earlier, later in pairwise(times)) / 1e6


def chars_per_s(deliveries: tuple[Delivery, ...], streams: Streams) -> float | None:
    """Characters delivered after the first delivery / (t_last - t_first); None below two deliveries.

    Hypotheses replace each other: what was delivered after the first is what the last is longer by, at least 0.
    """
    if len(deliveries) < 2 or deliveries[-1].at_ns == deliveries[0].at_ns:
        return None
    if streams == "hypotheses":
        characters = max(0, len(deliveries[-1].text) - len(deliveries[0].text))
    else:
        characters = sum(len(delivery.text) for delivery in deliveries[1:])
    return characters / ((deliveries[-1].at_ns - deliveries[0].at_ns) / 1e9)
