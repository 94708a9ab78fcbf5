from dataclasses import replace

import pytest

from harness.metrics import Measurement, absent, ratio, sample
from harness.records import Phase, Trial
from plugins.probes.rtf import Rtf
from tests import stored

OF_RUN = ("latency_ms", "rtf", "rtfx", "cpu_rtf", "cores_used")


def measure(trial: Trial) -> dict[str, Measurement]:
    """Return the probe's answer by name."""
    return {measurement.name: measurement for measurement in Rtf(None).measure(trial)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("asr.latency_ms", 2000.0),
        ("asr.start_ms", 90.0),
        ("asr.import_ms", 50.0),
        ("asr.load_ms", 300.0),
        ("asr.unload_ms", 20.0),
        ("aligner.latency_ms", 160.0),
        ("aligner.load_ms", 120.0),
        ("aligner.unload_ms", 8.0),
    ],
)
def test_durations(name: str, expected: float) -> None:
    """A duration is the stamp of the return less the stamp of the call, in milliseconds."""
    scope, _, metric = name.partition(".")
    assert measure(stored.trial())[name] == sample(scope, metric, expected)


@pytest.mark.parametrize(
    ("name", "numerator", "denominator"),
    [
        ("asr.rtf", 2.0, 10.0),
        ("asr.rtfx", 10.0, 2.0),
        ("asr.cpu_rtf", 1.9, 10.0),
        ("asr.cores_used", 1.9, 2.0),
        ("aligner.rtf", 0.16, 10.0),
        ("aligner.rtfx", 10.0, 0.16),
        ("aligner.cpu_rtf", 0.15, 10.0),
        ("aligner.cores_used", 0.15, 0.16),
    ],
)
def test_ratios(name: str, numerator: float, denominator: float) -> None:
    """A ratio keeps its numerator and its denominator, in seconds."""
    scope, _, metric = name.partition(".")
    assert measure(stored.trial())[name] == ratio(scope, metric, numerator, denominator)


@pytest.mark.parametrize(
    ("name", "phase"),
    [("asr.restart_ms", "restart"), ("aligner.import_ms", "prepare"), ("aligner.restart_ms", "restart")],
)
def test_phase_that_was_not(name: str, phase: str) -> None:
    """A phase that a trial did not have is absent, by its name."""
    assert measure(stored.trial())[name].reason == f"no {phase} in this trial"


def test_worker_that_was_there_before() -> None:
    """A visit that found its worker has no start."""
    assert measure(stored.trial())["aligner.start_ms"].reason == "no worker was started in this trial"


def test_restart() -> None:
    """A model that stays loaded is restarted, and neither loaded nor unloaded."""
    phases = (Phase("restart", 0, 3 * stored.MS, 0, 0, 1), Phase("run", 0, 500 * stored.MS, 0, 0, 1))
    found = measure(stored.trial(visits=(replace(stored.asr_visit(), phases=phases),)))
    assert found["asr.restart_ms"] == sample("asr", "restart_ms", 3.0)
    assert [found[f"asr.{name}"].reason for name in ("load_ms", "unload_ms")] == [
        "no load in this trial",
        "no unload in this trial",
    ]


@pytest.mark.parametrize("name", OF_RUN)
def test_run_that_did_not_end(name: str) -> None:
    """Where the inference call did not end, its figures are absent and the load's are not."""
    visit = stored.asr_visit()
    visit = replace(visit, phases=tuple(phase for phase in visit.phases if phase.name == "load"))
    found = measure(stored.trial(visits=(visit,)))
    assert found[f"asr.{name}"] == absent("asr", name, "nothing was run to its end")
    assert found["asr.load_ms"].value == 300.0


def test_audio_without_length() -> None:
    """Nothing is divided by audio of no length; what does not need the length stays."""
    found = measure(stored.trial(utterance=stored.utterance(duration_s=0.0)))
    assert [found[f"asr.{name}"].reason for name in ("rtf", "cpu_rtf")] == ["the denominator is 0"] * 2
    assert found["asr.latency_ms"].value == 2000.0
    assert found["asr.cores_used"] == ratio("asr", "cores_used", 1.9, 2.0)


def test_the_last_phase_of_a_name_counts() -> None:
    """A stage that ran twice in a visit is judged by its last call."""
    phases = (Phase("run", 0, 9 * stored.MS, 0, 0, 1), Phase("run", 0, 4 * stored.MS, 0, 0, 1))
    found = measure(stored.trial(visits=(replace(stored.asr_visit(), phases=phases),)))
    assert found["asr.latency_ms"] == sample("asr", "latency_ms", 4.0)


def test_no_time_at_all() -> None:
    """A call that took no nanosecond has an RTF of 0 that was measured, and no RTFx."""
    visit = replace(stored.asr_visit(), phases=(Phase("run", 7, 7, 0, 0, 1),))
    found = measure(stored.trial(visits=(visit,)))
    assert found["asr.rtf"] == ratio("asr", "rtf", 0.0, 10.0)
    assert [found[f"asr.{name}"].reason for name in ("rtfx", "cores_used")] == ["the denominator is 0"] * 2


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"cached_share": 0.25}, sample("asr", "cached_share", 0.25)),
        ({"cached_share": 0.0}, sample("asr", "cached_share", 0.0)),
        ({"cached_share_unknown": "why"}, absent("asr", "cached_share", "why")),
        ({}, absent("asr", "cached_share", "it was not looked at")),
    ],
)
def test_how_much_was_cached(facts: dict[str, object], expected: Measurement) -> None:
    """What was measured before the load, or why it is not known; a run that is older than the metric has neither."""
    visit = stored.asr_visit()
    phases = tuple(replace(phase, facts=facts) if phase.name == "load" else phase for phase in visit.phases)
    assert measure(stored.trial(visits=(replace(visit, phases=phases),)))["asr.cached_share"] == expected


def test_nothing_was_cached_for_a_model_that_was_loaded_before() -> None:
    """There is no load to label."""
    visit = replace(stored.asr_visit(), phases=(Phase("run", 0, 500 * stored.MS, 0, 0, 1),))
    assert measure(stored.trial(visits=(visit,)))["asr.cached_share"].reason == "no load in this trial"
