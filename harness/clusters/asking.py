"""What the jobs of a sweep ask a scheduler for: the keys of ``hydra.launcher``, and which jobs may go in one array."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import ConfigError

_ON_OFF = ("exclusive", "requeue", "stderr_to_stdout")
_COUNTS = ("timeout_min", "cpus_per_task", "mem_gb", "array_parallelism")
_NAMES = ("partition", "account", "qos", "constraint", "exclude", "nodelist", "mem_per_cpu", "comment", "name")
_NULLABLE = ("cpus_per_task", "mem_gb", *(name for name in _NAMES if name != "name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The keys of ``hydra.launcher`` for ``slurm``; ``slurm_local`` has those that mean something without a scheduler.

    ``cpus_per_task`` is None where each job asks for as many CPUs as its ``threads``. ``signal_delay_s`` is how many
    seconds before its time limit a job hears of it. What is None is left to the cluster.
    """

    submitit_folder: str
    name: str = "harness"
    timeout_min: int = 60
    signal_delay_s: int = 120
    cpus_per_task: int | None = None
    exclusive: bool = True
    requeue: bool = True
    mem_gb: int | None = None
    mem_per_cpu: str | None = None
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    nodelist: str | None = None
    exclude: str | None = None
    comment: str | None = None
    array_parallelism: int = 256
    stderr_to_stdout: bool = False
    setup: tuple[str, ...] = ()
    additional_parameters: Mapping[str, Any] = field(default_factory=dict)


def asked(keys: Mapping[str, Any]) -> Asked:
    """Return the keys of a launcher, checked. Raises :class:`ConfigError` for the first that cannot be."""
    for key, value in keys.items():
        if value is None and key in _NULLABLE:
            continue
        expected = _expected(key, value)
        if expected is not None:
            ways = f"{expected}, or null" if key in _NULLABLE else expected
            raise ConfigError(f"hydra.launcher.{key}", repr(value), ways)
    names = {key: str(value) for key, value in keys.items() if key in _NAMES and value is not None}
    made = Asked(**{**keys, **names, "setup": tuple(keys.get("setup") or ())})
    if made.signal_delay_s >= made.timeout_min * 60:
        limit = f"less than the time limit of {made.timeout_min * 60} s (hydra.launcher.timeout_min)"
        raise ConfigError("hydra.launcher.signal_delay_s", str(made.signal_delay_s), limit)
    return made


def _expected(key: str, value: Any) -> str | None:
    """Return what a key's value should be, None where it is so."""
    plain = isinstance(value, int) and not isinstance(value, bool)
    if key in _ON_OFF and not isinstance(value, bool):
        return "true or false"
    if key in _COUNTS and not (plain and value >= 1):
        return "a whole number of at least 1"
    if key == "signal_delay_s" and not (plain and value >= 0):
        return "a whole number of seconds"
    if key in _NAMES and not (plain or _one_line(value)):
        return "a text of one line"
    if key == "submitit_folder" and not _one_line(value):
        return "the path of a folder"
    if key == "setup" and not (value is None or (isinstance(value, list | tuple) and all(map(_one_line, value)))):
        return "a list of shell commands"
    if key == "additional_parameters" and not (
        isinstance(value, Mapping) and all(_one_line(str(part)) for pair in value.items() for part in pair)
    ):
        return "options of sbatch, as {mail-type: END}"
    return None


def _one_line(value: Any) -> bool:
    """Tell whether a value is a text that stands in one line: a second one would be a line of sbatch's script."""
    return isinstance(value, str) and bool(value) and value.isprintable()


def alike(cpus: Sequence[int]) -> dict[int, list[int]]:
    """Return the positions of the jobs that ask for the same number of CPUs, in the order of the first of each."""
    groups: dict[int, list[int]] = {}
    for position, asked_for in enumerate(cpus):
        groups.setdefault(asked_for, []).append(position)
    return groups
