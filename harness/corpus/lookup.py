"""Where a path that a dataset's configuration names is found."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from harness.corpus.entry import BadEntry
from harness.errors import InputError


def is_there(path: Path) -> bool:
    """Tell whether there is such a file or folder; what cannot be looked up, as a name that is too long, is not."""
    return os.path.exists(path)  # noqa: PTH110 a Path raises OSError for it


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder."""
    return os.path.isdir(path)  # noqa: PTH112 as above


def found(name: str, shipped: Path) -> Path:
    """Return a path as seen from the working directory, or in ``shipped`` where it is only there; ``~`` is a home."""
    path = Path(name)
    with contextlib.suppress(RuntimeError):  # no such user: then it is a file's name
        path = path.expanduser()
    if not path.is_absolute() and not is_there(path) and is_there(shipped / path):
        return shipped / path
    return path


def file(name: str, shipped: Path, subject: str, expected: str) -> Path:
    """Return the path of a file that is there. Raises :class:`InputError` for a folder, or for nothing."""
    path = found(name, shipped)
    if is_folder(path):
        raise InputError(subject, f"'{path}', which is a folder", expected)
    if not os.path.isfile(path):  # noqa: PTH113 as above
        raise InputError(subject, f"no file '{path}'", expected)
    return path


def folder(name: str, shipped: Path, subject: str, expected: str) -> Path:
    """Return the path of a folder that is there. Raises :class:`InputError` for a file, or for nothing."""
    path = found(name, shipped)
    if os.path.isfile(path):  # noqa: PTH113 as above
        raise InputError(subject, f"'{path}', which is a file", expected)
    if not is_folder(path):
        raise InputError(subject, f"no folder '{path}'", expected)
    return path


def walk(root: Path, bad: list[BadEntry]) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder from ``root`` down with the names of its files, sorted; hidden ones are passed over.

    Links to folders are followed, each folder once. A folder that may not be read is added to what is ``bad``.
    """

    def unreadable(error: OSError) -> None:
        where = os.path.relpath(error.filename, root)
        bad.append(BadEntry(where, f"a folder that cannot be read ({error.strerror})", "a folder that can"))

    seen = set()
    for parent, folders, files in os.walk(root, onerror=unreadable, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted((name for name in folders if name[0] != "."), key=_by_number)
        yield Path(parent), sorted(name for name in files if name[0] != ".")


def _by_number(name: str) -> tuple[int, str]:
    """Return what sorts ``84`` before ``121123``, as the corpora count their speakers."""
    return (len(name) if name.isdigit() else 0, name)
