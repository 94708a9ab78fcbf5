from pathlib import Path

from harness import store
from harness.report.sampling import sampling_lines
from tests import stored

MS = 1_000_000


def test_the_cost_is_one_line(tmp_path: Path) -> None:
    """Samples, rate, share of a core, what was missed."""
    stored.curve(tmp_path, (0, 0, 1000, 100, 0), hz=12.5)
    assert list(sampling_lines(tmp_path)) == [
        "Sampling: 12034 samples at 12.5 Hz, 0.31 % of one core, 2 missed",
    ]


def test_a_run_that_was_not_sampled_has_no_line(tmp_path: Path) -> None:
    """``sample_hz=0``, or a run from before there was a curve."""
    assert list(sampling_lines(tmp_path)) == []


def test_a_run_that_was_killed_has_no_cost(tmp_path: Path) -> None:
    """It is said, and not taken for nothing."""
    stored.curve(tmp_path, (0, 0, 1000, 100, 0), cost=None)
    assert list(sampling_lines(tmp_path)) == [
        "Sampling: at 100 Hz; what it cost is not known, for the curve has no end"
    ]


def test_what_was_dropped_in_reading_is_a_note(tmp_path: Path) -> None:
    """Below the line."""
    path = stored.curve(tmp_path, *((at * 10 * MS, 0, 1000 + at, 100, 0) for at in range(10)))
    path.write_bytes(path.read_bytes()[:-1])
    assert list(sampling_lines(tmp_path)) == [
        "Sampling: at 100 Hz; what it cost is not known, for the curve has no end",
        f"Note: memory.curve: the end is torn and was dropped ({_end_bytes(path)} bytes after frame 1)",
    ]


def _end_bytes(path: Path) -> int:
    """Return how long the torn end is: from its kind, head and the brace that opens it, to the end of the file."""
    content = path.read_bytes()
    return len(content) - content.rindex(b'{"samples"') + 9


def test_a_curve_that_cannot_be_read_takes_nothing_else_with_it(tmp_path: Path) -> None:
    """The line says why; the report stands."""
    (tmp_path / store.CURVE).write_text("rubbish\n")
    assert list(sampling_lines(tmp_path)) == [
        f"Sampling: memory curve: found '{tmp_path / store.CURVE}', which is none, expected the curve of a run"
    ]


def test_a_line_a_leg(tmp_path: Path) -> None:
    """Each with its own cost; one that was killed has none."""
    stored.curve(tmp_path, (0, 0, 1, 1, 0), cost=None)
    stored.curve(tmp_path, (0, 0, 1, 1, 0), leg=1)
    assert list(sampling_lines(tmp_path)) == [
        "Sampling (leg 0): at 100 Hz; what it cost is not known, for the curve has no end",
        "Sampling (leg 1): 12034 samples at 100 Hz, 0.31 % of one core, 2 missed",
    ]
