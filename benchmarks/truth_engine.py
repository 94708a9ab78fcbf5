"""What the harness says of an engine of known truth: leaks by rate, peaks by height, kept memory by name."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.results import Table, Unmeasurable
from benchmarks.truth_run import harness_run
from harness import store
from harness.analysis.curve import sampled_peak_mib
from harness.analysis.summary import Summary, summarise
from harness.analysis.verdict import Verdict
from harness.records import Visit
from harness.sampling.curve import Curve, read_curve
from tests.engine.build import Value, build, write_model

LEAKS_KIB = (16, 64, 256, 1024, 4096)
SPIKES_MS = (0, 1, 2, 5, 10, 20, 50)
WITHIN_SHARE, WITHIN_KIB = 0.05, 4.0
"""A leak is recovered when its rate is within one of the two; a peak when within :data:`WITHIN_MIB`."""
WITHIN_MIB = 1.0
_KEEP_MIB, _SPIKE_MIB, _RETAIN_MIB = 32, 64, 200
_SAMPLER_HZ = 100


@dataclass(frozen=True, slots=True)
class Leak:
    """A leak of so much a load, and what was found."""

    leak_kib: int
    taken_with: str
    found_kib: float
    verdict: str

    @property
    def recovered(self) -> bool:
        """Whether the rate is right and the word too."""
        off_kib = abs(self.found_kib - self.leak_kib)
        return self.verdict == "leak" and (off_kib <= WITHIN_KIB or off_kib <= WITHIN_SHARE * self.leak_kib)


@dataclass(frozen=True, slots=True)
class Spike:
    """A peak of so many milliseconds in a load: errors in MiB of our peaks, and of the highest of a 10 ms sampler."""

    lasts_ms: int
    errors_mib: tuple[float, ...]
    sampled_errors_mib: tuple[float, ...]

    @property
    def exact(self) -> bool:
        """Whether every single peak is right."""
        return all(abs(error) <= WITHIN_MIB for error in self.errors_mib)


@dataclass(frozen=True, slots=True)
class Kept:
    """A model whose allocator keeps 200 MiB, under one way to trim, and the word for it."""

    trim: str
    verdict: str
    given_back_mib: float | None


def leaks(iterations: int, chosen: Sequence[int] = LEAKS_KIB) -> list[Leak]:
    """Measure each leak, taken by malloc and by mmap, over so many iterations."""
    found = []
    with _engine() as (library, folder):
        for taken_with in ("malloc", "mmap"):
            for leak_kib in chosen:
                costs: dict[str, Value] = {"leak_load_kib": leak_kib, "leak_with": taken_with, "keep_mib": _KEEP_MIB}
                verdict = _verdict(library, folder / f"{taken_with}-{leak_kib}.bin", costs, f"iterations={iterations}")
                slope_mib = verdict.slope_mib_per_iteration
                if slope_mib is None:
                    raise Unmeasurable(f"no slope over {iterations} iterations")
                found.append(Leak(leak_kib, taken_with, slope_mib * 1024, verdict.verdict))
    return found


def spikes(iterations: int, chosen: Sequence[int] = SPIKES_MS) -> list[Spike]:
    """Measure peaks of known height and duration by the kernel's high-water mark, and by samples every 10 ms."""
    found = []
    with _engine() as (library, folder):
        for lasts_ms in chosen:
            costs: dict[str, Value] = {
                "keep_mib": _KEEP_MIB,
                "load_peak_mib": _SPIKE_MIB,
                "load_peak_ms": lasts_ms,
                "load_ms": lasts_ms + 20,
            }
            model = write_model(folder / f"spike-{lasts_ms}.bin", text="one", **costs)
            run = harness_run(library, model, f"iterations={iterations}", f"sample_hz={_SAMPLER_HZ}", "charts=[]")
            found.append(_spike(lasts_ms, run))
    return found


def kept(iterations: int) -> list[Kept]:
    """Judge a model whose allocator keeps 200 MiB from its first unload on, under every way to trim."""
    found = []
    with _engine() as (library, folder):
        for trim in ("never", "end", "each"):
            costs: dict[str, Value] = {"retain_mib": _RETAIN_MIB, "keep_mib": _KEEP_MIB}
            verdict = _verdict(library, folder / f"{trim}.bin", costs, f"iterations={iterations}", f"trim={trim}")
            found.append(Kept(trim, verdict.verdict, verdict.given_back_mib))
    return found


def tables(leaking: Sequence[Leak], spiking: Sequence[Spike], keeping: Sequence[Kept]) -> tuple[Table, ...]:
    """Return a table of each."""
    return (
        Table(
            "Leaks of the engine of known truth",
            ("leak a load", "taken with", "found, KiB", "error, KiB", "error, %", "verdict"),
            [
                (
                    f"{one.leak_kib} KiB",
                    one.taken_with,
                    f"{one.found_kib:.2f}",
                    f"{one.found_kib - one.leak_kib:+.2f}",
                    f"{(one.found_kib / one.leak_kib - 1) * 100:+.2f}",
                    one.verdict,
                )
                for one in leaking
            ],
        ),
        Table(
            f"Peaks of {_SPIKE_MIB} MiB in a load",
            ("lasts, ms", "n", "worst error, MiB", "10 ms sampler: median error", "worst error"),
            [
                (
                    str(one.lasts_ms),
                    str(len(one.errors_mib)),
                    f"{max(one.errors_mib, key=abs):+.2f}",
                    f"{median(one.sampled_errors_mib):+.2f}",
                    f"{max(one.sampled_errors_mib, key=abs):+.2f}",
                )
                for one in spiking
            ],
        ),
        Table(
            f"An allocator that keeps {_RETAIN_MIB} MiB",
            ("trim", "verdict", "a trim gives back, MiB"),
            [(one.trim, one.verdict, _figure(one.given_back_mib)) for one in keeping],
        ),
    )


@contextmanager
def _engine() -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory(prefix="truth-engine-") as name:
        folder = Path(name)
        yield build(folder), folder


def _verdict(library: Path, model: Path, costs: Mapping[str, Value], *overrides: str) -> Verdict:
    write_model(model, text="one", **costs)
    return _summary(harness_run(library, model, "charts=[]", "sample_hz=0", *overrides)).verdicts["memory"]


def _summary(folder: Path) -> Summary:
    stored = store.read_run(folder)
    return summarise(stored.run, stored.trials)


def _spike(lasts_ms: int, folder: Path) -> Spike:
    """Compare, load by load, the peak above RSS before it with what the model file says."""
    curve = read_curve(folder)
    if curve is None:
        raise Unmeasurable("the run was not sampled")
    truth_mib = _KEEP_MIB + _SPIKE_MIB
    visits = [trial.visits[0] for trial in store.read_run(folder).trials if not trial.cold]
    pairs = [_peaks_mib(visit, curve) for visit in visits]
    return Spike(
        lasts_ms,
        tuple(exact - truth_mib for exact, _ in pairs),
        tuple(sampled - truth_mib for _, sampled in pairs),
    )


def _peaks_mib(visit: Visit, curve: Curve) -> tuple[float, float]:
    """Return the exact peak of a load above RSS before it, and the highest that a sample in the load saw."""
    before, after, load = visit.observed("before_load", "rss"), visit.observed("loaded", "rss"), visit.phase("load")
    if before is None or after is None or load is None or before["rss_kib"] is None or after["peak_kib"] is None:
        raise Unmeasurable("this machine has no exact peaks")
    sampled_mib = sampled_peak_mib(curve, load.worker, load.start_ns, load.end_ns)
    base_mib = before["rss_kib"] / 1024
    return after["peak_kib"] / 1024 - base_mib, (sampled_mib or base_mib) - base_mib


def _figure(mib: float | None) -> str:
    return "-" if mib is None else f"{mib:.2f}"
