import pytest

from harness.machine.temperature import Thermometer
from tests.conftest import MakeSettings, RunPlan


def test_each_trial_says_how_hot_the_processor_was_as_it_began(
    run_plan: RunPlan, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read once a trial; None where the machine shows nothing."""
    read = iter([51.5, None, 63.0])
    monkeypatch.setattr(Thermometer, "hottest_c", lambda self: next(read))
    ran = run_plan(settings(order=("asr",), iterations=3))
    assert [trial.temperature_c for trial in ran.trials] == [51.5, None, 63.0]
    assert list(read) == []
