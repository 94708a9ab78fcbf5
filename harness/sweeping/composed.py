"""A job's composed configuration as one hash, so that a sweep that goes on is the sweep that was planned."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness import store
from harness.differences import differences

_MOST_KEYS = 5


def task_part(config: DictConfig) -> Mapping[str, Any] | None:
    """Return what of a composed configuration is a job's own, resolved; None where it cannot be resolved."""
    try:
        return {
            str(key): OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
            for key, value in config.items_ex(resolve=True)
            if key != "hydra"
        }
    except OmegaConfBaseException:  # its job will say so
        return None


def with_block(part: Mapping[str, Any], block: int) -> Mapping[str, Any]:
    """Return the configuration of one block of a cell: ``sweep.block`` tells them apart."""
    return {**part, "sweep": {**(part.get("sweep") or {}), "block": block}}


def config_sha256(part: Mapping[str, Any] | None) -> str:
    """Return the SHA-256 of what :func:`task_part` found, whatever the order of its keys; empty for None."""
    if part is None:
        return ""
    return hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode()).hexdigest()


def changed_keys(folder: Path, part: Mapping[str, Any] | None) -> str:
    """Return what of a job's configuration is not as its folder has it, as text; empty where there is none."""
    try:
        stored = OmegaConf.to_container(OmegaConf.load(folder / store.CONFIG))
    except (OSError, YAMLError, OmegaConfBaseException):
        return ""
    if not isinstance(stored, dict) or part is None:
        return ""
    found = differences({str(key): value for key, value in stored.items() if key != "hydra"}, part)
    named = [f"{key} was {one['default']!r}, is {one['used']!r}" for key, one in found.items()]
    more = [f"{len(named) - _MOST_KEYS} more"] if len(named) > _MOST_KEYS else []
    return ", ".join([*named[:_MOST_KEYS], *more])
