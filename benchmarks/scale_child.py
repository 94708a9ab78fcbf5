"""The process that ``benchmarks.scale`` measures: one command line, and what it took of this process.

It prints one line of JSON last: the exit status, seconds from before the first import of ours, the exact peak of RSS.
"""

import json
import sys
import time
from pathlib import Path

_STARTED = time.perf_counter()
_PEAK = "VmHWM:"


def main() -> None:
    """Carry out the command line of this process."""
    from harness.cli import status_of

    status = status_of(sys.argv[1:])
    sys.stdout.flush()
    peak_kib = next(
        int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(_PEAK)
    )
    cost = {"status": status, "wall_s": time.perf_counter() - _STARTED, "peak_mib": peak_kib / 1024}
    print(f"\n{json.dumps({**cost, 'cpu_s': time.process_time()})}", flush=True)


if __name__ == "__main__":
    main()
