"""What tests of the measuring tower share: an utterance, settings for the scripted stages, and one run of them."""

import gc
import logging
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.clock import SystemClock
from harness.config import Settings, StageSettings
from harness.corpus.corpus import decoded
from harness.experiment import Ending, Experiment
from harness.hookspecs import Probe
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Found, Listeners, Registry, discover
from harness.protocol import Protocol
from harness.records import Role, Trial, Utterance
from harness.resuming.begun import Begun
from harness.stopping import Stop

ROOT = Path(__file__).parent.parent
FACTS = JobFacts("run", "2026-01-01T00:00:00+00:00", "0.1.0")

MakeSettings = Callable[..., Settings]
MakePlan = Callable[..., Plan]
RunPlan = Callable[..., "Ran"]


def pytest_collection_finish() -> None:
    """Spare the garbage collector the collected tests: an eighth of the time of a run in this process."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Take away what a test of Hydra's, or a launcher, sets for a program of its own: its streams are closed."""
    root, hydra = logging.getLogger(), logging.getLogger("hydra")
    handlers, levels = list(root.handlers), (root.level, hydra.level)
    yield
    for handler in list(root.handlers):
        if handler not in handlers and type(handler).__module__ in ("logging", "colorlog.colorlog"):
            root.removeHandler(handler)
            handler.close()
    root.setLevel(levels[0])
    hydra.setLevel(levels[1])


@dataclass(frozen=True)
class Ran:
    """One run of the scripted stages: how it ended, and the trials as they stand on disk."""

    ending: Ending
    trials: tuple[Trial, ...]
    folder: Path

    @property
    def pids(self) -> set[int]:
        """Every process that answered a command."""
        return {phase.pid for trial in self.trials for visit in trial.visits for phase in visit.phases}


@pytest.fixture(autouse=True)
def worker_path(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let a worker import the modules of the tests, and a job see no other test's job as its neighbour."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.getbasetemp()))


@pytest.fixture
def utterance(tmp_path: Path) -> Utterance:
    """Return 100 ms of silence in the canonical form, with a reference of three words."""
    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(3200))
    return Utterance("silence", str(path), str(path), 0.1, reference="ask not what")


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return the registry with the scripted stages in it."""
    return discover(["tests.engine.scripted"])


@pytest.fixture
def settings() -> MakeSettings:
    """Return a factory of settings: ``asr`` and ``aligner`` are options, the rest is the protocol's."""

    def make(
        asr: Mapping[str, Any] | None = None, aligner: Mapping[str, Any] | None = None, **protocol: Any
    ) -> Settings:
        small = {"keep_mib": 1.0, "work_mib": 1.0}
        protocol = {"order": ("asr", "aligner"), "iterations": 1, "timeout_s": 30.0, "trim": "never", **protocol}
        options = {"asr": {**small, **(asr or {})}, "aligner": {**small, **(aligner or {})}}
        roles: dict[str, Role] = {"asr": "asr", "aligner": "aligner"}
        stages = tuple(StageSettings(key, roles[key], "scripted", options[key]) for key in protocol["order"])
        return Settings(Protocol(**protocol), stages, {}, {})

    return make


@pytest.fixture
def run_plan(registry: Registry, utterance: Utterance, tmp_path: Path) -> RunPlan:
    """Return a function that runs settings for real: with ``probes``, over ``utterances``, heard by ``listeners``."""

    def run(
        settings: Settings,
        *,
        probes: tuple[type[Probe], ...] = (),
        utterances: int = 1,
        listeners: Mapping[str, object] | None = None,
        registry: Registry = registry,
        change: Callable[[Plan], Plan] = lambda plan: plan,
        begun: Begun = Begun(),  # noqa: B008, it is frozen
        stop: Stop | None = None,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> Ran:
        settings = replace(settings, probes={probe.name: {} for probe in probes})
        known = {**registry.probes, **{probe.name: Found(probe, "tests") for probe in probes}}
        plan = change(make_plan(settings, replace(registry, probes=known), decoded([utterance] * utterances), FACTS))
        folder = tmp_path / "run"
        if not begun.leg:
            store.claim(folder)
        store.write_json(folder / store.RUN, plan.run)
        heard = Listeners()
        for name, listener in [*(listeners or {}).items(), *((probe.name, probe) for probe in plan.probes)]:
            heard.add(listener, name)
        ending = Experiment(plan, heard, folder, SystemClock(), begun=begun, stop=stop, is_ours=is_ours).run()
        return Ran(ending, store.read_run(folder).trials, folder)

    return run
