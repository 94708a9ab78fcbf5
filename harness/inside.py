"""Files that are written where they are said to be: no link in the way leads them out of a run's folder.

What a user names may be a link, such as the folder of all outputs; what the harness makes below it may not, for
whoever may write there could let a run overwrite files elsewhere. Files that are replaced as a whole need none of
this: a rename takes the link's place.
"""

import errno
import os
from pathlib import Path
from typing import IO, Any

from harness.errors import StoreError


def opened(path: Path, mode: str, buffering: int = -1) -> IO[Any]:
    """Open a file to be written, made with the user's umask, never through a link; otherwise as ``open`` does.

    Raises :class:`StoreError` for a link, OSError for whatever else ``open`` does.
    """
    try:
        return open(path, mode, buffering, opener=_unfollowed)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise StoreError("output file", f"'{path}', which is a link", "a file of its own") from None
        raise


def subfolder(path: Path) -> Path:
    """Make a folder in a run's folder where there is none, and return it. Raises :class:`StoreError` for a link."""
    if path.is_symlink():
        raise StoreError("output folder", f"'{path}', which is a link", "a folder of its own")
    path.mkdir(parents=True, exist_ok=True)
    return path


def refuse_link_out(folder: Path, outputs: Path) -> None:
    """Raise :class:`StoreError` where a folder, named as one below ``outputs``, is elsewhere because of a link."""
    named, root = Path(os.path.abspath(folder)), Path(os.path.abspath(outputs))  # noqa: PTH100 - links are not followed
    if named.is_relative_to(root) and not named.resolve().is_relative_to(root.resolve()):
        raise StoreError(
            "output folder", f"'{folder}', which a link leads to '{named.resolve()}'", f"a folder in '{outputs}'"
        )


def _unfollowed(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
