"""The original's way of measuring is shown beside ours; how long anything takes is nobody's business here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.build import why_not

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "benchmarks.original_way", "--small"]

needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")
needs_proc = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc/PID/clear_refs here")


@pytest.fixture(scope="module")
def printed() -> list[list[str]]:
    """Return the lines that it prints, each as its columns."""
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [re.split(r" {2,}", line.strip()) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def figures(printed: list[list[str]]) -> dict[str, tuple[float, list[float], float]]:
    """Return truth, the original's and ours by the figure's name."""
    rows = [columns for columns in printed if len(columns) == 4 and columns[1][:1].isdigit()]
    return {
        name: (float(truth), [float(value) for value in original.split(" .. ")], float(ours))
        for name, truth, original, ours in rows
    }


@needs_compiler
@needs_proc
def test_three_columns_are_printed(printed: list[list[str]]) -> None:
    """Truth, the original's way and ours, under their names."""
    assert ["figure", "truth", "original's way", "ours"] in printed


@needs_compiler
@needs_proc
@pytest.mark.parametrize(
    "name",
    [
        "load overhead (MiB)",
        "load peak (MiB)",
        "run peak (MiB)",
        "net overhead (MiB)",
        "growth per iteration (MiB)",
    ],
)
def test_our_memory_is_the_truth(name: str, figures: dict[str, tuple[float, list[float], float]]) -> None:
    """Within 1 MiB or 1 %; the growth within a hundredth of it."""
    truth, _, ours = figures[name]
    assert ours == pytest.approx(truth, rel=0.01, abs=0.02 if "growth" in name else 1.0)


@needs_compiler
@needs_proc
def test_the_originals_way_is_a_counter_example(figures: dict[str, tuple[float, list[float], float]]) -> None:
    """Its TTFT is the whole call, its speed the queue's, its peaks none, and what the allocator keeps is growth."""
    ttft, (original_ttft,), our_ttft = figures["TTFT (ms)"]
    assert ttft <= our_ttft < original_ttft
    assert original_ttft >= 250  # 40 ms, and 21 chunks 10 ms after one another
    speed, (original_speed,), our_speed = figures["chars/s"]
    assert original_speed > 10 * max(speed, our_speed)
    overhead = figures["load overhead (MiB)"][1]
    assert figures["load peak (MiB)"][1] == overhead
    assert figures["run peak (MiB)"][1][0] < 1
    truth, (original, *_), _ = figures["growth per iteration (MiB)"]
    assert original > 5 * truth


def test_without_a_compiler_it_says_so(tmp_path: Path) -> None:
    """One clear line, and a status."""
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("benchmarks.original_way: no C compiler")
    assert len(done.stderr.splitlines()) == 1
