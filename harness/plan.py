"""From the configuration, the plugins and the dataset to everything that a run needs to know before it starts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from harness.config import Settings, StageSettings
from harness.corpus.corpus import Corpus
from harness.errors import ConfigError, UserError
from harness.hookspecs import Exporter, Probe
from harness.plugins import Registry, options_of
from harness.protocol import ADDRESS_SPACE, Fit, Protocol
from harness.records import ProbeRecord, Run, StageRecord
from harness.stage import Stage, Unusable

CONTEXT = "context_length"
"""The option by which a stage has a context length."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage of a run: its record, and what a worker needs to make it."""

    record: StageRecord
    module: str
    class_name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it starts. ``stages`` are by key; ``probes`` and ``exporters`` are ready to listen."""

    run: Run
    stages: Mapping[str, StagePlan]
    probes: tuple[Probe, ...]
    corpus: Corpus
    exporters: tuple[Exporter, ...] = ()

    @property
    def protocol(self) -> Protocol:
        """What is done, in which order and for how long."""
        return self.run.protocol

    @property
    def one_per_process(self) -> frozenset[str]:
        """The stages that cannot stand a second model in their process."""
        return frozenset(key for key, stage in self.stages.items() if stage.record.one_per_process)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the outside says of a run: its name, when it began, how it was asked for.

    ``swept`` are the keys that the sweep it belongs to varies; ``directory`` is the working directory. A run that is
    ``resumed`` may have exported already.
    """

    id: str
    started_at: str
    harness_version: str
    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    experiment: str | None = None
    directory: str = ""
    resumed: bool = False


def make_plan(settings: Settings, registry: Registry, corpus: Corpus, job: JobFacts) -> Plan:
    """Bind names to plugins and check every option and every stage's preconditions; decodes nothing.

    Raises :class:`harness.errors.ConfigError` for the first thing that cannot be.
    """
    protocol = settings.protocol
    _check_counts(settings, len(corpus))
    stages = {stage.key: _stage(stage, registry) for stage in settings.stages}
    _check_text(protocol, stages, corpus)
    probes = tuple(_probe(name, values, registry) for name, values in settings.probes.items())
    run = Run(
        id=job.id,
        started_at=job.started_at,
        harness_version=job.harness_version,
        protocol=protocol,
        stages=tuple(stage.record for stage in stages.values()),
        probes=tuple(_probe_record(probe, registry) for probe in probes),
        dataset=settings.dataset,
        trials=protocol.iterations * len(corpus),
        budgets=settings.budgets,
        experiment=job.experiment,
        overrides=job.overrides,
        swept=job.swept,
        subtitles=settings.subtitles,
        charts=settings.charts,
        notes=(
            *_notes(protocol, stages, len(corpus), job.swept),
            *_fit_notes(settings.fit, protocol),
            *_block_notes(settings, len(corpus)),
            *corpus.notes,
        ),
        fit=settings.fit,
        block=settings.sweep.block or 0,
        blocks=settings.sweep.interleave,
        corpus=corpus.record,
        directory=job.directory,
    )
    exporters = tuple(_exporter(name, values, registry, job) for name, values in settings.exporters.items())
    return Plan(run, stages, probes, corpus, exporters)


def _stage(settings: StageSettings, registry: Registry) -> StagePlan:
    found = registry.stage(settings.key, settings.role, settings.stage)
    options = options_of(found, settings.key, settings.options)
    stage: Stage = found.cls(options)
    try:
        stage.preflight()
    except Unusable as error:
        raise _unusable(settings.key, error) from None
    record = StageRecord(
        key=settings.key,
        role=settings.role,
        name=stage.name,
        origin=found.origin,
        options=asdict(options),
        streams=stage.streams,
        uses_threads=stage.uses_threads,
        one_per_process=stage.one_per_process,
        label=stage.label(),
    )
    return StagePlan(record, found.cls.__module__, found.cls.__name__)


def _probe(name: str, values: Mapping[str, object], registry: Registry) -> Probe:
    found = registry.probe(name)
    probe: Probe = found.cls(options_of(found, f"probe.{name}", values))
    return probe


def _exporter(name: str, values: Mapping[str, object], registry: Registry, job: JobFacts) -> Exporter:
    found = registry.exporter(name)
    exporter: Exporter = found.cls(options_of(found, f"exporter.{name}", values))
    try:
        exporter.preflight()
    except Unusable as error:
        if not (job.resumed and error.key == "path"):  # taken, by its own first leg perhaps: looked at when it writes
            raise _unusable(f"exporter.{name}", error) from None
    return exporter


def _unusable(key: str, error: Unusable) -> ConfigError:
    return ConfigError(f"{key}.{error.key}" if error.key else key, error.found, error.expected, error.choices)


def _probe_record(probe: Probe, registry: Registry) -> ProbeRecord:
    return ProbeRecord(
        name=probe.name,
        origin=registry.probe(probe.name).origin,
        options=probe.recorded(),
        metrics=tuple(probe.metrics),
    )


def _check_counts(settings: Settings, utterances: int) -> None:
    protocol, blocks = settings.protocol, settings.sweep.interleave
    trials = protocol.iterations * utterances
    if protocol.warmup and protocol.warmup > trials - 2:
        expected = f"at most {max(0, trials - 2)}: one is cold, and one must be left to measure"
        of = f"{trials} trials" if blocks == 1 else f"the {trials} trials of a block (sweep.interleave={blocks})"
        raise ConfigError("warmup", f"{protocol.warmup} of {of}", expected)


def _check_text(protocol: Protocol, stages: Mapping[str, StagePlan], corpus: Corpus) -> None:
    """Refuse an aligner that would have neither a transcript before it nor a reference."""
    first = next((key for key in protocol.order if stages[key].record.role == "asr"), None)
    for key in protocol.order:
        if key == first:
            return
        lacking = next((entry for entry in corpus.entries() if entry.reference is None), None)
        if lacking:
            found = f"'{key}' with no ASR before it, and for {lacking.id} {lacking.no_reference}"
            raise UserError("order", found, "an ASR before the aligner, or dataset.transcript")


def _notes(protocol: Protocol, stages: Mapping[str, StagePlan], utterances: int, swept: Sequence[str]) -> Sequence[str]:
    notes = []
    idle = [key for key, stage in stages.items() if not stage.record.uses_threads]
    if idle and "threads" in swept:
        names = ", ".join(f"{key} ({stages[key].record.name})" for key in idle)
        notes.append(f"threads is swept, and changes nothing for {names}: uses_threads is false")
    without = [f"{key} ({stage.record.name})" for key, stage in stages.items() if CONTEXT not in stage.record.options]
    if without and CONTEXT in swept:
        notes.append(f"{CONTEXT} is swept, and there is no option of that name for {', '.join(without)}")
    if protocol.residency == "phase_batched" and utterances == 1:
        notes.append("residency=phase_batched with one utterance does what one_at_a_time does")
    return notes


def _fit_notes(fit: Fit, protocol: Protocol) -> Iterator[str]:
    """Say what the limit does not count."""
    if fit.mechanism == ADDRESS_SPACE:
        yield f"the limit is of address space, of which a process touches only a part ({'; '.join(fit.why)})"
    elif fit.mechanism and protocol.page_cache != "cold":
        yield "the limit counts no file that was cached before its worker read it; page_cache=cold lets it"


def _block_notes(settings: Settings, utterances: int) -> Iterator[str]:
    """Say that a cell in blocks of one trial has no steady figure: each block has a cold first trial of its own."""
    blocks = settings.sweep.interleave
    if blocks > 1 and settings.protocol.iterations * utterances == 1:
        enough = f"iterations={2 * blocks} has a steady one in each"
        yield f"sweep.interleave={blocks} leaves blocks of one trial, which is cold; {enough}"
