from dataclasses import replace

from harness.analysis.legs import Leg, by_leg, first_iterations, legs
from tests import stored


def test_a_run_without_a_seam_has_no_legs() -> None:
    """There is nothing to tell apart."""
    assert legs(stored.run(), stored.trials()) == ()


def test_each_leg_has_its_trials_and_workers() -> None:
    """Also one that did no trial: the run was taken up again, and killed before the first was done."""
    run = stored.run(seams=(stored.seam(1), stored.seam(2, set_aside=0, forced=("threads: 2 -> 4",))))
    first = Leg(leg=0, trials=3, first_trial=0, last_trial=2, workers=(0,), started_at="2026-01-02T03:04:05.000+00:00")
    second = replace(first, leg=1, first_trial=3, last_trial=5, workers=(1,), set_aside=1)
    third = replace(first, leg=2, trials=0, first_trial=None, last_trial=None, workers=(), forced=("threads: 2 -> 4",))
    assert legs(run, stored.legged()) == (
        first,
        replace(second, started_at="2026-01-03T10:00:00.000+00:00", hostname="elsewhere"),
        replace(third, started_at="2026-01-04T10:00:00.000+00:00", hostname="elsewhere"),
    )


def test_trials_by_leg() -> None:
    """In the order of legs, whatever the order of trials; the first iteration of the first leg is always 0."""
    trials = stored.legged()[::-1]
    assert {leg: [trial.index for trial in some] for leg, some in by_leg(trials).items()} == {
        0: [2, 1, 0],
        1: [5, 4, 3],
    }
    assert list(by_leg(trials)) == [0, 1]
    assert first_iterations(stored.legged()[1:]) == {0: 0, 1: 3}
