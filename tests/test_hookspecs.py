import inspect
import re
from collections.abc import Mapping

import pytest

from harness import hookspecs
from harness.hookspecs import POINTS, Probe, hookimpl
from harness.process import Process
from tests.conftest import MakeSettings, RunPlan

HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "harness_spec")}
SAID_BY_ITS_TEXT = {
    ("observe", "point"): "POINTS",
    ("observe", "process"): "the worker's counters",
    ("measure", "trial"): "one finished trial",
    ("trial_finished", "trial"): "a trial is over",
    ("run_finished", "run"): "the run was stopped",
    ("run_finished", "folder"): "every trial is on disk",
}


def test_these_are_the_hooks() -> None:
    """A new one is documented, tested and told of."""
    assert sorted(HOOKS) == [
        "harness_exporters",
        "harness_normalizers",
        "harness_probes",
        "harness_stages",
        "measure",
        "observe",
        "phase_started",
        "run_finished",
        "run_started",
        "trial_finished",
    ]


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_every_hook_is_documented_with_its_arguments(name: str) -> None:
    """Each argument by its name, or by words that leave no doubt; and how often the hook fires."""
    text = " ".join((inspect.getdoc(HOOKS[name]) or "").split())
    assert re.search(r"[Ff]ires|Called once", text)
    for argument in inspect.signature(HOOKS[name]).parameters:
        assert f"``{argument}``" in text or SAID_BY_ITS_TEXT[name, argument] in text


def test_every_point_is_documented() -> None:
    """The words below the constant name each."""
    source = inspect.getsource(hookspecs)
    documented = source.partition("POINTS = ")[2].split('"""')[1]
    assert re.findall(r"``(\w+)``", documented.partition("is a moment")[2]) == list(POINTS)


class Points(Probe):
    """Notes where it is asked."""

    name = "points"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Give a value, so that the observation is kept."""
        return {"pid": float(process.pid)}


def test_the_points_are_those_that_fire_in_that_order(settings: MakeSettings, run_plan: RunPlan) -> None:
    """One stage, once, with a trim."""
    ran = run_plan(settings(order=("asr",), trim="end"), probes=(Points,))
    assert tuple(one.point for one in ran.trials[0].visits[0].observations) == POINTS


def test_a_probe_has_no_options_and_no_metrics_unless_it_says_so() -> None:
    """The smallest probe is a class with a name."""

    class Small(Probe):
        name = "small"

    small = Small(Small.Options())
    assert (small.metrics, small.options) == ((), Probe.Options())
