import os
from collections.abc import Mapping

import pytest

from harness.metrics import absent, sample
from harness.process import Process
from harness.records import Trial, Visit
from plugins.probes.pss import Pss
from tests import stored


def trial(*readings: tuple[int, Mapping[str, float | None]]) -> Trial:
    """Return a trial in which workers came to rest."""
    seen = tuple(stored.reading("rested", "pss", values, worker) for worker, values in readings)
    return stored.trial(visits=(Visit("asr", "asr", observations=seen),))


def test_figures_are_of_all_workers() -> None:
    """In MiB; what ending both would free is the sum."""
    first = {"pss_kib": 2048.0, "uss_kib": 1024.0, "swap_pss_kib": 0.0}
    second = {"pss_kib": 1024.0, "uss_kib": 512.0, "swap_pss_kib": 256.0}
    assert list(Pss(None).measure(trial((0, first), (1, second)))) == [
        sample("memory", "pss_mib", 3.0),
        sample("memory", "uss_mib", 1.5),
        sample("memory", "swap_pss_mib", 0.25),
    ]


def test_what_is_missing_has_its_reason() -> None:
    """A machine without PSS, and a trial after which no worker rested."""
    found = list(Pss(None).measure(trial((0, {"pss_kib": None, "uss_kib": 1024.0, "swap_pss_kib": None}))))
    assert found[0] == absent("memory", "pss_mib", "this machine has no pss for another process")
    assert found[1] == sample("memory", "uss_mib", 1.0)
    reason = "no worker came to rest in this trial"
    names = ("pss_mib", "uss_mib", "swap_pss_mib")
    assert list(Pss(None).measure(trial())) == [absent("memory", name, reason) for name in names]


@pytest.mark.parametrize("point", ["before_load", "ran", "unloaded", "trimmed"])
def test_page_tables_are_walked_at_rest_alone(point: str) -> None:
    """It takes milliseconds."""
    process = Process(os.getpid())
    try:
        assert Pss(None).observe(point, process) == {}
        assert set(Pss(None).observe("rested", process)) == {"pss_kib", "uss_kib", "swap_pss_kib"}
    finally:
        process.close()
