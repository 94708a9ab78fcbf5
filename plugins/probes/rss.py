"""Resident memory: what each model takes, needs at its peak, and gives back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import ClassVar

from harness.hookspecs import Probe, hookimpl
from harness.metrics import Better, Kind, Measurement, Metric, absent, sample
from harness.process import Counters, Process
from harness.records import Observation, Trial, Visit

Values = Mapping[str, float | None]

_COUNTERS = tuple(field.name for field in fields(Counters))
_LAST = ("trimmed", "rested")
"""What is read there is no more of the trial's own work."""
_POINTS = ("before_load", "loaded", "ran", "unloaded")
# (metric, point, counter, base point, base counter, description): each is the difference of two readings
_DIFFERENCES = (
    (
        "import_overhead_mib",
        "prepared",
        "rss_kib",
        "idle",
        "rss_kib",
        "RSS after the engine's import - RSS before it",
    ),
    ("load_overhead_mib", "loaded", "rss_kib", "before_load", "rss_kib", "RSS after load - RSS before load"),
    (
        "net_overhead_mib",
        "unloaded",
        "rss_kib",
        "before_load",
        "rss_kib",
        "RSS after unload - RSS before load",
    ),
    ("release_mib", "unloaded_start", "rss_kib", "unloaded", "rss_kib", "RSS before unload - RSS after unload"),
    (
        "load_working_mib",
        "loaded",
        "peak_kib",
        "before_load",
        "rss_kib",
        "peak during load - RSS before load",
    ),
    (
        "working_memory_mib",
        "ran",
        "peak_kib",
        "before_run",
        "rss_kib",
        "peak during the inference call - RSS at its start",
    ),
    (
        "residual_mib",
        "trimmed",
        "anon_kib",
        "before_load",
        "anon_kib",
        "anon after unload, collection and trim - anon before load",
    ),
    ("retention_mib", "trimmed_start", "anon_kib", "trimmed", "anon_kib", "anon that a heap trim gives back"),
)
_PEAKS = (("load_peak_mib", "loaded"), ("run_peak_mib", "ran"), ("unload_peak_mib", "unloaded"))
_AROUND_RUN = ("before_run", "ran")
_THREADS = "run_threads"
_MAIN = ("load_overhead_mib", "net_overhead_mib")


def _metrics() -> Iterator[Metric]:
    for name, _, _, _, _, description in _DIFFERENCES:
        better: Better = "higher" if name == "release_mib" else "lower"
        yield Metric(
            name=name, unit="MiB", quantity="memory", better=better, main=name in _MAIN, description=description
        )
    for name, point in _PEAKS:
        description = f"exact peak RSS of the phase that ends at '{point}' (VmHWM after a reset)"
        yield Metric(name=name, unit="MiB", quantity="memory", main=name in _MAIN, description=description)
    for point in _POINTS:
        yield Metric(name=f"rss_{point}_mib", unit="MiB", quantity="memory", description=f"RSS at '{point}'")
        yield Metric(
            name=f"anon_{point}_mib",
            unit="MiB",
            quantity="memory",
            description=f"RssAnon at '{point}': what the process allocated",
        )
    for point in ("loaded", "unloaded"):
        yield Metric(
            name=f"shmem_{point}_mib",
            unit="MiB",
            quantity="memory",
            description=f"RssShmem at '{point}': shared memory, and files on tmpfs that are mapped",
        )
    yield Metric(
        name=_THREADS,
        unit="threads",
        quantity="count",
        better="neither",
        format=".0f",
        description="most threads of the worker just before and just after the inference call",
    )
    yield Metric(
        name="swap_mib",
        unit="MiB",
        quantity="machine",
        scope="memory",
        description="most that was swapped out of the worker at any reading of the trial",
    )
    yield Metric(
        name="children",
        unit="processes",
        quantity="count",
        scope="memory",
        format=".0f",
        description="most processes that the worker had started, theirs included, at any reading of the trial",
    )
    yield Metric(
        name="children_rss_mib",
        unit="MiB",
        quantity="memory",
        scope="memory",
        description="largest sum of their RSS at any reading; it is in no other figure",
    )
    yield Metric(
        name="peak_mib",
        unit="MiB",
        quantity="memory",
        scope="memory",
        main=True,
        description="largest peak RSS of any phase of the trial",
    )
    yield Metric(
        name="rss_start_mib",
        unit="MiB",
        quantity="memory",
        scope="memory",
        description="RSS before the first load, or run, of the trial",
    )
    yield Metric(
        name="rss_end_mib",
        unit="MiB",
        quantity="memory",
        scope="memory",
        description="RSS at the last reading of the trial before a trim",
    )
    yield Metric(
        name="growth_mib_per_iteration",
        unit="MiB/iteration",
        quantity="memory",
        scope="memory",
        kind=Kind.TREND,
        format=".3f",
        main=True,
        description="Theil-Sen slope of anon at the end of an iteration, after unload, before any trim",
    )


class Rss(Probe):
    """RSS, anon and exact peaks at every point; overheads, release and growth from them."""

    name = "rss"
    metrics: ClassVar[Sequence[Metric]] = tuple(_metrics())

    @hookimpl
    def observe(self, point: str, process: Process) -> Values:
        """Read the kernel's counters; KiB, as the kernel gives them."""
        counters = process.counters()
        children = process.children(counters.threads)
        found = {name: getattr(counters, name) for name in _COUNTERS}
        return {**found, "children": children.count, "children_rss_kib": children.rss_kib}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Subtract readings; what was not read is absent, with the reason."""
        before = _before(trial)
        for visit in trial.visits:
            yield from _stage(visit, before)
        yield from _chain(trial)


def _stage(visit: Visit, before: Mapping[tuple[int, int], Values]) -> Iterator[Measurement]:
    readings = _readings(visit, before)
    if "unloaded" not in readings:
        readings = {point: values for point, values in readings.items() if not point.startswith("trimmed")}
    for name, point, counter, base_point, base_counter, _ in _DIFFERENCES:
        value, base = _value(readings, point, counter), _value(readings, base_point, base_counter)
        if value is None or base is None:
            lacking = (point, counter) if value is None else (base_point, base_counter)
            yield absent(visit.stage, name, _why(readings, *lacking))
        else:
            yield sample(visit.stage, name, (value - base) / 1024)
    for name, point in _PEAKS:
        yield _reading(visit.stage, name, readings, point, "peak_kib")
    for point in _POINTS:
        yield _reading(visit.stage, f"rss_{point}_mib", readings, point, "rss_kib")
        yield _reading(visit.stage, f"anon_{point}_mib", readings, point, "anon_kib")
    for point in ("loaded", "unloaded"):
        yield _reading(visit.stage, f"shmem_{point}_mib", readings, point, "shmem_kib")
    yield _threads(visit.stage, readings)


def _before(trial: Trial) -> dict[tuple[int, int], Values]:
    """Return what was read in the same process just before each reading, which process and time name."""
    before: dict[tuple[int, int], Values] = {}
    last: dict[int, Values] = {}
    seen = (one for visit in trial.visits for one in visit.observations if one.probe == Rss.name)
    for observation in sorted(seen, key=lambda one: one.at_ns):
        if observation.worker in last:
            before[observation.worker, observation.at_ns] = last[observation.worker]
        last[observation.worker] = observation.values
    return before


def _readings(visit: Visit, before: Mapping[tuple[int, int], Values]) -> dict[str, Values]:
    """Return the last reading at each point, and as ``POINT_start`` the one that stands before it."""
    readings: dict[str, Values] = {}
    for observation in visit.observations:
        if observation.probe == Rss.name:
            readings[observation.point] = observation.values
            if (observation.worker, observation.at_ns) in before:
                readings[f"{observation.point}_start"] = before[observation.worker, observation.at_ns]
    return readings


def _value(readings: Mapping[str, Values], point: str, counter: str) -> float | None:
    return readings.get(point, {}).get(counter)


def _why(readings: Mapping[str, Values], point: str, counter: str) -> str:
    if point in readings:
        return f"this machine has no {counter.removesuffix('_kib')} for another process"
    return f"nothing was read at '{point.removesuffix('_start')}' in this trial"


def _reading(scope: str, name: str, readings: Mapping[str, Values], point: str, counter: str) -> Measurement:
    value = _value(readings, point, counter)
    if value is None:
        return absent(scope, name, _why(readings, point, counter))
    return sample(scope, name, value / 1024)


def _threads(stage: str, readings: Mapping[str, Values]) -> Measurement:
    """Count a pool that a run leaves behind, and one that was there before it; not what lives only in the call."""
    counts = [count for point in _AROUND_RUN if (count := _value(readings, point, "threads")) is not None]
    if counts:
        return sample(stage, _THREADS, max(counts))
    return absent(stage, _THREADS, _why(readings, "ran", "threads"))


def _chain(trial: Trial) -> Iterator[Measurement]:
    seen = [
        observation
        for visit in trial.visits
        for observation in visit.observations
        if observation.probe == Rss.name and observation.point not in _LAST
    ]
    # the high-water mark at a trial's first reading belongs to what was before it
    peaks = [peak for observation in seen[1:] if (peak := observation.values["peak_kib"]) is not None]
    yield (
        sample("memory", "peak_mib", max(peaks) / 1024) if peaks else absent("memory", "peak_mib", "no peak was read")
    )
    rested = [observation for observation in seen if observation.point not in ("idle", "prepared")]
    rss = [value for observation in rested if (value := observation.values["rss_kib"]) is not None]
    enough = {"rss_start_mib": len(rss) > 0, "rss_end_mib": len(rss) > 1}
    for name, index in (("rss_start_mib", 0), ("rss_end_mib", -1)):
        yield sample("memory", name, rss[index] / 1024) if enough[name] else absent("memory", name, "nothing was read")
    yield _growth_point(trial)
    yield _most("swap_mib", seen, "swap_kib", 1024)
    yield _most("children", seen, "children", 1)
    yield _most("children_rss_mib", seen, "children_rss_kib", 1024)


def _most(name: str, seen: Sequence[Observation], counter: str, divisor: int) -> Measurement:
    values = [value for observation in seen if (value := observation.values.get(counter)) is not None]
    if values:
        return sample("memory", name, max(values) / divisor)
    counted = counter.removesuffix("_kib").replace("_", " ")
    return absent("memory", name, f"this machine has no {counted} of another process" if seen else "nothing was read")


def _growth_point(trial: Trial) -> Measurement:
    """Take anon after the last unload; where models stay loaded from trial to trial, after the last run."""
    name = "growth_mib_per_iteration"
    if not trial.visits:
        return absent("memory", name, "nothing was read")
    readings = _readings(trial.visits[-1], {})
    stays = "before_load" not in readings or "unloaded" not in readings
    point = "ran" if stays and "ran" in readings else "unloaded"
    anon = _value(readings, point, "anon_kib")
    if anon is None:
        return absent("memory", name, _why(readings, point, "anon_kib"))
    return sample("memory", name, anon / 1024)


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Rss]
