"""What is said of an engine that fails as it is told to."""

import re

import pytest

from tests.engine.build import Value
from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, near, shown, values

pytestmark = NEEDS


@pytest.mark.parametrize(
    ("costs", "outcome"),
    [
        ({"fail_load": "no tensors in it"}, r"error: RuntimeError: .*no tensors in it.* in load \(asr\)"),
        ({"fail_run": "media too long"}, r"error: RuntimeError: .*media too long.* in run \(asr\)"),
        ({"bad_option": "--seed"}, r"error: RuntimeError: .*does not know the option '--seed', .* in load \(asr\)"),
        ({"start_result": -1}, r"error: RuntimeError: .*no model in load \(asr\)"),
        ({"input_result": -3}, r"error: RuntimeError: .*takes no input in run \(asr\)"),
        ({"destroy_result": -1}, r"error: RuntimeError: .*refused to unload with -1.* in unload \(asr\)"),
        ({"deaf": 1}, r"error: RuntimeError: .*never reached the model.* in run \(asr\)"),
        ({"hang_in": "run"}, r"timeout in run after 1 s \(asr\)"),
        ({"exit_in": "load", "exit_status": 3}, r"crashed: exit status 3 in load \(asr\)"),
    ],
)
def test_a_failure_is_the_outcome_of_every_trial(costs: dict[str, Value], outcome: str, alone: Run) -> None:
    """It says what the engine said, and a next trial begins with a worker of its own."""
    ran = alone("iterations=2", "timeout_s=1", **costs)
    assert ran.status == 1
    assert len(shown(ran)) == 2
    assert all(re.fullmatch(outcome, line) for line in shown(ran)), shown(ran)
    assert ran.summary["metrics"]["asr.load_overhead_mib"]["value"] is None


@pytest.mark.parametrize("phase", ["load", "run", "unload"])
@pytest.mark.parametrize("name", ["SEGV", "ABRT"])
def test_a_crash_costs_its_trial_alone(name: str, phase: str, alone: Run) -> None:
    """The signal is named, and the figures of the others stand."""
    ran = alone(crash_in=phase, crash_signal=name, fault_after=1, keep_mib=24)
    assert (ran.status, ran.outcomes) == (1, ["ok", "crashed", "ok"])
    assert shown(ran) == [f"crashed: SIG{name} in {phase} (asr)"]
    assert ran.summary["metrics"]["asr.load_overhead_mib"]["median"] == near(24)


def test_a_build_that_takes_no_audio_says_so(alone: Run) -> None:
    """The outcome names the date, and what to do."""
    ran = alone("iterations=1", build=("OLD_ASR",))
    (line,) = shown(ran)
    assert "refused the input with -1" in line
    assert "before February 2026" in line


def test_a_build_that_cannot_unload_loses_its_worker(chain: Run) -> None:
    """Every trial is done, each says that its workers were ended, and one model at a time holds."""
    ran = chain("iterations=2", build=("NO_DESTROY",), asr={"keep_mib": 24}, aligner={"keep_mib": 16})
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    for trial in ran.trials:
        said = [
            f"{stage} cannot be unloaded; its worker was ended, which frees the model" for stage in ("asr", "aligner")
        ]
        assert trial["problems"] == said
        assert trial["most_loaded"] == 1
    assert values(ran, "load_overhead_mib") == [near(24)] * 2
    assert values(ran, "load_overhead_mib", "aligner") == [near(16)] * 2
