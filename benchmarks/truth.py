"""How right the harness is: ``python -m benchmarks.truth [--small] [--seeds N] [--only simulated|engine]``.

Two judges. Simulated series, whose leak is known because it was put in, show how often the verdict on growth is wrong,
and how often its interval holds the true slope. The engine of known truth (``tests/engine``, a C library that costs
what its model file says) shows that leaks, peaks and kept memory come through the whole harness as they are. The tables
go into ``docs/truth.md``; nothing in the rules was chosen by the seeds used here. Exit status 1: a goal was missed.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import campaign, truth_engine
from benchmarks.results import Table, Unmeasurable
from benchmarks.simulated import Cell
from tests.engine.build import NoCompilerError

SEEDS, SMALL_SEEDS = 500, 5
_ITERATIONS, _SMALL_ITERATIONS = 100, 45
_SMALL_LENGTHS = (20, 50)
_LEAST_COVERED, _MOST_COVERED = 0.93, 0.97


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised, what came, and whether that is enough."""

    what: str
    promised: str
    came: str
    met: bool


def main() -> None:
    """Run the command line of this process and exit with its status."""
    parser = argparse.ArgumentParser("benchmarks.truth", description="How right the verdicts, leaks and peaks are.")
    parser.add_argument("--small", action="store_true", help="a few of everything, to show that it works")
    parser.add_argument("--seeds", type=_positive, help=f"series a cell; {SEEDS} unless said")
    parser.add_argument("--only", choices=("simulated", "engine"), help="one of the two judges")
    parser.add_argument("--outputs", type=Path, default=Path("outputs/benchmarks"), help="where the raw values go")
    arguments = parser.parse_args()
    goals: list[Goal] = []
    raw: dict[str, object] = {}
    try:
        if arguments.only != "engine":
            goals += _simulated(arguments.seeds or (SMALL_SEEDS if arguments.small else SEEDS), arguments.small, raw)
        if arguments.only != "simulated":
            goals += _engine(_SMALL_ITERATIONS if arguments.small else _ITERATIONS, arguments.small, raw)
    except (NoCompilerError, Unmeasurable) as why:
        print(f"benchmarks.truth: {why}", file=sys.stderr)
        sys.exit(1)
    _show(Table("Goals", ("what", "promised", "came", "met"), [_row(goal) for goal in goals]))
    print(f"Raw values: {_stored(arguments.outputs, raw)}")
    sys.exit(0 if all(goal.met for goal in goals) else 1)


def _simulated(seeds: int, small: bool, raw: dict[str, object]) -> Iterator[Goal]:
    """Judge the grid, show it, and hold it to what was promised."""
    grid = [cell for cell in campaign.cells() if not small or cell.length in _SMALL_LENGTHS]
    tallies = campaign.tallied(grid, seeds)
    raw["simulated"] = [asdict(one) for one in tallies]
    for table in campaign.tables(tallies):
        _show(table)
    worst = campaign.worst_false_leak(tallies)
    share = worst.verdicts.get("leak", 0.0)
    yield Goal("false leaks, worst cell", "at most 1 %", f"{share:.1%} ({_name(worst.cell)})", share <= 0.01)
    yield from (
        Goal(f"64 KiB over 100 iterations, {name}", "at least 99 % found", f"{found:.1%}", found >= 0.99)
        for name, found in campaign.found_at_trimmed_noise(tallies)
    )
    if not small:
        shares = campaign.coverage(tallies).values()
        met = min(shares) >= _LEAST_COVERED and max(shares) <= _MOST_COVERED
        came = f"{min(shares):.1%} to {max(shares):.1%}"
        yield Goal("95 % intervals, over the grid", "93 to 97 % hold the slope", came, met)


def _engine(iterations: int, small: bool, raw: dict[str, object]) -> Iterator[Goal]:
    """Measure the engine of known truth, show it, and hold it to what was promised."""
    leaking = truth_engine.leaks(iterations, truth_engine.LEAKS_KIB[1:2] if small else truth_engine.LEAKS_KIB)
    spiking = truth_engine.spikes(5 if small else 30, truth_engine.SPIKES_MS[:2] if small else truth_engine.SPIKES_MS)
    keeping = truth_engine.kept(iterations)
    raw["leaks"], raw["peaks"], raw["kept"] = (list(map(asdict, each)) for each in (leaking, spiking, keeping))
    for table in truth_engine.tables(leaking, spiking, keeping):
        _show(table)
    right = sum(one.recovered for one in leaking)
    promised = "within 5 % or 4 KiB, called leak"
    yield Goal("leaks of the engine", promised, f"{right} of {len(leaking)}", right == len(leaking))
    exact = sum(one.exact for one in spiking)
    yield Goal("peaks of the engine", "within 1 MiB, each one", f"{exact} of {len(spiking)}", exact == len(spiking))
    words = ", ".join(f"{one.trim}: {one.verdict}" for one in keeping)
    never = all(one.verdict != "leak" for one in keeping)
    yield Goal("200 MiB that the allocator keeps", "never a leak", words, never)


def _show(table: Table) -> None:
    print(table.text(), end="\n\n", flush=True)


def _row(goal: Goal) -> Sequence[str]:
    return (goal.what, goal.promised, goal.came, "yes" if goal.met else "NO")


def _name(cell: Cell) -> str:
    return f"{cell.shape}, {cell.noise}, n = {cell.length}"


def _stored(outputs: Path, raw: dict[str, object]) -> Path:
    outputs.mkdir(parents=True, exist_ok=True)
    path = outputs / f"truth-{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}.json"
    path.write_text(json.dumps(raw, default=list) + os.linesep, encoding="utf-8")
    return path


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {value}, expected at least 1")
    return value


if __name__ == "__main__":
    main()
