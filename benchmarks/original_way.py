"""The original's way of measuring, on an engine of known truth: ``python -m benchmarks.original_way [--small]``.

A counter-example, kept so that nobody measures like this again. The engine is the library of ``tests/engine``, which
states what it costs; it needs a C compiler and nothing else. Three columns: the truth, the original experiment's way
in one process (:func:`measure_as_the_original`), and ``python -m harness`` on the same model file. Why each figure of
the original's is what it is:

TTFT
    The engine's call is synchronous, and its callback puts the chunks into a queue. The queue is read when the call
    has returned, so the "first token" is stamped when all of them are there: it is the latency of the whole call.
chars/s
    Characters by the time that it takes to *read the queue*: microseconds. It says how fast Python's queue is.
    (The published sample has 4000 ms and 150 000 chars/s.)
Load overhead
    Right, but for the first: RSS before it lacks what opening the library and binding its functions takes.
Load peak
    There is none: RSS is read before the load and after it, and what was held in between and given back is never
    seen. A thread that reads RSS every 10 ms, the obvious remedy, sees a peak of 2 ms only by chance (the lowest and
    the highest that it saw are shown), lives in the process that it measures, and is blind while an engine holds the
    interpreter lock, which this one does not.
Run peak
    The same: working memory that is taken and given back within the call does not exist at either point. It is held
    for the whole call here, so the sampler does see it.
Net overhead
    A mean over all iterations, the cold one included: what the allocator keeps once, and would reuse for ever, is
    spread over them and looks like a loss of every load.
Growth per iteration
    (last - first) / n of RSS, for the same reason: it calls retention a leak, and its value depends on n. The trend of
    the warm iterations, of anonymous memory, is the leak.
"""

import argparse
import json
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil

from benchmarks.results import Table, Unmeasurable
from benchmarks.setting import ROOT
from benchmarks.truth_run import harness_run, ran
from tests.engine.build import NoCompilerError, build, write_model

NAME = "original_way"
MIB = 1 << 20
SAMPLER_S = 0.01
"""How often the variant with a sampler reads RSS."""

_TEXT = "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
_TTFT_MS, _CHUNK_MS = 40, 10
_KEEP_MIB, _LOAD_PEAK_MIB, _WORK_MIB, _RETAIN_MIB, _LEAK_KIB = 64, 12, 24, 20, 256
_COSTS: Mapping[str, str | float] = {
    "keep_mib": _KEEP_MIB,
    "load_peak_mib": _LOAD_PEAK_MIB,
    "load_peak_ms": 2,
    "work_mib": _WORK_MIB,
    "leak_load_kib": _LEAK_KIB,
    "ttft_ms": _TTFT_MS,
    "chunk_ms": _CHUNK_MS,
    "text": _TEXT,
}
"""The model whose time, loads and peaks are measured."""
_KEEPING: Mapping[str, str | float] = {
    "keep_mib": 8,
    "retain_mib": _RETAIN_MIB,
    "leak_load_kib": _LEAK_KIB,
    "text": "one",
}
"""The model whose growth is measured: the allocator keeps what it frees, once, and it leaks a little each time."""
_PROMPT = "{{audio:/nowhere.wav}}"
_OPTIONS = ("-l", "4096", "-c", "4096", "--multimedia_file_tags", "{{", "}}")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a figure by the engine's own statement, by the original's way, by ours."""

    name: str
    truth: float
    original: tuple[float, ...]
    """One value, or the lowest and the highest."""
    ours: float | None

    def row(self) -> list[str]:
        """Return the row's cells."""
        original = " .. ".join(f"{value:.2f}" for value in self.original)
        return [self.name, f"{self.truth:.2f}", original, "-" if self.ours is None else f"{self.ours:.2f}"]


def main() -> None:
    """Run the command line of this process; exit with 1 where it could not be carried out."""
    parser = argparse.ArgumentParser("benchmarks.original_way", description="The original's way beside ours.")
    parser.add_argument("--small", action="store_true", help="few iterations, to show that it works")
    parser.add_argument("--child", nargs=3, metavar=("LIBRARY", "MODEL", "ITERATIONS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        library, model, iterations = arguments.child
        print(json.dumps(measure_as_the_original(library, model, int(iterations))))
        return
    try:
        print(table(compare(6 if arguments.small else 30)).text())
    except (NoCompilerError, Unmeasurable) as why:
        print(f"benchmarks.original_way: {why}", file=sys.stderr)
        sys.exit(1)


def table(figures: Sequence[Figure]) -> Table:
    """Return the figures side by side."""
    return Table(
        "The original's way of measuring, beside ours and the truth",
        ("figure", "truth", "original's way", "ours"),
        [figure.row() for figure in figures],
        (
            f"overheads and peaks above RSS at the phase's start; the load's peak of {_LOAD_PEAK_MIB} MiB lasts 2 ms",
            f"net overhead and growth: a model that leaks {_LEAK_KIB} KiB a load, and whose allocator keeps "
            f"{_RETAIN_MIB} MiB once",
            "why each figure of the original's is what it is: python -m pydoc benchmarks.original_way",
        ),
    )


def compare(iterations: int) -> list[Figure]:
    """Measure the same model files both ways. Raises :class:`Unmeasurable` and :class:`NoCompilerError`."""
    with tempfile.TemporaryDirectory(prefix="original-way-") as name:
        folder = Path(name)
        library = build(folder)
        original, ours = _both(library, write_model(folder / "costs.bin", **_COSTS), iterations)
        original_growth, our_growth = _both(library, write_model(folder / "keeping.bin", **_KEEPING), iterations)
    leak_mib = _LEAK_KIB / 1024
    first = _TEXT.split(maxsplit=1)[0]
    chars_per_s = (len(_TEXT) - len(first)) / ((len(_TEXT.split()) - 1) * _CHUNK_MS / 1000)
    load_mib = _KEEP_MIB + leak_mib
    peak_mib = load_mib + _LOAD_PEAK_MIB
    load, run = "load peak (MiB)", "run peak (MiB)"
    often = f", every {SAMPLER_S * 1000:.0f} ms"
    rows = [
        ("TTFT (ms)", _TTFT_MS, original["ttft_ms"], ours("asr.ttft_ms")),
        ("chars/s", chars_per_s, original["chars_per_s"], ours("asr.chars_per_s")),
        ("load overhead (MiB)", load_mib, original["load_overhead_mib"], ours("asr.load_overhead_mib")),
        (load, peak_mib, original["load_peak_mib"], ours("asr.load_working_mib")),
        (load + often, peak_mib, original["load_sampled_mib"], ours("asr.load_working_mib")),
        (run, _WORK_MIB, original["run_peak_mib"], ours("asr.working_memory_mib")),
        (run + often, _WORK_MIB, original["run_sampled_mib"], ours("asr.working_memory_mib")),
        ("net overhead (MiB)", leak_mib, original_growth["net_overhead_mib"], our_growth("asr.net_overhead_mib")),
        (
            "growth per iteration (MiB)",
            leak_mib,
            original_growth["growth_mib"],
            our_growth("memory.growth_mib_per_iteration"),
        ),
    ]
    return [Figure(name, truth, tuple(theirs), own) for name, truth, theirs, own in rows]


def _both(library: Path, model: Path, iterations: int) -> tuple[dict[str, list[float]], Callable[[str], float | None]]:
    return _original(library, model, iterations), _ours(library, model, iterations)


def _original(library: Path, model: Path, iterations: int) -> dict[str, list[float]]:
    arguments = ["-m", "benchmarks.original_way", "--child", str(library), str(model), str(iterations)]
    figures: dict[str, list[float]] = json.loads(ran(arguments, ROOT, {}).splitlines()[-1])
    return figures


def _ours(library: Path, model: Path, iterations: int) -> Callable[[str], float | None]:
    """Run the harness; return a function that gives the summary's figure of a metric."""
    summary = harness_run(library, model, f"iterations={iterations}") / "summary.json"
    metrics: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))["metrics"]

    def of(metric: str) -> float | None:
        entry = metrics[metric]
        value: float | None = entry["value"] if entry["median"] is None else entry["median"]
        return value

    return of


# --- the original's way, in a process of its own ------------------------------------------------------------


class _Sampler:
    """A thread of the measured process that reads RSS every 10 ms."""

    def __init__(self) -> None:
        self.peak = _rss_mib()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._over.wait(SAMPLER_S):
            self.peak = max(self.peak, _rss_mib())

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self.peak


def measure_as_the_original(library: str, model: str, iterations: int) -> dict[str, list[float]]:
    """Load, transcribe and unload, as the original's script does, and average as it does.

    First with RSS read at points, then as often with the sampler, so that its thread is not there in the first half.
    The sampler's start is moved by a part of its pause from iteration to iteration: no run is in step with it.
    """
    points = [_iteration(library, model, None) for _ in range(iterations)]
    sampled = [_iteration(library, model, SAMPLER_S * turn / iterations) for turn in range(iterations)]
    first, last = points[0]["start_mib"], points[-1]["end_mib"]
    averages = {name: [fmean(one[name] for one in points)] for name in points[0]}
    return {
        **averages,
        "load_sampled_mib": _ends([one["load_peak_mib"] for one in sampled]),
        "run_sampled_mib": _ends([one["run_peak_mib"] for one in sampled]),
        "growth_mib": [(last - first) / iterations],
    }


def _ends(values: Sequence[float]) -> list[float]:
    return [min(values), max(values)]


def _sampler(after_s: float | None) -> _Sampler | None:
    if after_s is None:
        return None
    sampler = _Sampler()
    time.sleep(after_s)
    return sampler


def _iteration(library: str, model: str, sampled_after_s: float | None) -> dict[str, float]:
    from plugins.stages.chatllm_library import Library, Model

    start_mib = _rss_mib()
    sampler = _sampler(sampled_after_s)
    loaded = Model(Library(library), ["-m", model, *_OPTIONS])
    loaded_mib = _rss_mib()
    load_peak_mib = max(loaded_mib, sampler.stop() if sampler else 0)
    chunks: queue.Queue[str] = queue.Queue()
    before_mib = _rss_mib()
    sampler = _sampler(sampled_after_s)
    asked_s = time.perf_counter()
    loaded.ask(_PROMPT, chunks.put)  # returns when everything has been said
    first_s, characters = None, 0
    while not chunks.empty():
        characters += len(chunks.get())
        first_s = first_s or time.perf_counter()
    read_s = time.perf_counter()
    run_peak_mib = max(_rss_mib(), sampler.stop() if sampler else 0)
    loaded.unload()
    end_mib = _rss_mib()
    first_s = first_s or read_s
    return {
        "start_mib": start_mib,
        "end_mib": end_mib,
        "load_overhead_mib": loaded_mib - start_mib,
        "load_peak_mib": load_peak_mib - start_mib,
        "run_peak_mib": run_peak_mib - before_mib,
        "net_overhead_mib": end_mib - start_mib,
        "ttft_ms": (first_s - asked_s) * 1000,
        "chars_per_s": characters / (read_s - first_s),
    }


def _rss_mib() -> float:
    return float(psutil.Process().memory_info().rss) / MIB


if __name__ == "__main__":
    main()
