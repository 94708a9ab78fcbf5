import sys
from pathlib import Path

import pytest

from benchmarks import truth
from benchmarks.truth import Goal
from benchmarks.truth_engine import Kept, Leak, Spike, spikes, tables
from tests.engine.build import why_not

needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")
needs_proc = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc/PID/clear_refs here")


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the benchmark's command line and return its status."""
    monkeypatch.setattr(sys, "argv", ["benchmarks.truth", *arguments])
    with pytest.raises(SystemExit) as leaving:
        truth.main()
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.mark.parametrize(
    ("leak_kib", "found_kib", "verdict", "recovered"),
    [
        (16, 19.9, "leak", True),
        (16, 20.1, "leak", False),
        (1024, 1074.0, "leak", True),
        (1024, 1076.0, "leak", False),
        (64, 64.0, "undecided", False),
    ],
)
def test_a_leak_is_recovered(leak_kib: int, found_kib: float, verdict: str, recovered: bool) -> None:
    """Within 5 % or 4 KiB, whichever is more, and by the right word."""
    assert Leak(leak_kib, "malloc", found_kib, verdict).recovered is recovered


@pytest.mark.parametrize(("errors", "exact"), [((0.2, -0.9), True), ((0.2, -1.1), False)])
def test_peaks_are_exact_one_by_one(errors: tuple[float, ...], exact: bool) -> None:
    """A single one that is off by more than a MiB is one too many."""
    assert Spike(1, errors, (0.0, 0.0)).exact is exact


def test_tables_of_the_engine() -> None:
    """Errors by their sign, absolute and relative; the worst of a row is the one farthest off."""
    made = tables(
        [Leak(64, "mmap", 62.0, "leak")],
        [Spike(2, (0.1, -0.3), (-64.0, -1.0, 0.5))],
        [Kept("never", "stable", None), Kept("each", "retention", 200.5)],
    )
    assert [list(map(tuple, table.rows)) for table in made] == [
        [("64 KiB", "mmap", "62.00", "-2.00", "-3.12", "leak")],
        [("2", "2", "-0.30", "-1.00", "-64.00")],
        [("never", "stable", "-"), ("each", "retention", "200.50")],
    ]


@pytest.mark.parametrize(("met", "status"), [(True, 0), (False, 1)])
def test_a_goal_that_is_missed_is_the_status(
    met: bool, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a change of the rules that makes them worse is seen."""
    monkeypatch.setattr(truth, "_simulated", lambda *_: [Goal("what", "much", "little", met)])
    assert called(monkeypatch, "--only", "simulated", "--outputs", str(tmp_path)) == status
    assert ["what", "much", "little", "yes" if met else "NO"] in map(str.split, capsys.readouterr().out.splitlines())


def test_a_small_campaign_meets_its_goals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One series a cell of the short ones: no false leak, and the raw tallies are stored."""
    assert called(monkeypatch, "--small", "--seeds", "1", "--only", "simulated", "--outputs", str(tmp_path)) == 0
    assert "false leaks, worst cell" in capsys.readouterr().out
    assert len(list(tmp_path.glob("truth-*.json"))) == 1


@pytest.mark.parametrize("seeds", ["0", "-1", "many"])
def test_seeds_are_at_least_one(seeds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number is a mistake on the command line."""
    assert called(monkeypatch, "--seeds", seeds) == 2


@needs_compiler
@needs_proc
def test_a_peak_is_seen_each_time() -> None:
    """64 MiB for less than a millisecond; leaks and kept memory of this engine are in tests/whole."""
    (found,) = spikes(3, (0,))
    assert (found.exact, len(found.errors_mib), len(found.sampled_errors_mib)) == (True, 2, 2)
