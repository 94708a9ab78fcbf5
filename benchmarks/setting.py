"""What every benchmark is given: how much to do, and where to leave files while it does."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.config import Settings, StageSettings, builtin_folder
from harness.corpus.corpus import decoded
from harness.corpus.recording import utterances
from harness.hookspecs import Probe
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Listeners, Registry, discover
from harness.protocol import Protocol
from harness.records import Role, Utterance

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: measured processes find the scripted engine of the tests from here."""

_ENGINE = "pocketsphinx"
"""The shipped engine that needs no weights."""
_OUR_PLUGINS = "plugins."
_DATASET = {"audio": "samples/jfk.wav", "transcript": "samples/jfk.txt"}


@dataclass(frozen=True, slots=True)
class Setting:
    """How much to do (``small``: everything once, to show that it works) and the folder of all outputs.

    ``engine`` and ``utterances`` are those of the corpus: the name of an ASR that is installed, and how many there are.
    """

    small: bool
    outputs: Path
    engine: str = _ENGINE
    utterances: int = 500

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Yield a new folder on the disk that runs are written to, not in memory; it is removed afterwards."""
        with tempfile.TemporaryDirectory(dir=self.outputs, prefix=".scratch-") as folder:
            yield Path(folder)


def utterance() -> Utterance:
    """Return the recording that is shipped."""
    return utterances(_DATASET, builtin_folder("samples").parent)[0]


def plan_of(role: Role, iterations: int, *, every_probe: bool = False) -> Plan:
    """Return the plan of a run of the shipped engine in one role, with the default probes or with all that ship."""
    registry = discover()
    settings = Settings(
        protocol=Protocol(order=(role,), iterations=iterations, timeout_s=120.0),
        stages=(StageSettings(role, role, _ENGINE, {}),),
        probes={name: {} for name in (_shipped(registry) if every_probe else default_probes())},
        dataset=_DATASET,
    )
    return make_plan(settings, registry, decoded([utterance()]), JobFacts("benchmark", "", "", ()))


def default_probes() -> list[str]:
    """Return the probes that watch where the command line chooses none."""
    configured = yaml.safe_load((builtin_folder("conf") / "config.yaml").read_text(encoding="utf-8"))
    (names,) = [choice["probe"] for choice in configured["defaults"] if "probe" in choice]
    return list(names)


def observers(plan: Plan) -> Listeners:
    """Return the probes of a plan, ready to observe."""
    listeners = Listeners()
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    return listeners


def stage_modules() -> list[str]:
    """Return the modules of all shipped stages."""
    found = (stage.cls.__module__ for stage in discover().stages.values())
    return sorted({module for module in found if module.startswith(_OUR_PLUGINS)})


def _shipped(registry: Registry) -> Iterator[str]:
    for name, found in registry.probes.items():
        probe: type[Probe] = found.cls
        if probe.__module__.startswith(_OUR_PLUGINS):
            yield name
