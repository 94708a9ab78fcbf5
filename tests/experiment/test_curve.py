import signal
import threading
from typing import Any

import pytest

from harness import store
from harness.analysis.curve import sampled_peak_mib
from harness.sampling.curve import read_curve
from tests.conftest import MakeSettings, RunPlan


def test_every_worker_is_sampled_while_it_rests_and_works(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The curve's clock is that of the phases: samples of each worker lie in the call that takes 300 ms."""
    ran = run_plan(settings({"ttft_ms": 300.0}, isolation="stage", sample_hz=100.0))
    curve = read_curve(ran.folder)
    assert curve is not None
    assert curve.workers == (0, 1)
    assert curve.sampling.cost is not None
    assert curve.sampling.cost.samples >= len(curve)
    run = ran.trials[0].visits[0].phase("run")
    assert run is not None
    seen_mib = sampled_peak_mib(curve, 0, run.start_ns, run.end_ns)
    assert seen_mib is not None
    assert seen_mib > 1
    assert ran.ending.problems == []


def test_a_run_without_samples_has_no_curve(settings: MakeSettings, run_plan: RunPlan) -> None:
    """``sample_hz=0`` leaves no file."""
    ran = run_plan(settings(sample_hz=0.0))
    assert not (ran.folder / store.CURVE).exists()
    assert ran.ending.ok


@pytest.mark.parametrize("options", [{"fail": "segv@run"}, {"fail": "interrupt@run"}])
def test_a_run_that_is_cut_short_has_its_curve(
    settings: MakeSettings, run_plan: RunPlan, request: pytest.FixtureRequest, options: dict[str, Any]
) -> None:
    """With its end, and no thread is left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    threads = threading.active_count()
    ran = run_plan(settings(options))
    curve = read_curve(ran.folder)
    assert curve is not None
    assert curve.sampling.cost is not None
    assert (threading.active_count(), ran.ending.ok) == (threads, False)


def test_a_curve_that_cannot_be_written_costs_no_trial(
    settings: MakeSettings, run_plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails in the middle of the run; a line among the problems says so."""

    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.sampling.curve.CurveWriter.add", refuse)
    ran = run_plan(settings(iterations=3))
    assert [str(trial.outcome) for trial in ran.trials] == ["ok"] * 3
    assert ran.ending.ok
    assert ran.ending.problems == ["memory.curve was not written on: No space left on device"]
