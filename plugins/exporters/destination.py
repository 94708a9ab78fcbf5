"""Where an exporter writes its file: beside the run's trials, or where the option ``path`` says."""

import hashlib
from pathlib import Path

from harness import store
from harness.stage import Unusable


def refuse_taken(path: str | None) -> None:
    """Refuse a path that is taken: no file of the user's is overwritten. Raises :class:`Unusable`."""
    if path is not None and Path(path).exists():
        raise Unusable(f"'{path}' that exists", "a path that is free, or null for the run's folder", "path")


def write(path: str | None, folder: Path, name: str, content: bytes) -> None:
    """Write ``content`` to ``path``, or under a name into a run's folder.

    A file at ``path`` is written anew where an earlier leg of the same run wrote it: the folder keeps its hash.
    Raises :class:`harness.errors.StoreError` where that cannot be.
    """
    target = folder / name if path is None else Path(path)
    note = folder / f"{name}.sha256"
    if path is not None and target.exists() and not _is_own(target, note):
        raise FileExistsError(f"'{target}' has come to be while the run went on")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path is not None:
        store.write_bytes(note, hashlib.sha256(content).hexdigest().encode())
    store.write_bytes(target, content)


def _is_own(target: Path, note: Path) -> bool:
    """Tell whether a file is, unchanged, what an earlier leg of a run wrote."""
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest() == note.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
