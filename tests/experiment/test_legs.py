"""A run in several legs: stopped by a signal, and taken up again where it was stopped."""

from harness.hookspecs import hookimpl
from harness.records import Trial
from harness.resuming.begun import Begun
from harness.stopping import Stop
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.trials import chronicle, workers


def shape(trials: tuple[Trial, ...]) -> list[tuple[int, int, bool]]:
    """Return index, leg and coldness of each."""
    return [(trial.index, trial.leg, trial.cold) for trial in trials]


def test_after_a_signal_the_trial_in_hand_is_finished(settings: MakeSettings, run_plan: RunPlan) -> None:
    """It is whole, the model is given back, and no other is begun."""
    with Stop() as stop:
        ran = run_plan(settings({"fail": "stop@run@1"}, iterations=4), stop=stop)
    assert [str(trial.outcome) for trial in ran.trials] == ["ok", "ok"]
    assert chronicle(ran.trials[1]) == "Las0 Ras0 Uas0 Lal0 Ral0 Ual0"
    assert (ran.ending.interrupted, ran.ending.ok, ran.ending.outcomes) == (True, False, {"ok": 2})


def test_a_signal_in_the_last_trial_leaves_nothing_to_do(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The run is as whole as without it."""
    with Stop() as stop:
        ran = run_plan(settings({"fail": "stop@run@1"}, iterations=2), stop=stop)
    assert (stop.by, ran.ending.interrupted, ran.ending.ok) == ("SIGINT", False, True)


def test_trials_that_were_begun_together_end_together(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Where one stage goes over all utterances first, those that it has heard are heard by the other stages too."""
    chosen = settings({"fail": "stop@run@1"}, iterations=2, residency="phase_batched")
    with Stop() as stop:
        ran = run_plan(chosen, utterances=3, stop=stop)
    assert [(trial.index, str(trial.outcome)) for trial in ran.trials] == [(0, "ok"), (1, "ok")]
    assert ran.ending.interrupted


def test_a_later_leg_does_what_is_left(settings: MakeSettings, run_plan: RunPlan) -> None:
    """In a new worker with a number of its own, with a cold first trial and warm-up after it; counts go on."""
    chosen = settings(iterations=2, warmup=1, order=("asr",))
    first = run_plan(chosen, utterances=2, begun=Begun(0, frozenset({1, 2, 3})))
    ran = run_plan(chosen, utterances=2, begun=Begun(1, frozenset({0}), 1, {"ok": 1}))
    assert shape(first.trials) == [(0, 0, True)]
    assert shape(ran.trials) == [(0, 0, True), (1, 1, True), (2, 1, False), (3, 1, False)]
    assert [trial.warmup for trial in ran.trials] == [False, False, True, False]
    assert [(trial.iteration, trial.utterance.id) for trial in ran.trials][2:] == [(1, "silence"), (1, "silence")]
    assert workers(ran.trials) == [0, 1, 1, 1]
    assert (ran.ending.outcomes, ran.ending.ok) == ({"ok": 4}, True)


def test_who_has_lost_the_run_writes_nothing_more(settings: MakeSettings, run_plan: RunPlan) -> None:
    """It was taken for dead, and another does the trial that it has in hand; nobody is told of an end."""
    answers, heard = iter([True]), []

    class Listener:
        @hookimpl
        def run_finished(self) -> None:
            heard.append("run_finished")

    ran = run_plan(
        settings(iterations=3, order=("asr",)), listeners={"one": Listener()}, is_ours=lambda: next(answers, False)
    )
    assert [trial.index for trial in ran.trials] == [0]
    assert (ran.ending.interrupted, heard) == (True, [])
