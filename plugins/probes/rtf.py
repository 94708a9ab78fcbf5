"""Latency and speed of each phase, in wall time, against the audio's length, and in CPU time."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Kind, Measurement, Metric, absent, ratio, sample
from harness.records import Phase, Trial, Visit

_DURATIONS = (
    ("start_ms", "start"),
    ("import_ms", "prepare"),
    ("load_ms", "load"),
    ("unload_ms", "unload"),
    ("restart_ms", "restart"),
)
_OF_RUN = ("latency_ms", "rtf", "rtfx", "cpu_rtf", "cores_used")


class Rtf(Probe):
    """Latency, real-time factors, cores used; worker start, import, load, unload and restart time."""

    name = "rtf"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name="latency_ms",
            unit="ms",
            quantity="time",
            main=True,
            description="start of the inference call to its return",
        ),
        Metric(
            name="rtf",
            unit="s/s",
            quantity="time",
            kind=Kind.RATIO,
            format=".3f",
            main=True,
            description="processing seconds / audio seconds",
        ),
        Metric(
            name="rtfx",
            unit="s/s",
            quantity="time",
            kind=Kind.RATIO,
            better="higher",
            format=".2f",
            description="audio seconds / processing seconds",
        ),
        Metric(
            name="cpu_rtf",
            unit="s/s",
            quantity="time",
            kind=Kind.RATIO,
            format=".3f",
            description="(user + system) seconds / audio seconds",
        ),
        Metric(
            name="cores_used",
            unit="cores",
            quantity="time",
            kind=Kind.RATIO,
            better="neither",
            description="CPU seconds / wall seconds of the inference call",
        ),
        Metric(
            name="start_ms",
            unit="ms",
            quantity="time",
            description="the worker's process being made until it listens; only in a trial that started one",
        ),
        Metric(
            name="import_ms",
            unit="ms",
            quantity="time",
            description="the engine's libraries being imported, once per process",
        ),
        Metric(
            name="load_ms",
            unit="ms",
            quantity="time",
            main=True,
            description="the call that loads the model to its return",
        ),
        Metric(
            name="cached_share",
            unit="share",
            quantity="machine",
            better="neither",
            format=".0%",
            main=True,
            description="bytes of the stage's files that the page cache held before the load / all of them",
        ),
        Metric(
            name="unload_ms", unit="ms", quantity="time", description="the call that gives the model back to its return"
        ),
        Metric(
            name="restart_ms",
            unit="ms",
            quantity="time",
            description="the call that forgets earlier requests to its return",
        ),
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Read the stamps of each visit's phases."""
        for visit in trial.visits:
            for name, phase_name in _DURATIONS:
                yield _duration(visit, name, phase_name)
            yield _cached(visit)
            run = visit.phase("run")
            if run is None:
                yield from (absent(visit.stage, name, "nothing was run to its end") for name in _OF_RUN)
            else:
                yield from _of_run(visit.stage, run, trial.utterance.duration_s)


def _duration(visit: Visit, name: str, phase_name: str) -> Measurement:
    phase = visit.phase(phase_name)
    if phase is None:
        reason = "no worker was started" if phase_name == "start" else f"no {phase_name}"
        return absent(visit.stage, name, f"{reason} in this trial")
    return sample(visit.stage, name, phase.duration_s * 1e3)


def _cached(visit: Visit) -> Measurement:
    """Label the load as cold (0 %) or warm (100 %), by what was measured before it."""
    load = visit.phase("load")
    if load is None:
        return absent(visit.stage, "cached_share", "no load in this trial")
    share = load.facts.get("cached_share")
    if isinstance(share, float):
        return sample(visit.stage, "cached_share", share)
    return absent(visit.stage, "cached_share", str(load.facts.get("cached_share_unknown", "it was not looked at")))


def _of_run(stage: str, run: Phase, audio_s: float) -> Iterator[Measurement]:
    yield sample(stage, "latency_ms", run.duration_s * 1e3)
    yield ratio(stage, "rtf", run.duration_s, audio_s)
    yield ratio(stage, "rtfx", audio_s, run.duration_s)
    yield ratio(stage, "cpu_rtf", run.cpu_ns / 1e9, audio_s)
    yield ratio(stage, "cores_used", run.cpu_ns / 1e9, run.duration_s)


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Rtf]
