"""Every hook, grouped by when it fires. This file is the documentation of how to listen to a run.

A listener is any object with methods of these names that are marked with :data:`hookimpl`. A probe is a listener that
also has ``name``, ``metrics`` and ``Options`` (:class:`Probe`); an exporter is a listener that has ``name``,
``Options`` and ``run_finished`` (:class:`Exporter`). Hooks run in the supervisor, never in the measured process.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import pluggy

from harness.metrics import Measurement, Metric
from harness.normalizer import Normalizer
from harness.process import Process
from harness.records import Run, Trial
from harness.stage import Stage

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")

POINTS = ("idle", "prepared", "before_load", "loaded", "before_run", "ran", "unloaded", "trimmed", "rested")
"""Where ``observe`` fires; each is a moment at which the worker waits for its next command.

``idle``: a fresh worker, before any engine. ``prepared``: the engine's libraries are in. ``before_load`` and
``loaded`` stand around the load; ``before_run`` and ``ran`` around each inference; ``unloaded`` follows the unload,
``trimmed`` a heap trim. ``rested`` comes last, once an iteration for each live worker: it has nothing more to do in
this iteration, and is told to leave afterwards, where it leaves. It belongs to the last visit that used the worker.
Readings that take more than some microseconds, and those that are asked of the worker itself, belong there, or to the
first two points, where nothing has been loaded yet.
"""


class Probe:
    """A measurement. A subclass adds any of ``observe`` and ``measure``, marked with :data:`hookimpl`."""

    name: ClassVar[str]
    """The registered name: the key under ``probe`` in the configuration."""

    metrics: ClassVar[Sequence[Metric]] = ()
    """Everything that ``measure`` may report."""

    @dataclass(frozen=True)
    class Options:
        """The keys that the probe's YAML may have, with their types."""

    def __init__(self, options: Any) -> None:
        self.options = options

    def recorded(self) -> Mapping[str, Any]:
        """Return what the run's record says of this probe: its options, and what may change behind their names."""
        return asdict(self.options)


class Exporter:
    """Hands a finished run on. A subclass adds ``run_finished``, marked with :data:`hookimpl`.

    It reads what was stored (:func:`harness.store.read_run`) and writes beside it or where an option says. One that
    raises costs no run: it is named in a warning.
    """

    name: ClassVar[str]
    """The registered name: the key under ``exporter`` in the configuration."""

    @dataclass(frozen=True)
    class Options:
        """The keys that the exporter's YAML may have, with their types."""

    def __init__(self, options: Any) -> None:
        self.options = options

    def preflight(self) -> None:
        """Check what it needs, before the first worker. Raises :class:`harness.stage.Unusable`: the user reads a line.

        A package that an extra brings is looked for here (``importlib.util.find_spec``), and imported in
        ``run_finished``.
        """


# --- finding plugins: once, before the configuration is read --------------------------------------------------


@hookspec
def harness_stages() -> Sequence[type[Stage]]:  # type: ignore[empty-body]
    """Return the stage classes that a plugin holds. Called once."""


@hookspec
def harness_probes() -> Sequence[type[Probe]]:  # type: ignore[empty-body]
    """Return the probe classes that a plugin holds. Called once."""


@hookspec
def harness_exporters() -> Sequence[type[Exporter]]:  # type: ignore[empty-body]
    """Return the exporter classes that a plugin holds. Called once."""


@hookspec
def harness_normalizers() -> Sequence[Normalizer]:  # type: ignore[empty-body]
    """Return the text normalisers that a plugin holds. Called once."""


# --- a run: listeners and probes -------------------------------------------------------------------------------


@hookspec
def run_started(run: Run, folder: Path) -> None:
    """Hear that a run begins. Fires once, before the first worker is started.

    ``run`` says what will be done, ``folder`` is the run's folder, which exists.
    """


@hookspec
def phase_started(trial: int, stage: str, phase: str) -> None:
    """Hear that a command is about to be sent. Fires before each of a trial's commands.

    ``trial`` counts from 0, ``stage`` is a key of the configuration, ``phase`` a name of
    :class:`harness.records.Phase`. The worker is at rest until this returns.
    """


@hookspec
def observe(point: str, process: Process) -> Mapping[str, float | None]:  # type: ignore[empty-body]
    """Read the worker's counters from outside. Fires at each of :data:`POINTS`; the worker is at rest.

    Returns raw counters by name, the unit in the name (``rss_kib``); None for one that this machine lacks. They are
    stored with the trial. Whoever reads the peak gets that of the time since the last point: the supervisor resets
    the kernel's high-water mark after every point.
    """


@hookspec
def measure(trial: Trial) -> Iterable[Measurement]:  # type: ignore[empty-body]
    """Derive values from one finished trial. Fires once a trial, whatever its outcome.

    A pure function of the record: it may be called again years later on a stored trial. What cannot be told is
    :func:`harness.metrics.absent` with a reason, never 0.
    """


@hookspec
def trial_finished(trial: Trial) -> None:
    """Hear that a trial is over and on disk. Fires once a trial, measurements included."""


@hookspec
def run_finished(run: Run, folder: Path) -> None:
    """Hear that the last trial is over, or that the run was stopped. Fires once; every trial is on disk.

    The workers have ended. The summary is not written yet (:func:`harness.analysis.stored_summary.read_summary` makes
    it), and the hashes of models are not in ``environment.json``.
    """
