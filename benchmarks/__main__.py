"""``python -m benchmarks [--small] [--only NAME]``: measure, print tables, store raw values.

The exit status is 1 where a benchmark could not be carried out. It does not depend on any figure: a busy machine
misses goals that a quiet one meets.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    aligner_bias,
    command,
    corpus,
    corpus_start,
    observe,
    overhead,
    probes,
    sampler,
    scale,
    scoring,
    startup,
    worker_memory,
)
from benchmarks.results import Result, Stored, Unmeasurable
from benchmarks.setting import Setting
from harness import store
from harness.clock import SystemClock
from harness.environment import environment, usable_cores
from harness.errors import HarnessError
from harness.machine.blur import blurs
from harness.machine.quietness import checked

_BENCHMARKS: Mapping[str, Callable[[Setting], Result]] = {
    module.NAME: module.run
    for module in (
        worker_memory,
        command,
        observe,
        sampler,
        startup,
        overhead,
        corpus,
        corpus_start,
        probes,
        scale,
        scoring,
        aligner_bias,
    )
}
_INTERRUPTED = 130
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def main() -> None:
    """Run the command line of this process and exit with its status."""
    arguments = _parsed(sys.argv[1:])
    arguments.outputs.mkdir(parents=True, exist_ok=True)
    _let_modules_be_compiled()
    started_at = datetime.now(UTC)
    busy: dict[str, str] = {}
    setting = Setting(arguments.small, arguments.outputs.resolve(), arguments.engine, arguments.utterances)
    results: list[Result] = []
    failures: dict[str, str] = {}
    for name in arguments.only or _BENCHMARKS:
        busy[f"before {name}"] = _loadavg()
        try:
            results.append(_BENCHMARKS[name](setting))
        except (Unmeasurable, HarnessError, OSError) as error:
            failures[name] = f"{type(error).__name__}: {error}"
            print(f"benchmarks: {name} could not be carried out: {failures[name]}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
        else:
            print("\n\n".join(table.text() for table in results[-1].tables), end="\n\n", flush=True)
    busy["after the last"] = _loadavg()
    noise, _ = checked(SystemClock())
    machine = environment(noise, [blur.line for blur in blurs(noise, usable_cores(), None)])
    path = arguments.outputs / f"{started_at:%Y-%m-%d_%H-%M-%S-%f}.json"
    stored = Stored(started_at.isoformat(), arguments.small, machine, busy, results, failures)
    store.write_json(path, stored)
    _end(stored, path)


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description="What the harness itself costs.")
    parser.add_argument("--small", action="store_true", help="everything once, to show that it works")
    parser.add_argument("--only", action="append", choices=list(_BENCHMARKS), help="this one; may be given again")
    parser.add_argument("--engine", default="pocketsphinx", help="the ASR of the corpus")
    parser.add_argument("--utterances", type=int, default=500, help="how many the corpus has")
    parser.add_argument("--outputs", type=Path, default=Path("outputs/benchmarks"), help="where the file goes")
    return parser.parse_args(argv)


def _let_modules_be_compiled() -> None:
    """Let what is started from here write and read compiled modules, as it does after the first run of an installation.

    Where the variable forbids it, each process compiles the harness anew: 0.1 s of every start, 1 MiB of every worker.
    """
    if os.environ.pop(_NO_BYTECODE, None):
        print(f"{_NO_BYTECODE} is set: lifted for the processes that are measured\n", flush=True)


def _loadavg() -> str:
    """Return how busy the machine is: the kernel's load averages, running and all threads; empty where none tells."""
    path = Path("/proc/loadavg")
    return path.read_text().strip() if path.exists() else ""


def _end(stored: Stored, path: Path) -> None:
    """Say which goals were reached, how busy the machine was and where the values are; then exit."""
    verdicts = [verdict for result in stored.results for verdict in result.verdicts]
    met = sum(verdict.met for verdict in verdicts)
    print(f"Goals met: {met} of {len(verdicts)}")
    for verdict in verdicts:
        if not verdict.met:
            print(f"- {verdict.figure}: {verdict.value:.3g} {verdict.goal.unit}, goal {verdict}")
    print(f"Load of the machine (/proc/loadavg) before: {next(iter(stored.busy.values()))}")
    print(f"Load of the machine (/proc/loadavg) after:  {stored.busy['after the last']}")
    print(f"Raw values: {path}")
    sys.exit(1 if stored.failures else 0)


if __name__ == "__main__":
    main()
