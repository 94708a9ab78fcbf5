"""What makes two runs the same: configuration, models, libraries, code, data and machine, each as plain texts.

An :class:`Identity` is made before anything is loaded, from what can be known without reading a model: reading it would
put it into the page cache, on which its load time depends. It lies in a run's folder as ``identity.json``. Two runs of
the same ``sha256`` would measure the same thing; :mod:`harness.resuming.changes` says where two identities differ.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from harness import store
from harness.errors import StoreError
from harness.records import SCHEMA, Environment, Run, StageRecord

PARTS = ("config", "model", "library", "code", "data", "machine")
_GIB = 1024


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was: bytes, time of its last change, and its SHA-256 where somebody has read it, else empty."""

    size_bytes: int
    mtime_ns: int
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a run is of. Each part maps a name to a text, ``model`` the absolute path of a file to its stamp.

    ``config`` is the protocol, the stages and probes with their options, and the dataset as it was named; what changes
    only how results are shown is not in it. ``model`` are the files that stages' options name; ``files`` those that the
    engines named themselves, with hashes, known when the run is over, and not in the hash. ``library`` are versions of
    Python and of packages, ``code`` version and source of the harness and of each plugin in use, ``data`` the hash of
    the selection and of its audio, ``machine`` what timings depend on.

    ``parts`` has the SHA-256 of each part, ``sha256`` that of all; it is empty where the run is of two identities,
    because a difference was forced. ``whole`` is false where an older version had written less down.
    """

    config: Mapping[str, str]
    model: Mapping[str, Stamp] = field(default_factory=dict)
    library: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Stamp] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    whole: bool = True
    schema: int = SCHEMA


def hashed(identity: Identity) -> Identity:
    """Return an identity with the hashes of its parts and of all of them."""
    parts = {name: _sha256(getattr(identity, name)) for name in PARTS}
    return replace(identity, parts=parts, sha256=_sha256(parts))


def mixed(identity: Identity) -> Identity:
    """Return an identity that stands for no run as a whole: another one was measured before it in the same run."""
    return replace(identity, sha256="")


def remembered(found: Identity, expected: Identity) -> Identity:
    """Return what is found of a run that goes on, with the hashes that were known of files that are as they were.

    It stands for no run as a whole where the one before did not, or said less.
    """
    model = {path: _with_hash(stamp, expected.model.get(path)) for path, stamp in found.model.items()}
    return replace(found, model=model, files=expected.files, sha256=found.sha256 if expected.sha256 else "")


def completed(identity: Identity, facts: Mapping[str, Mapping[str, Any]]) -> Identity:
    """Return an identity with the files that the engines named, of which ``facts`` has the SHA-256 by path.

    The hash of an option's file goes to its stamp where that still fits. The identity's own hash stays as it is.
    """
    files = {}
    for path, known in facts.items():
        stamp = stamp_of(Path(path))
        if stamp is not None and "sha256" in known:
            files[str(Path(path).resolve())] = replace(stamp, sha256=str(known["sha256"]))
    model = {path: _with_hash(stamp, files.get(path)) for path, stamp in identity.model.items()}
    return replace(identity, model=model, files=files)


def _with_hash(before: Stamp, after: Stamp | None) -> Stamp:
    same = after is not None and (after.size_bytes, after.mtime_ns) == (before.size_bytes, before.mtime_ns)
    return after if after is not None and same else before


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file without reading it, None where there is none."""
    try:
        known = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(known.st_size, known.st_mtime_ns)


def config_of(run: Run) -> dict[str, str]:
    """Return what of a run's record decides what is measured: by key of the configuration, as JSON."""
    values: dict[str, Any] = {**msgspec.to_builtins(run.protocol)}
    for stage in run.stages:
        values[stage.key] = stage.name
        values |= {f"{stage.key}.{name}": value for name, value in stage.options.items()}
    for probe in run.probes:
        values[f"probe.{probe.name}"] = "on"
        values |= {f"probe.{probe.name}.{name}": value for name, value in probe.options.items()}
    values |= {f"dataset.{name}": value for name, value in run.dataset.items()}
    values |= {"fit.limit_mib": run.fit.limit_mib, "sweep.interleave": run.blocks, "sweep.block": run.block}
    return {name: _json(value) for name, value in values.items()}


def machine_of(environment: Environment) -> dict[str, str]:
    """Return what timings depend on of where a run is: another machine, or a smaller share of it, is another."""
    return {
        "hostname": environment.hostname,
        "machine": environment.machine,
        "processor": environment.processor,
        "cores": str(environment.cores),
        "usable cores": str(environment.usable_cores),
        "memory": f"{environment.memory_mib / _GIB:.1f} GiB",  # the last MiB differ from one start to another
    }


def models_of(stages: Iterable[StageRecord]) -> dict[str, Stamp]:
    """Return the stamps of the files that stages' options name, by absolute path; of a folder, of those in it."""
    stamps = {}
    for stage in stages:
        for value in stage.options.values():
            for path in _files(value):
                stamp = stamp_of(path)
                if stamp is not None:
                    stamps[str(path)] = stamp
    return dict(sorted(stamps.items()))


def _files(value: Any) -> Iterable[Path]:
    if not isinstance(value, str) or not value:
        return ()
    try:
        path = Path(value).resolve()
        if path.is_dir():
            return [child for child in path.rglob("*") if child.is_file()]
        return [path] if path.is_file() else ()
    except (OSError, ValueError):  # most texts name no file
        return ()


def read_identity(folder: Path, run: Run, environment: Environment | None) -> Identity:
    """Return the identity that a stored run was begun with.

    Where the folder has none, it is what the record says, which is less: neither files nor sources.
    """
    try:
        return store.read_json(folder / store.IDENTITY, Identity)
    except StoreError:
        if (folder / store.IDENTITY).exists():
            raise
    known = Identity(config=config_of(run), code={"harness": run.harness_version}, whole=False)
    if run.corpus is not None:
        known = replace(known, data={"selection": run.corpus.sha256})
    if environment is None:
        return known
    library = {"python": environment.python, **environment.versions}
    return replace(known, library=library, machine=machine_of(environment))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _sha256(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
