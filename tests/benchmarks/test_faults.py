"""The campaign of faults, a few cases of each part but those that take long."""

import sys
from pathlib import Path
from typing import NoReturn

import pytest

import harness.report.publish
from benchmarks.faults import supervisor
from benchmarks.faults.__main__ import campaign
from benchmarks.faults.verdict import Row, markdown
from harness.cli import INTERRUPTED


def test_a_few_cases_of_every_part_are_as_promised(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing finished is lost or doubled, nothing is left, and the user's mistakes are lines."""
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(harness.report.publish, "run_charts", lambda *_arguments: ())  # half of a report's time
    counts = {"kills": 2, "disks": 2, "hangs": 2, "configs": 2, "inputs": 10, "folders": 2}
    status = campaign(0, tuple(counts), counts)
    out = capsys.readouterr().out
    assert (status, "not as promised" in out) == (0, False), out


def test_what_is_wrong_is_counted_with_its_case() -> None:
    """A row is as promised only where all its columns are."""
    row = Row("kills", tried=2, finished=3, found=3)
    assert row.ok
    row.wrong("orphans", "seed 0 kill 1", "2 processes were left", 2)
    assert (row.ok, row.orphans, row.defects) == (False, 2, ["kills, seed 0 kill 1: 2 processes were left"])
    assert not Row("kills", finished=3, found=2).ok
    lines = markdown([row, Row("disks", skipped="none here")]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")][1:6] == ["kills", "2", "3", "3", "0"]
    assert "skipped: none here" in lines[3]


def test_a_child_hides_nothing_of_what_a_user_would_see(tmp_path: Path) -> None:
    """An interruption that the command line's main lets through is a traceback; one that it catches is a status."""

    def through() -> NoReturn:
        raise KeyboardInterrupt

    def caught() -> NoReturn:
        sys.exit(INTERRUPTED)

    seen = []
    for name, work in (("through", through), ("caught", caught)):
        row = Row("kills")
        status = supervisor.forked(work, tmp_path / name).ended(row, "seed 0 kill 1")
        seen.append((status, row.tracebacks, row.defects))
    assert seen == [(70, 1, ["kills, seed 0 kill 1: KeyboardInterrupt"]), (130, 0, [])]
