"""Which of a dataset's utterances a run is over: the keys that every form of dataset has."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from harness.errors import ConfigError

OnBad = Literal["stop", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen, in this order: a filter that is None or empty leaves nothing out.

    ``speakers`` and ``matching`` (a glob on the id, in which capitals count) come first, then the shortest and the
    longest duration in seconds; of what remains a random ``subset`` of so many, by the run's seed; of that, in the
    dataset's order, no more than ``limit_s`` seconds. ``on_bad``: whether an entry that cannot be used stops the run
    before it begins, or is skipped.
    """

    speakers: tuple[str, ...] = ()
    matching: str | None = None
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    subset: int | None = None
    limit_s: float | None = None
    on_bad: OnBad = "stop"


CHOICE_KEYS = tuple(field.name for field in fields(Choice))
_SECONDS = ("min_duration_s", "max_duration_s", "limit_s")


def choice_of(dataset: Mapping[str, Any]) -> tuple[Choice, dict[str, Any]]:
    """Return what a dataset's configuration chooses, and its other keys, which are its form's.

    Raises :class:`ConfigError` for a value that is none; null is the default.
    """
    values = {key: dataset[key] for key in CHOICE_KEYS if dataset.get(key) is not None}
    for key in _SECONDS:
        if key in values:
            values[key] = _seconds(key, values[key])
    if values.get("max_duration_s", float("inf")) < values.get("min_duration_s", 0.0):
        found = f"{values['max_duration_s']:g} with min_duration_s={values['min_duration_s']:g}"
        raise ConfigError("dataset.max_duration_s", found, "at least min_duration_s")
    if "speakers" in values:
        values["speakers"] = _speakers(values["speakers"])
    subset, matching = values.get("subset", 1), values.get("matching", "*")
    if isinstance(subset, bool) or not isinstance(subset, int) or subset < 1:
        raise ConfigError("dataset.subset", repr(subset), "null, or a whole number of utterances of at least 1")
    if not isinstance(matching, str) or not matching:
        raise ConfigError("dataset.matching", repr(matching), "null, or a pattern for ids, for instance '1089-*'")
    if values.get("on_bad", "stop") not in get_args(OnBad):
        expected = "what to do about entries that cannot be used"
        raise ConfigError("dataset.on_bad", repr(values["on_bad"]), expected, get_args(OnBad))
    return Choice(**values), {key: value for key, value in dataset.items() if key not in CHOICE_KEYS}


def _seconds(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ConfigError(f"dataset.{key}", repr(value), "null, or a number of seconds above 0")
    return float(value)


def _speakers(value: Any) -> tuple[str, ...]:
    """Return speakers' names; ``[1089]`` on a command line is a number to Hydra."""
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, str | int) and not isinstance(one, bool) for one in value
    ):
        raise ConfigError("dataset.speakers", repr(value), "a list of speakers, for instance [1089,1188]")
    return tuple(str(one) for one in value)
