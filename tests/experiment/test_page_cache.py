from collections.abc import Callable
from pathlib import Path

from harness.plugins import Registry
from tests.conftest import MakeSettings, RunPlan


def test_files_that_are_named_by_the_load_count_from_the_second_on(
    odd: Callable[..., Registry], settings: MakeSettings, run_plan: RunPlan, tmp_path: Path
) -> None:
    """Nothing is known of them before; the first trial says so, and what the engine said of itself is as it was."""
    file = tmp_path / "model.bin"
    file.write_bytes(b"model" * 10_000)
    facts = {"files": [str(file)]}
    registry = odd("odd_late", load=f"return {facts}")
    ran = run_plan(settings(order=("asr",), iterations=3, page_cache="warm"), registry=registry)
    found = [phase.facts for trial in ran.trials for phase in trial.visits[0].phases if phase.name == "load"]
    why = "the stage had named no file before its load"
    assert found == [{**facts, "cached_share_unknown": why}, *[{**facts, "cached_share": 1.0}] * 2]
    assert [trial.problems for trial in ran.trials] == [(f"page_cache=warm: {why} (asr)",), (), ()]
    assert ran.ending.engines == {"asr": facts}
