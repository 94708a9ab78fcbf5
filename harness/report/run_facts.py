"""What was run, where and how, in the few lines with which a report introduces it."""

from harness.machine.allocation import Allocation
from harness.machine.topology import cpu_text
from harness.records import Environment, Rescoring, Run
from harness.report.corpus_facts import corpus_text
from harness.report.dataset_name import dataset_name
from harness.report.figures import heading

Facts = list[tuple[str, str]]
"""Names with what there is to say of them, in their order."""


def run_facts(run: Run, environment: Environment | None) -> Facts:
    """Say the chain, its models and engines, the audio, the protocol, the machine, and how it was asked for."""
    protocol = run.protocol
    engines = environment.engines if environment else {}
    models = [(heading(stage.key), _model(stage.label, stage.name, engines.get(stage.key, {}))) for stage in run.stages]
    threads = f", {protocol.threads} threads" if any(stage.uses_threads for stage in run.stages) else ""
    return [
        ("Chain", " -> ".join(protocol.order)),
        *models,
        ("Audio", f"{dataset_name(run.dataset, 'unknown')}, {_counted(run.trials, 'trial')}"),
        *((("Corpus", corpus_text(run.corpus)),) if run.corpus else ()),
        (
            "Protocol",
            f"{_counted(protocol.iterations, 'iteration')}, {protocol.lifecycle}, {protocol.residency}, a worker per "
            f"{protocol.isolation}, trim {protocol.trim}{threads}",
        ),
        *((("Machine", _machine(environment)),) if environment else ()),
        *((("Given", given),) if environment and (given := _given(environment.allocation)) else ()),
        ("Asked for", " ".join(run.overrides) or "the defaults"),
        ("Started", f"{run.started_at.replace('T', ' ')}, by version {run.harness_version}"),
        *((("Scored again", _again(run.rescored)),) if run.rescored else ()),
    ]


def _again(done: Rescoring) -> str:
    changed = " ".join(done.changes) or "nothing changed"
    return f"{done.at.replace('T', ' ')}, by version {done.harness_version}, from {done.source}: {changed}"


def _model(label: str, name: str, engine: object) -> str:
    version = engine.get("version") if isinstance(engine, dict) else None
    by = " ".join(filter(None, (name, str(version) if version else "")))
    return by if label == name else f"{label} ({by})"


def _machine(environment: Environment) -> str:
    return (
        f"{environment.processor}, {environment.usable_cores} of {environment.cores} cores usable, "
        f"{environment.memory_mib:.0f} MiB, {environment.system}"
    )


def _given(allocation: Allocation | None) -> str:
    """Say which CPUs the run was given, and how many jobs ran beside it; empty for a run that had the machine."""
    if allocation is None:
        return ""
    pinned = f"pinned to CPUs {cpu_text(allocation.cpus)} ({allocation.source})" if allocation.cpus else ""
    unpinned = "not pinned, CPUs shared" if allocation.source == "shared" else ""
    many = len(allocation.neighbours)
    beside = f"shared with {_counted(many, 'other job')}" if many else ""
    told = [part for part in (pinned or unpinned, beside) if part]
    return ", ".join([f"by {allocation.launcher}", *told]) if told else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
