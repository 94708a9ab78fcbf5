"""``python -m benchmarks.faults [--seed N] [--short] [--only PART ...]``: run the campaign and print its table.

Exit status 1: something that was promised did not hold; each case is a line with its seed.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, chdir
from pathlib import Path

COUNTS = {"kills": 200, "disks": 50, "hangs": 50, "configs": 1000, "inputs": 300, "folders": 200}
_ROOM_BYTES = 2**28
SHORT = {"kills": 6, "disks": 2, "hangs": 3, "configs": 25, "inputs": 30, "folders": 8}


def main() -> None:
    """Run the command line of this process and exit with its status."""
    parser = argparse.ArgumentParser(
        "benchmarks.faults", description="What becomes of a run when something goes wrong."
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    parser.add_argument("--short", action="store_true", help="a few of everything, to show that it works")
    parser.add_argument("--only", nargs="+", choices=tuple(COUNTS), default=tuple(COUNTS), help="some of the parts")
    arguments = parser.parse_args()
    sys.exit(campaign(arguments.seed, arguments.only, SHORT if arguments.short else COUNTS))


def campaign(seed: int, only: Sequence[str], counts: dict[str, int]) -> int:
    """Run the parts, print the table and what is wrong, and return the exit status."""
    from benchmarks.faults import configs, disks, folders, hangs, inputs, kills, supervisor
    from benchmarks.faults.verdict import Row, markdown
    from benchmarks.setting import ROOT

    os.environ["PYTHONPATH"] = str(ROOT)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="faults-", dir=_in_memory()) as name, chdir(name), ExitStack() as at_end:
        folder = Path(name).resolve()
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        config = at_end.enter_context(supervisor.warm(folder / "warm"))
        parts: dict[str, Callable[[int], list[Row]]] = {
            "kills": lambda count: kills.kills(count, seed, config, folder),
            "disks": lambda count: disks.disks(count, seed, config, folder),
            "hangs": lambda count: hangs.hangs(count, seed, config, folder),
            "configs": lambda count: configs.configs(count, seed, folder),
            "inputs": lambda count: inputs.inputs(count, seed, folder),
            "folders": lambda count: folders.folders(count, seed, config, folder),
        }
        for part, of in parts.items():
            if part in only:
                began = time.monotonic()
                rows += of(counts[part])
                print(f"{part}: {counts[part]} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\nSeed {seed}:\n\n{markdown(rows)}\n")
    for line in (line for row in rows for line in row.defects):
        print(f"not as promised: {line}")
    return 0 if all(row.ok for row in rows) else 1


def _in_memory() -> str | None:
    """Return a folder that needs no disk, where there is one with room: what a kill leaves is the same there."""
    there = Path("/dev/shm")  # noqa: S108 a folder of random name is made in it
    return str(there) if there.is_dir() and shutil.disk_usage(there).free > _ROOM_BYTES else None


if __name__ == "__main__":
    main()
