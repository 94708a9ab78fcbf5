from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from harness.experiment import Ending
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, absent, constant, sample
from harness.process import Process
from harness.records import Outcome, Trial
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.probes import Steady

KIND = "expected a value of the kind sample"


class Blind(Steady):
    """Fails while it observes a loaded model."""

    name = "blind"

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Fail at one point."""
        if point == "loaded":
            raise RuntimeError("no light")
        return {"seen": 1.0}


class Torn(Steady):
    """Fails after its first value."""

    name = "torn"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give one value, then fail."""
        yield sample("asr", "one", 1.0)
        raise ZeroDivisionError("division by zero")


class Undeclared(Steady):
    """Reports a metric that it does not declare."""

    name = "undeclared"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a value to a metric of nobody's."""
        yield sample("asr", "three", 3.0)


class OfAnotherKind(Steady):
    """Reports a text for a metric that is a number."""

    name = "other"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give a text."""
        yield constant("asr", "one", "one")


class Endless(Steady):
    """Reports a number that JSON does not have."""

    name = "endless"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Give infinity."""
        yield sample("asr", "one", float("inf"))


class Bare(Steady):
    """Reports a number in place of a measurement."""

    name = "bare"

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Any]:
        """Give a bare number."""
        yield 3.5


@pytest.mark.parametrize(
    ("probe", "problems"),
    [
        (Blind, ("blind failed in observe at loaded: RuntimeError: no light",) * 2),
        (Torn, ("torn failed in measure: ZeroDivisionError: division by zero",)),
        (
            Undeclared,
            (
                "undeclared failed in measure: ValueError: found the metric 'three', expected one that it declares: "
                "['one', 'two']",
            ),
        ),
        (
            OfAnotherKind,
            (f"other failed in measure: ValueError: found {constant('asr', 'one', 'one')!r}, {KIND}",),
        ),
        (
            Endless,
            (f"endless failed in measure: ValueError: found {sample('asr', 'one', float('inf'))!r}, {KIND}",),
        ),
        (Bare, ("bare failed in measure: TypeError: found 3.5, expected a Measurement",)),
    ],
)
def test_a_probe_that_fails_has_no_values_and_disturbs_nobody(
    probe: type[Probe], problems: tuple[str, ...], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """It names itself in the trial; each of its metrics is absent with the reason, the other probe's are there."""
    ran = run_plan(settings(), probes=(probe, Steady))
    trial = ran.trials[0]
    reason = f"the probe {probe.name} failed"
    assert trial.outcome == Outcome()
    assert trial.problems == problems
    assert list(trial.measurements[:3]) == [
        absent("asr", "one", reason),
        absent("aligner", "one", reason),
        absent("memory", "two", reason),
    ]
    assert list(trial.measurements[3:]) == [
        sample("asr", "one", 1.0),
        sample("aligner", "one", 1.0),
        sample("memory", "two", 2.0),
    ]
    assert ran.ending == Ending(outcomes={"ok": 1}, engines={"asr": {"version": "1"}, "aligner": {"version": "1"}})


def test_a_failed_trial_is_measured_too(settings: MakeSettings, run_plan: RunPlan) -> None:
    """A probe is asked whatever the outcome, about the visits that there were."""
    ran = run_plan(settings({"fail": "raise@run"}), probes=(Steady,))
    assert list(ran.trials[0].measurements) == [sample("asr", "one", 1.0), sample("memory", "two", 2.0)]
