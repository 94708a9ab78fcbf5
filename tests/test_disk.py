import errno
import os
from pathlib import Path

import pytest

from harness.disk import stopped_line, stopped_lines
from harness.errors import DiskError


def refused(number: int, path: str = "run/trials.jsonl") -> DiskError:
    """Return what a write raises that the system refused."""
    return DiskError(Path(path), OSError(number, os.strerror(number)))


def test_the_line_says_what_is_kept_and_how_it_goes_on() -> None:
    """One line, with a command that can be copied."""
    line = stopped_line(refused(errno.ENOSPC), Path("my run"), 12, 100)
    assert line == (
        "the disk of 'my run' is full: 12 of 100 trials are kept; make room, then: python -m harness resume 'my run'"
    )


def test_where_nothing_is_left_to_run_only_the_reports_are_made_again() -> None:
    """A resume would have nothing to do."""
    line = stopped_line(refused(errno.ENOSPC), Path("run"), 5, 5)
    assert line.endswith("5 of 5 trials are kept; make room, then: python -m harness report run")


@pytest.mark.parametrize(
    ("number", "state", "advice"),
    [
        (errno.EDQUOT, "has no quota left", "make room"),
        (errno.EROFS, "has become read-only", "make it writable"),
        (errno.EACCES, "may not be written any more", "make it writable"),
        (errno.EFBIG, "takes no larger file", "raise the limit"),
        (errno.EIO, "fails (Input/output error)", "mend it"),
        (errno.ESTALE, "fails (Stale file handle)", "mend it"),
    ],
)
def test_each_reason_has_its_words(number: int, state: str, advice: str) -> None:
    """What the system said, in words, and what to do about it."""
    line = stopped_line(refused(number), Path("run"), 1, 2, "finished jobs")
    assert line == (
        f"the disk of 'run' {state}: 1 of 2 finished jobs are kept; {advice}, then: python -m harness resume run"
    )


def test_reports_that_were_not_written_are_one_line_more() -> None:
    """And none where they are all that was not."""
    first, second = refused(errno.ENOSPC), refused(errno.ENOSPC, "run/summary.json")
    assert stopped_lines(first, second, Path("run"), 1, 2)[1:] == [
        "its reports were not written either: 'run/summary.json' (No space left on device)"
    ]
    assert stopped_lines(second, second, Path("run"), 2, 2)[1:] == []
    assert stopped_lines(first, None, Path("run"), 1, 2)[1:] == []
