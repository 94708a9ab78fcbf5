from dataclasses import replace

from harness.analysis.lacking import lacking
from harness.records import Observation, Visit
from tests import stored


def test_a_machine_that_has_everything() -> None:
    """No note."""
    assert list(lacking(stored.trials())) == []
    assert list(lacking([])) == []


def test_counters_that_were_never_read_are_named() -> None:
    """By probe, in the order of their names; one that was read once, wherever, is there."""
    seen = (
        Observation("idle", 0, "rss", 0, {"rss_kib": 1.0, "peak_kib": None, "anon_kib": None, "swap_kib": None}),
        Observation("rested", 1, "heap", 0, {"used_kib": None}),
        Observation("rested", 1, "handles", 0, {"threads": 1.0}),
    )
    later = Observation("loaded", 2, "rss", 0, {"rss_kib": 1.0, "peak_kib": 5.0, "anon_kib": None})
    first = replace(stored.trial(0), visits=(Visit("asr", "asr", observations=seen),))
    second = replace(stored.trial(1), visits=(Visit("aligner", "aligner", observations=(later,)),))
    assert list(lacking([first, second])) == [
        "counters that this machine does not have: heap: used_kib; rss: anon_kib, swap_kib"
    ]
