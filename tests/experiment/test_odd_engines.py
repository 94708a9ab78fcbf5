from collections.abc import Callable

import pytest

from harness.plugins import Registry
from tests.conftest import MakeSettings, RunPlan


@pytest.mark.parametrize(
    ("name", "run", "kind", "message"),
    [
        ("odd_none", "return None", "error", "AttributeError: 'NoneType' object has no attribute 'text'"),
        ("odd_exit", "raise SystemExit(4)", "crashed", "exit status 4"),
        ("odd_memory", "raise MemoryError", "error", "MemoryError"),
        (
            "odd_facts",
            "return Result(facts={'model': object})",
            "error",
            "TypeError: Object of type type is not JSON serializable",
        ),
    ],
)
def test_what_an_engine_may_not_return_is_an_outcome(
    name: str,
    run: str,
    kind: str,
    message: str,
    odd: Callable[..., Registry],
    settings: MakeSettings,
    run_plan: RunPlan,
) -> None:
    """The message says what the engine did."""
    ran = run_plan(settings(order=("asr",)), registry=odd(name, run))
    assert [(trial.outcome.kind, trial.outcome.message) for trial in ran.trials] == [(kind, message)]


def test_text_that_utf8_cannot_hold_does_not_end_the_run(
    odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """A lone surrogate, as ``surrogateescape`` leaves it, costs its own trial at most."""
    registry = odd("odd_surrogate", r"return Result(text='caf\udce9')")
    ran = run_plan(settings(order=("asr",), iterations=2), registry=registry)
    assert [trial.index for trial in ran.trials] == [0, 1]


@pytest.mark.parametrize("residency", ["one_at_a_time", "all_resident"])
def test_an_engine_that_cannot_unload_loses_its_worker(
    residency: str, odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Ending the process frees the model; the trial says so and is whole, and the next one has a new worker."""
    registry = odd(f"odd_stays_{residency}", unload="return False")
    ran = run_plan(settings(iterations=2, residency=residency), registry=registry)
    line = "asr cannot be unloaded; its worker was ended, which frees the model"
    assert [(str(trial.outcome), trial.problems) for trial in ran.trials] == [("ok", (line,))] * 2
    assert ["prepare" in [phase.name for phase in trial.visits[0].phases] for trial in ran.trials] == [True] * 2
