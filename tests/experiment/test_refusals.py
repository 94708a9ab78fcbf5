from harness.records import Outcome
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.trials import chronicle, visit_of


def test_a_refusal_keeps_worker_and_model(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The trial is refused, its model is given back as planned, and the same worker goes on."""
    ran = run_plan(settings({"fail": "refuse@run@1"}, iterations=3))
    assert [chronicle(trial) for trial in ran.trials] == [
        "Pas0 Las0 Ras0 Uas0 Pal0 Lal0 Ral0 Ual0",
        "Las0 Uas0",
        "Las0 Ras0 Uas0 Lal0 Ral0 Ual0",
    ]
    assert ran.trials[1].outcome == Outcome(
        "refused", "asr", "run", "told to refuse", log_tail=ran.trials[1].outcome.log_tail
    )
    assert str(ran.trials[1].outcome) == "refused: told to refuse in run (asr)"
    assert ran.trials[1].outcome.log_tail[-1] == "harness.stage.Refused: told to refuse"


def test_a_refusal_between_resident_models_does_not_keep_them_over_the_trial(
    settings: MakeSettings, run_plan: RunPlan
) -> None:
    """With lifecycle=recreate no trial is given the model of another one, also after a refusal."""
    ran = run_plan(settings({"fail": "refuse@run@1"}, iterations=3, residency="all_resident"))
    assert [trial.outcome.kind for trial in ran.trials] == ["ok", "refused", "ok"]
    assert [phase.name for phase in visit_of(ran.trials[2], "asr").phases] == ["load", "run", "unload"]


def test_a_refusal_outside_run_is_a_failure(settings: MakeSettings, run_plan: RunPlan) -> None:
    """What was not loaded is not run: the first fault is the outcome, not what follows from it."""
    ran = run_plan(settings({"fail": "refuse@load@1"}, order=("asr",), iterations=3))
    assert [trial.outcome.kind for trial in ran.trials] in (["ok", "error", "ok"], ["ok", "refused", "ok"])
    assert ran.trials[1].outcome.phase == "load"
    assert "run" not in [phase.name for phase in ran.trials[1].visits[0].phases]
