"""What a run leaves behind: frozen records, raw values, no verbs.

Times are integer nanoseconds of the machine's monotonic clock unless the name says otherwise; a counter's unit is
in its name. What goes to a stage and comes from it stands in :mod:`harness.exchange`, which is all of this that the
measured process imports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.exchange import ROLES as ROLES
from harness.exchange import Role as Role
from harness.exchange import Streams as Streams
from harness.exchange import Word as Word
from harness.machine.allocation import Allocation
from harness.machine.noise import Noise
from harness.metrics import Measurement, Metric
from harness.protocol import Budgets, Fit, Protocol

SCHEMA = 3
"""Version of the shape of ``run.json``, ``environment.json``, ``trials.jsonl`` and ``summary.json``."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One piece of audio with what was said in it.

    ``audio`` is what the user named, ``canonical`` the 16 kHz mono PCM file that the engines are given.
    ``reference`` is the transcript, or None with the reason in ``no_reference``. ``recording`` names what it is a chunk
    of (itself, where it is whole), and ``offset_s`` says where in that it begins. ``speaker`` and ``language``
    (a BCP 47 tag) are None where the dataset does not say; ``reference_words`` are when each word is spoken, from the
    utterance's start, by whoever made the reference; ``synthetic`` says how speech was made that nobody spoke so.
    """

    id: str
    audio: str
    canonical: str
    duration_s: float
    reference: str | None = None
    no_reference: str | None = None
    recording: str = ""
    offset_s: float = 0.0
    speaker: str | None = None
    language: str | None = None
    reference_words: tuple[Word, ...] = ()
    synthetic: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A text that a streaming engine handed over while it was still working."""

    at_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One command that the worker carried out: stamps taken beside the engine's call. Or the worker's own start.

    ``name`` is ``prepare``, ``load``, ``restart``, ``run``, ``unload`` or ``trim``; or ``start``, which lasts from just
    before the process is made to the moment at which it listens for its first command, stands first in the visit for
    which the worker was started, and may begin before the trial, for a run's first worker is started ahead of it.
    ``cpu_ns`` is user and system time of the whole process in the call. ``loaded`` names the models that the worker
    held afterwards, by its own account.
    ``worker`` counts the measured processes of the run from 0, ``pid`` is the process. Page faults (minor:
    no file was read for it), context switches and reads from a disk (Linux: in blocks of 512 bytes) are those of the
    whole process in the call; None where the platform does not count them.
    """

    name: str
    start_ns: int
    end_ns: int
    cpu_ns: int
    worker: int
    pid: int
    loaded: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    minor_faults: int | None = None
    major_faults: int | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    block_reads: int | None = None

    @property
    def duration_s(self) -> float:
        """Seconds from the call to its return."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True, slots=True)
class Observation:
    """What one probe read from outside while the worker stood still.

    ``point`` is one of :data:`harness.hookspecs.POINTS`. A counter that this machine does not have is None.
    """

    point: str
    at_ns: int
    probe: str
    worker: int
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Visit:
    """One stage's part in a trial, from before its load to after its unload.

    ``text_from`` says where an aligner's text came from: a stage's key, or ``reference``; ``text_given`` is that text
    after :func:`harness.spoken_text.spoken_text`, None where that changed nothing. ``phases`` and ``observations`` are
    in the order in which they happened.
    """

    stage: str
    role: Role
    streams: Streams = "nothing"
    text_from: str | None = None
    phases: tuple[Phase, ...] = ()
    observations: tuple[Observation, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    text: str | None = None
    words: tuple[Word, ...] = ()
    text_given: str | None = None

    def phase(self, name: str) -> Phase | None:
        """Return the last phase of that name, or None where there was none."""
        return next((phase for phase in reversed(self.phases) if phase.name == name), None)

    def observed(self, point: str, probe: str) -> Mapping[str, float | None] | None:
        """Return what a probe read at a point (the last time), or None where it did not."""
        for observation in reversed(self.observations):
            if observation.point == point and observation.probe == probe:
                return observation.values
        return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended.

    ``kind`` is ``ok``, ``error``, ``crashed``, ``oom``, ``timeout``, ``rubbish``, ``refused``, ``undecodable`` (its
    audio; nothing was asked of an engine) or ``interrupted``. ``log_tail`` is the end of what the engine had printed.
    """

    kind: str = "ok"
    stage: str | None = None
    phase: str | None = None
    message: str = ""
    log_tail: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for was done."""
        return self.kind == "ok"

    def __str__(self) -> str:
        if self.ok:
            return "ok"
        phase = f" in {self.phase}" if self.phase and self.kind != "undecodable" else ""
        stage = f" ({self.stage})" if self.stage else ""
        if self.kind == "timeout":
            return f"timeout{phase} {self.message}{stage}"
        if self.kind == "oom":
            return f"oom {self.message}{phase}{stage}"
        message = f": {self.message}" if self.message else ""
        return f"{self.kind}{message}{phase}{stage}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One utterance through the whole chain, once.

    ``index`` counts the trials of a run, ``iteration`` the passes over the dataset. ``cold`` marks the run's first
    trial, ``warmup`` those that the user asked to leave out of steady-state statistics. ``most_loaded`` is the largest
    number of models that were loaded at one time, by the workers' own account: the proof of ``one_at_a_time``.
    ``limit_peak_mib`` is the most that a worker had held when the trial was over, as the mechanism of
    :class:`harness.protocol.Fit` counts; None where nothing watched, or it cannot be told. ``temperature_c`` is that of
    the processor's hottest zone when the trial began, in degrees Celsius; None where the machine shows none. ``leg``
    says in which leg of the run it was done, as :class:`Seam` counts them; each leg has a cold first trial.
    """

    index: int
    iteration: int
    utterance: Utterance
    started_at: str
    cold: bool = False
    warmup: bool = False
    visits: tuple[Visit, ...] = ()
    outcome: Outcome = Outcome()
    most_loaded: int = 0
    measurements: tuple[Measurement, ...] = ()
    problems: tuple[str, ...] = ()
    limit_peak_mib: float | None = None
    temperature_c: float | None = None
    leg: int = 0

    def visit(self, stage: str) -> Visit | None:
        """Return the visit of the stage with that key, or None."""
        return next((visit for visit in self.visits if visit.stage == stage), None)

    def observed(self, point: str, probe: str) -> tuple[Mapping[str, float | None], ...]:
        """Return what a probe read at a point in this trial: of each worker, its last reading."""
        seen = {
            observation.worker: observation.values
            for visit in self.visits
            for observation in visit.observations
            if observation.point == point and observation.probe == probe
        }
        return tuple(seen.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """Which stage ran under a key, where its plugin came from, with which options and capabilities.

    ``label`` is the name that tables print: the stage's name, or the model file's where it names one.
    """

    key: str
    role: Role
    name: str
    origin: str
    options: Mapping[str, Any]
    streams: Streams
    uses_threads: bool
    one_per_process: bool
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """Which probe watched, where its plugin came from, with which options, and what it can report."""

    name: str
    origin: str
    options: Mapping[str, Any]
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusRecord:
    """Which utterances a run is over, known before any is decoded.

    ``form`` is how the dataset lies on disk; of its ``entries``, ``bad`` could not be used and were skipped, and
    ``left_out`` counts by key of the configuration those that a filter or a limit left out. What remains are
    ``utterances`` with ``duration_s`` of audio, of so many ``speakers`` (0: nobody says). ``sha256`` is that of the
    selection: what each utterance is called, where it lies in which file, what is said in it and when.
    """

    form: str
    entries: int
    utterances: int
    duration_s: float
    sha256: str
    bad: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    speakers: int = 0
    synthetic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """When a stored run was scored again, by which version, and with what changed.

    ``source`` is the folder of the run whose trials these are, as the user named it; ``changes`` are the words of the
    command line (``normalizer=whisper``).
    """

    source: str
    at: str
    harness_version: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Where a stopped run was taken up again: it has a leg before the first seam and one after each.

    ``leg`` is the one that begins here, from 1, ``at`` and ``hostname`` say when and where. ``kept`` trials had been
    done; ``set_aside`` were not, and are done again. ``forced`` are lines of what had changed meanwhile, which the user
    took upon himself. Nothing that is told by a series, like growth, is told across a seam: its workers are others.
    """

    leg: int
    at: str
    hostname: str
    harness_version: str
    kept: int
    set_aside: int = 0
    forced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was to be run: written before the first trial, so that a killed run can be read.

    ``trials`` is how many there would be; ``swept`` are the keys that the sweep it belongs to varies; ``subtitles`` the
    formats in which word timings are written out; ``charts`` those of the report's charts; ``corpus`` is None where the
    utterances were named one by one, ``rescored`` where the measurements are those of the run itself. A cell of a sweep
    may be measured in several blocks (``blocks``), round by round with the other cells; each is a run, and ``block``
    says which of them this is, from 0. ``seams`` are where it was taken up again after it had been stopped, and
    ``directory`` is the working directory, from which relative paths of the configuration count.
    """

    id: str
    started_at: str
    harness_version: str
    protocol: Protocol
    stages: tuple[StageRecord, ...]
    probes: tuple[ProbeRecord, ...]
    dataset: Mapping[str, Any]
    trials: int
    budgets: Budgets = field(default_factory=Budgets)
    experiment: str | None = None
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fit: Fit = field(default_factory=Fit)
    block: int = 0
    blocks: int = 1
    corpus: CorpusRecord | None = None
    rescored: Rescoring | None = None
    seams: tuple[Seam, ...] = ()
    directory: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One job of a sweep before it runs: its folder's name, its overrides, and which block of which cell it is.

    Jobs of one cell have the same ``cell``, counted from 0, and the same overrides but for the block's number.
    ``config_sha256`` is that of its composed configuration, empty where nobody has taken it.
    """

    job: str
    overrides: tuple[str, ...]
    cell: int
    block: int = 0
    config_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """What a sweep was to run: written before its first job, so that a killed sweep knows what it did not come to.

    ``jobs`` are in the order in which they are started, ``swept`` the keys with several values. ``baseline`` is how the
    user named the cell that the others are compared with (``threads=1``, or a job's number); None for the first.
    """

    started_at: str
    harness_version: str
    swept: tuple[str, ...]
    jobs: tuple[PlannedJob, ...]
    blocks: int = 1
    baseline: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where it was run: machine, limits, versions, hashes, and what may blur the figures.

    ``files`` maps each model and library file that a stage named to its SHA-256 and size in bytes; hashed after the
    last trial, because reading a model warms the page cache that its load time depends on. ``noise`` is the check
    before the run, and what disturbed it. ``allocation`` says which CPUs the job had, and who was beside it; None for
    a run that nobody launched and nothing confined. ``plugins`` is every plugin that was loaded, used or not: the
    version of each distribution, and file and SHA-256 of each module that the key ``plugins`` named.
    """

    hostname: str
    system: str
    machine: str
    processor: str
    cores: int
    usable_cores: int
    memory_mib: float
    python: str
    versions: Mapping[str, str]
    limits: Mapping[str, str]
    git: Mapping[str, str]
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    noise: Noise | None = None
    allocation: Allocation | None = None
    plugins: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA
