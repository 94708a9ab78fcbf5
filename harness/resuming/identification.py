"""The identity of a run that is about to begin: everything that can be known before a model is read."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

import harness
from harness.corpus.corpus import Corpus
from harness.plan import Plan
from harness.records import Environment
from harness.resuming.identity import Identity, config_of, hashed, machine_of, models_of, stamp_of
from harness.resuming.sources import package_sources, packages_of, source_sha256, sources_of, versions_of

READ_BYTES = 16 * 2**20
"""Audio is known by its content up to this size in all; above, by each file's size and time of change."""
_DECODERS = ("soundfile", "soxr")


def identity_of(plan: Plan, environment: Environment) -> Identity:
    """Return the identity of a run that would begin now, with its hash; reads sources and a little audio, no model."""
    modules = {f"stage {key}": (stage.module, stage.record.origin) for key, stage in plan.stages.items()}
    records = {probe.name: probe.origin for probe in plan.run.probes}
    for probe in plan.probes:
        modules[f"probe {probe.name}"] = (type(probe).__module__, records[probe.name])
    return hashed(
        Identity(
            config=config_of(plan.run),
            model=models_of(plan.run.stages),
            library={"python": environment.python, **environment.versions, **_packages(plan)},
            code={
                "harness": plan.run.harness_version,
                "harness source": _own_source(),
                **{name: f"{origin}, source {_source(module)}" for name, (module, origin) in modules.items()},
            },
            data=_data(plan),
            machine=machine_of(environment),
        )
    )


def _packages(plan: Plan) -> dict[str, str]:
    return versions_of(_DECODERS) | packages_of(stage.module for stage in plan.stages.values())


@lru_cache(maxsize=1)
def _own_source() -> str:
    """Return the hash of the harness as it stands, which a version or a commit do not tell of a changed checkout."""
    return source_sha256(package_sources(Path(harness.__file__).parent))


@lru_cache
def _source(module: str) -> str:
    return source_sha256(sources_of(module).values())


def _data(plan: Plan) -> dict[str, str]:
    """Return what is said in which audio, and that audio."""
    corpus, record = plan.corpus, plan.run.corpus
    return {
        "selection": record.sha256 if record is not None else _selection(corpus),
        "audio": _audio({entry.audio for entry in corpus.entries() if entry.fetch is None}),
    }


def _selection(corpus: Corpus) -> str:
    """Return the hash of what is known of the utterances; whatever the folder is called that they are found from."""
    whole = hashlib.sha256()
    for entry in corpus.entries():
        known = [entry.id, entry.offset_s, entry.duration_s, entry.reference, entry.language, entry.words]
        whole.update(msgspec.json.encode(known))
    return whole.hexdigest()


def _audio(paths: Iterable[str]) -> str:
    """Return the hash of audio files: of their contents where they are small in all, of their stamps where not."""
    files = sorted((path, stamp_of(Path(path))) for path in paths)
    small = sum(stamp.size_bytes for _, stamp in files if stamp) <= READ_BYTES
    whole = hashlib.sha256()
    for path, stamp in files:
        whole.update(f"{stamp.size_bytes if stamp else None}\n".encode())
        if not small and stamp:
            whole.update(f"{stamp.mtime_ns}\n".encode())
        elif stamp:
            whole.update(source_sha256([Path(path)]).encode())
    return whole.hexdigest()
