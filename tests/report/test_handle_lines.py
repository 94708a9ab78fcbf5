from dataclasses import replace

from harness.analysis.handles import Leaking
from harness.analysis.summary import summarise
from harness.report.handle_lines import handle_lines
from tests import stored


def test_a_line_for_each_leak() -> None:
    """Kind, rate, name, and from how many to how many."""
    found = (Leaking("files", "/tmp/x", 1.0, 3.0, 22.0, 20), Leaking("threads", "pool", 0.25, 1.0, 11.0, 41))
    summary = replace(summarise(stored.run(), stored.trials()), leaking_handles=found)
    assert list(handle_lines(summary)) == [
        "Leak (files): 1 /tmp/x an iteration (3 -> 22 over 20 iterations)",
        "Leak (threads): 0.25 pool an iteration (1 -> 11 over 41 iterations)",
    ]


def test_no_leak_no_line() -> None:
    """Silence is what a run without a leak gets."""
    assert list(handle_lines(summarise(stored.run(), stored.trials()))) == []
