"""What is said of a run's configuration against the defaults: one line."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import store
from harness.errors import StoreError

_MOST = 12
"""Keys in the line; ``differs.json`` has them all."""


def difference_lines(folder: Path) -> Iterator[str]:
    """Say what is not as the defaults are; nothing of a run from before that was kept.

    Of keys that one side alone has, which come with another engine, there is only the number.
    """
    if not (folder / store.DIFFERS).exists():
        return
    try:
        found = store.read_json(folder / store.DIFFERS, dict[str, dict[str, Any]])
    except StoreError as error:
        yield f"Configuration: {error}"
        return
    yield f"Configuration: {_told(found)}"


def _told(found: Mapping[str, Mapping[str, Any]]) -> str:
    if not found:
        return "as the defaults are"
    changed = {key: one for key, one in found.items() if not one.get("added") and not one.get("removed")}
    parts = [f"{key}={_text(one.get('used'))} (default {_text(one.get('default'))})" for key, one in changed.items()]
    rest = len(found) - len(parts[:_MOST])
    parts = parts[:_MOST]
    if rest:
        parts.append(f"{rest} {'key' if rest == 1 else 'keys'} more in {store.DIFFERS}")
    return ", ".join(parts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)
