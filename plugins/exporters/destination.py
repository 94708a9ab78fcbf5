"""Where an exporter writes its file: beside the run's trials, or where the option ``path`` says."""

from pathlib import Path

from harness import store
from harness.stage import Unusable


def refuse_taken(path: str | None) -> None:
    """Refuse a path that is taken: no file of the user's is overwritten. Raises :class:`Unusable`."""
    if path is not None and Path(path).exists():
        raise Unusable(f"'{path}' that exists", "a path that is free, or null for the run's folder", "path")


def write(path: str | None, folder: Path, name: str, content: bytes) -> None:
    """Write ``content`` to ``path``, or under a name into a run's folder.

    Raises :class:`harness.errors.StoreError` where that cannot be.
    """
    target = folder / name if path is None else Path(path)
    refuse = path is not None and target.exists()
    if refuse:
        raise FileExistsError(f"'{target}' has come to be while the run went on")
    target.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(target, content)
