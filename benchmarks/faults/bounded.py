"""Work in this process that may raise nothing but the user's errors, and has to end in time."""

import contextlib
import io
import signal
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from benchmarks.faults.verdict import Row
from harness import cli
from harness.errors import UserError

LIMIT_S = 60
STATUSES = (0, 1, 2)


class TooLongError(BaseException):
    """The work did not end in time."""


@contextlib.contextmanager
def within(limit_s: int = LIMIT_S) -> Iterator[None]:
    """Raise :class:`TooLongError` in what takes longer."""

    def late(*_: Any) -> NoReturn:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(limit_s)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def tried(row: Row, case: str, work: Callable[[], object]) -> None:
    """Do some work; the user's errors are as they should be, and nothing else may be raised."""
    row.tried += 1
    try:
        with within():
            work()
    except UserError as error:
        if "\n" in str(error):
            row.wrong("other", case, f"more than one line: {error}")
    except TooLongError:
        row.wrong("hangs", case, f"no end within {LIMIT_S} s")
    except Exception as error:
        row.wrong("tracebacks", case, f"{type(error).__name__}: {error}"[:300])


def commanded(row: Row, case: str, argv: list[str]) -> int | None:
    """Carry out a command line; refused, it has to say so in one line. None where it broke a promise."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with within(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.status_of(argv)
    except TooLongError:
        row.wrong("hangs", case, f"no end within {LIMIT_S} s: {argv}")
        return None
    except SystemExit as leaving:
        row.wrong("other", case, f"left with {leaving.code}: {argv}")
        return None
    except Exception as error:
        row.wrong("tracebacks", case, f"{type(error).__name__}: {error}"[:300] + f" for {argv}")
        return None
    said = err.getvalue()
    if "Traceback" in said or "Error executing job" in said:
        row.wrong("tracebacks", case, said.strip().splitlines()[-1][:300] + f" for {argv}")
        return None
    lines = [line for line in said.splitlines() if not line.startswith(("warning:", "note:", "  "))]
    if status == cli.BAD_INPUT and (len(lines) != 1 or not lines[0].startswith("harness: ")):
        row.wrong("other", case, f"{len(lines)} lines in place of one: {said[:300]!r} for {argv}")
        return None
    return status
