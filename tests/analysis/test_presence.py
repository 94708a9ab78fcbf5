from dataclasses import replace

from harness.analysis.presence import Overlap, Presence, Stay, overlaps, presences
from tests import stored
from tests.over_machines import ON_ALPHA, ON_BETA

BEGAN_S = 1767323045.0
"""2026-01-02T03:04:05 in Unix time."""


def test_when_each_leg_was_at_work() -> None:
    """From the first trial's beginning to the last stamp of the last one; a damaged stamp says nothing."""
    one, two, three = stored.trials(3)
    one = replace(one, started_at="2026-01-02T03:04:05.000+00:00")
    two = replace(two, started_at="2026-01-02T03:05:05.000+00:00", visits=two.visits[:1])
    found = presences([one, two, replace(three, started_at="rubbish"), replace(two, leg=1, visits=())])
    asr_s = 0.300 + 2.0 + 0.020 + 2 * 0.001
    assert found == (Presence(0, BEGAN_S, BEGAN_S + 60 + asr_s), Presence(1, BEGAN_S + 60, BEGAN_S + 60))


def test_jobs_that_were_on_one_machine_together() -> None:
    """Not those that follow each other, nor those of two machines; a part of a second is a clock's."""
    stays = [
        Stay("0", ON_ALPHA, 0.0, 10.0),
        Stay("1", ON_ALPHA, 4.0, 20.0),
        Stay("2", ON_BETA, 5.0, 9.0),
        Stay("3", ON_ALPHA, 19.5, 30.0),
        Stay("3", ON_ALPHA, 30.0, 40.0),
        Stay("4", ON_ALPHA, 35.0, 38.0),
    ]
    found = overlaps(stays)
    assert found == (Overlap(ON_ALPHA, "0", "1", 6.0), Overlap(ON_ALPHA, "3", "4", 3.0))
    assert overlaps([Stay("0", ON_ALPHA, 0.0, 9.0), Stay("0", ON_ALPHA, 1.0, 5.0)]) == ()
