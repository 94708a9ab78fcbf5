import os
from collections.abc import Mapping

import pytest

from harness.metrics import absent, sample
from harness.process import Process
from harness.records import Trial, Visit
from plugins.probes.heap import Heap
from tests import stored


def trial(*readings: tuple[int, Mapping[str, float | None]]) -> Trial:
    """Return a trial in which workers came to rest."""
    seen = tuple(stored.reading("rested", "heap", values, worker) for worker, values in readings)
    return stored.trial(visits=(Visit("asr", "asr", observations=seen),))


def test_figures_are_of_all_workers() -> None:
    """In use and mapped in MiB, and both together as a point of the trend in KiB."""
    first, second = {"used_kib": 1024.0, "mapped_kib": 4096.0}, {"used_kib": 512.0, "mapped_kib": 0.0}
    assert list(Heap(None).measure(trial((0, first), (1, second)))) == [
        sample("memory", "heap_used_mib", 1.5),
        sample("memory", "heap_mapped_mib", 4.0),
        sample("memory", "heap_growth_kib_per_iteration", 5632.0),
    ]


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ([], "no worker came to rest in this trial"),
        (
            [(0, {"used_kib": None, "mapped_kib": None})],
            "neither the C library nor psutil tells what the heap holds",
        ),
    ],
)
def test_what_is_missing_has_its_reason(readings: list[tuple[int, Mapping[str, float | None]]], reason: str) -> None:
    """A C library that tells nothing, and a trial after which no worker rested."""
    names = ("heap_used_mib", "heap_mapped_mib", "heap_growth_kib_per_iteration")
    assert list(Heap(None).measure(trial(*readings))) == [absent("memory", name, reason) for name in names]


def test_the_worker_is_asked_at_rest_alone() -> None:
    """Once, whatever the points before."""
    asked: list[str] = []

    def answer() -> dict[str, int]:
        asked.append("heap")
        return {"used_bytes": 3072, "mapped_bytes": 1024}

    process = Process(os.getpid(), ask_heap=answer)
    try:
        assert [Heap(None).observe(point, process) for point in ("idle", "loaded", "ran", "trimmed")] == [{}] * 4
        assert asked == []
        assert Heap(None).observe("rested", process) == {"used_kib": 3.0, "mapped_kib": 1.0}
    finally:
        process.close()
