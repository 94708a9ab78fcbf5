"""What a run's configuration has otherwise than the defaults: key by key, for who reads the report."""

from collections.abc import Iterator, Mapping
from typing import Any

Difference = dict[str, Any]
"""``default`` and ``used``; ``added`` or ``removed`` is true where only one side has the key, whose other is None."""


def differences(default: Mapping[str, Any], used: Mapping[str, Any]) -> dict[str, Difference]:
    """Return each key that differs, with dots between its parts and sorted; of a list the whole."""
    ours, theirs = dict(_leaves("", default)), dict(_leaves("", used))
    found = {}
    for key in sorted(ours.keys() | theirs.keys()):
        if key not in ours:
            found[key] = {"default": None, "used": theirs[key], "added": True}
        elif key not in theirs:
            found[key] = {"default": ours[key], "used": None, "removed": True}
        elif not _same(ours[key], theirs[key]):
            found[key] = {"default": ours[key], "used": theirs[key]}
    return found


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is no mapping, and mappings without a key: a probe that has no option is a choice too."""
    if isinstance(value, Mapping) and value:
        for name, below in value.items():
            yield from _leaves(f"{prefix}.{name}" if prefix else str(name), below)
    elif prefix:
        yield prefix, value


def _same(default: Any, used: Any) -> bool:
    """Tell equal values; 1 and true are none, 600 and 600.0 are."""
    return bool(default == used) and isinstance(default, bool) == isinstance(used, bool)
