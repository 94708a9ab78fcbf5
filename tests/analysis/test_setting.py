from dataclasses import replace

import pytest

from harness.analysis.setting import Setting, StageSetting, setting_of
from harness.records import Run
from tests import stored


def run(**options: object) -> Run:
    """Return the hand-made run, its ASR with these options and its aligner without any."""
    made = stored.run()
    asr, aligner = made.stages
    return replace(made, stages=(replace(asr, uses_threads=True, options=options), aligner))


def test_stages() -> None:
    """A stage's own option stands above the run's key; one without a context length has none."""
    found = setting_of(run(threads=12, context_length=8192), stored.environment())
    assert found == Setting(
        (StageSetting("asr", "madeup", True, 12, 8192), StageSetting("aligner", "madeup", False, 2)), 2
    )


@pytest.mark.parametrize("options", [{}, {"threads": None, "context_length": None}, {"threads": True}])
def test_options_that_say_nothing(options: dict[str, object]) -> None:
    """Without a value of its own the stage has the run's threads, and no context length."""
    assert setting_of(run(**options), None) == Setting(
        (StageSetting("asr", "madeup", True, 2), StageSetting("aligner", "madeup", False, 2)), None
    )


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000", 2), ("150000 100000", 1.5), ("800000 100000", 2), ("", 2), ("rubbish", 2), ("100000 0", 2)],
)
def test_usable_cores(limit: str, cores: float) -> None:
    """What the scheduler may use, or the share that the control group grants where that is less."""
    assert setting_of(run(), stored.environment(limits={"cpu.max": limit})).usable_cores == cores


def test_stage() -> None:
    """A stage is found by its key."""
    found = setting_of(run(), None)
    assert (found.stage("asr"), found.stage("other")) == (found.stages[0], None)
