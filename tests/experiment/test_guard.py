from typing import Any

import psutil
import pytest

import harness.experiment
from harness.schedule import Action, Command, State, Task, commands
from tests.conftest import MakeSettings, RunPlan


def test_the_guard_refuses_a_second_model(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schedule that forgets to unload is stopped before the load, and the record says so."""
    honest = commands

    def forgetful(protocol: Any, task: Task, following: Task | None, state: State) -> list[Command]:
        wanted = honest(protocol, task, following, state)
        return [command for command in wanted if command.action is not Action.UNLOAD or command.stage != "asr"]

    monkeypatch.setattr(harness.experiment, "commands", forgetful)
    ran = run_plan(settings())
    outcome = ran.trials[0].outcome
    assert (outcome.kind, outcome.stage, outcome.phase) == ("guard", "aligner", "load")
    assert outcome.message == "residency=one_at_a_time: aligner was to be loaded while asr is"
    assert ran.trials[0].most_loaded == 1
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


@pytest.mark.parametrize(("residency", "most"), [("one_at_a_time", 1), ("phase_batched", 1), ("all_resident", 2)])
def test_most_loaded_is_what_the_residency_allows(
    residency: str, most: int, settings: MakeSettings, run_plan: RunPlan
) -> None:
    """The record proves the residency by the worker's own account."""
    ran = run_plan(settings(residency=residency))
    assert [trial.most_loaded for trial in ran.trials] == [most]
