"""What is said of a run or a sweep whose disk takes no more: what is kept, and how it goes on."""

import errno
import shlex
from pathlib import Path

from harness.errors import DiskError
from harness.printable import printable

_ROOM = "make room, then"
_STATES = {
    errno.ENOSPC: ("is full", _ROOM),
    errno.EDQUOT: ("has no quota left", _ROOM),
    errno.EFBIG: ("takes no larger file", "raise the limit, then"),
    errno.EROFS: ("has become read-only", "make it writable, then"),
    errno.EACCES: ("may not be written any more", "make it writable, then"),
    errno.EPERM: ("may not be written any more", "make it writable, then"),
    errno.EIO: ("fails (Input/output error)", "mend it, then"),
}


def stopped_line(error: DiskError, folder: Path, kept: int, of: int, what: str = "trials") -> str:
    """Return the one line about a run, or a sweep by its jobs, that ended because of its disk.

    ``the disk of 'FOLDER' is full: 12 of 100 trials are kept; make room, then: python -m harness resume FOLDER``; where
    nothing is left to run, only the reports are to be made again.
    """
    state, advice = _STATES.get(error.number or 0, (f"fails ({error.reason})", "mend it, then"))
    command = "resume" if kept < of else "report"
    line = f"the disk of '{folder}' {state}: {kept} of {of} {what} are kept; {advice}: "
    return printable(f"{line}python -m harness {command} {shlex.quote(str(folder))}")


def stopped_lines(disk: DiskError, unwritten: DiskError | None, folder: Path, kept: int, of: int) -> list[str]:
    """Return the line about a run, and where its disk took no report either, a second one that says so."""
    lines = [stopped_line(disk, folder, kept, of)]
    if unwritten is not None and unwritten is not disk:
        lines.append(printable(f"its reports were not written either: '{unwritten.path}' ({unwritten.reason})"))
    return lines
