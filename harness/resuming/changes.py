"""Where two identities differ: a line for each thing that is not what a run was begun with."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import ChangedRun
from harness.resuming.identity import PARTS, Identity, Stamp, stamp_of

_SHOWN = 12
_HASH = 64


def changes(found: Identity, expected: Identity) -> tuple[str, ...]:
    """Return what is found otherwise than it was, part by part: ``machine: hostname: found b, expected a``.

    A model's file whose size or time has changed is read, where it is known what was in it: a copy is the same model.
    Where less was written down than is found, only that is compared.
    """
    lines: list[str] = []
    for part in PARTS:
        if part == "model":
            lines.extend(_file_lines(found, expected))
        else:
            lines.extend(_text_lines(part, getattr(found, part), getattr(expected, part), whole=expected.whole))
    return tuple(lines)


def refuse_changes(folder: Path, lines: Iterable[str]) -> None:
    """Raise :class:`harness.errors.ChangedRun` where there is a difference."""
    every = tuple(lines)
    if every:
        count = f"{len(every)} difference{'s' if len(every) > 1 else ''}"
        expected = "what it was begun with; --force goes on all the same, and the record says so"
        raise ChangedRun("run folder", f"'{folder}' begun with something else ({count})", expected, every)


def _text_lines(part: str, found: Mapping[str, str], expected: Mapping[str, str], *, whole: bool) -> Iterator[str]:
    names = {**expected, **(found if whole else {})}
    for name in names:
        if found.get(name) != expected.get(name):
            yield f"{part}: {name}: found {_short(found.get(name))}, expected {_short(expected.get(name))}"


def _file_lines(found: Identity, expected: Identity) -> Iterator[str]:
    """Yield what has become of the files that the options named, and of those that the engines named."""
    for path, before in {**expected.files, **expected.model}.items():
        after = found.model.get(path) or stamp_of(Path(path))
        if after is None:
            yield f"model: {path}: found no file, expected {_shown(before)}"
        elif not _same(path, after, before):
            yield f"model: {path}: found {_shown(after)}, expected {_shown(before)}"
    for path, after in found.model.items() if expected.whole else ():
        if path not in expected.model:
            yield f"model: {path}: found {_shown(after)}, expected no file"


def _same(path: str, after: Stamp, before: Stamp) -> bool:
    if after.size_bytes != before.size_bytes:
        return False
    if after.mtime_ns == before.mtime_ns:
        return True
    return bool(before.sha256) and before.sha256 == _sha256(path)


def _sha256(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _shown(stamp: Stamp) -> str:
    at = datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC).isoformat(sep=" ", timespec="milliseconds")
    return f"{stamp.size_bytes:,} bytes of {at.removesuffix('+00:00')} UTC"


def _short(text: str | None) -> str:
    """Return a value as a line shows it: a hash by its first digits, nothing as ``nothing``."""
    if text is None:
        return "nothing"
    words = (word[:_SHOWN] if len(word) == _HASH and word.isalnum() else word for word in text.split(" "))
    return " ".join(words)
