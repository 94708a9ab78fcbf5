import os
from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.metrics import Measurement, absent, sample
from harness.process import Process
from harness.records import Observation, Trial, Visit
from plugins.probes.rss import Rss
from tests import stored

ASR = {
    "import_overhead_mib": 20.0 - 12.0,
    "load_overhead_mib": 116.0 - 20.0,
    "net_overhead_mib": 30.0 - 20.0,
    "release_mib": 124.0 - 30.0,
    "load_working_mib": 120.0 - 20.0,
    "working_memory_mib": 132.0 - 116.0,
    "load_peak_mib": 120.0,
    "run_peak_mib": 132.0,
    "unload_peak_mib": 125.0,
    "rss_before_load_mib": 20.0,
    "rss_loaded_mib": 116.0,
    "rss_ran_mib": 124.0,
    "rss_unloaded_mib": 30.0,
    "anon_before_load_mib": 8.0,
    "anon_loaded_mib": 72.0,
    "anon_ran_mib": 80.0,
    "anon_unloaded_mib": 16.0,
    "shmem_loaded_mib": 0.0,
    "shmem_unloaded_mib": 0.0,
}
ALIGNER = {
    "load_overhead_mib": 62.0 - 30.0,
    "net_overhead_mib": 34.0 - 30.0,
    "release_mib": 66.0 - 34.0,
    "load_working_mib": 64.0 - 30.0,
    "working_memory_mib": 70.0 - 62.0,
    "residual_mib": 10.0 - 16.0,
    "retention_mib": 18.0 - 10.0,
    "unload_peak_mib": 67.0,
}


def measure(trial: Trial) -> dict[str, Measurement]:
    """Return the probe's answer by name; each name comes once."""
    found = list(Rss(None).measure(trial))
    names = [measurement.name for measurement in found]
    assert sorted(names) == sorted(set(names))
    return dict(zip(names, found, strict=True))


def without(visit: Visit, *points: str) -> Visit:
    """Return a visit at which some points were not read."""
    return replace(visit, observations=tuple(one for one in visit.observations if one.point not in points))


def lacking(visit: Visit, counter: str) -> Visit:
    """Return a visit on a machine that has no such counter."""
    observations = tuple(replace(one, values={**one.values, counter: None}) for one in visit.observations)
    return replace(visit, observations=observations)


def chain(name: str, trial: Trial) -> Measurement:
    """Return one figure of the chain as a whole."""
    return measure(trial)[f"memory.{name}"]


@pytest.mark.parametrize(("name", "expected"), ASR.items())
def test_asr_figures(name: str, expected: float) -> None:
    """Each figure of a stage is a reading, or the difference of two, in MiB."""
    assert measure(stored.trial())[f"asr.{name}"] == sample("asr", name, expected)


@pytest.mark.parametrize(("name", "expected"), ALIGNER.items())
def test_aligner_figures(name: str, expected: float) -> None:
    """The last stage of a run has what a trim gave back, and what stayed after it, too."""
    assert measure(stored.trial(trimmed=True))[f"aligner.{name}"] == sample("aligner", name, expected)


@pytest.mark.parametrize(
    ("point", "names"),
    [
        ("idle", ["import_overhead_mib"]),
        ("prepared", ["import_overhead_mib"]),
        (
            "before_load",
            [
                "load_overhead_mib",
                "net_overhead_mib",
                "load_working_mib",
                "rss_before_load_mib",
                "anon_before_load_mib",
            ],
        ),
        (
            "loaded",
            [
                "load_overhead_mib",
                "load_working_mib",
                "load_peak_mib",
                "rss_loaded_mib",
                "anon_loaded_mib",
                "shmem_loaded_mib",
            ],
        ),
        ("before_run", ["working_memory_mib"]),
        ("ran", ["working_memory_mib", "run_peak_mib", "rss_ran_mib", "anon_ran_mib"]),
        (
            "unloaded",
            [
                "net_overhead_mib",
                "release_mib",
                "unload_peak_mib",
                "rss_unloaded_mib",
                "anon_unloaded_mib",
                "shmem_unloaded_mib",
            ],
        ),
    ],
)
def test_point_that_was_not_read(point: str, names: list[str]) -> None:
    """What rests on a point that was not read is absent and names the point; all else keeps its value."""
    trial = replace(stored.trial(), visits=(without(stored.asr_visit(), point),))
    found = measure(trial)
    for name in names:
        assert found[f"asr.{name}"] == absent("asr", name, f"nothing was read at '{point}' in this trial")
    # without a reading after the run, the one before it is the last that stands before the unload
    changed = {*names, "release_mib"} if point == "ran" else set(names)
    for name in set(ASR) - changed:
        assert found[f"asr.{name}"] == sample("asr", name, ASR[name])


@pytest.mark.parametrize("name", ["residual_mib", "retention_mib"])
def test_no_trim(name: str) -> None:
    """Where the heap was not trimmed, nothing is said of what a trim gives back."""
    reason = "nothing was read at 'trimmed' in this trial"
    assert measure(stored.trial())[f"asr.{name}"] == absent("asr", name, reason)


@pytest.mark.parametrize(
    ("counter", "names"),
    [
        ("peak_kib", ["load_working_mib", "working_memory_mib", "load_peak_mib", "run_peak_mib", "unload_peak_mib"]),
        ("anon_kib", ["residual_mib", "retention_mib", "anon_before_load_mib", "anon_ran_mib"]),
        ("rss_kib", ["load_overhead_mib", "net_overhead_mib", "release_mib", "rss_loaded_mib"]),
    ],
)
def test_counter_that_the_machine_lacks(counter: str, names: list[str]) -> None:
    """A counter that the machine does not have is the reason, not a missing reading."""
    trial = replace(stored.trial(), visits=(lacking(stored.aligner_visit(trimmed=True), counter),))
    found = measure(trial)
    reason = f"this machine has no {counter.removesuffix('_kib')} for another process"
    for name in names:
        assert found[f"aligner.{name}"] == absent("aligner", name, reason)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("peak_mib", 132.0),
        ("rss_start_mib", 20.0),
        ("rss_end_mib", 34.0),
        ("growth_mib_per_iteration", 18.0),
    ],
)
@pytest.mark.parametrize("trimmed", [False, True])
def test_chain_figures(name: str, expected: float, trimmed: bool) -> None:
    """The chain's peak, start, end and point of growth are those before a trim, whether there is one or not."""
    assert chain(name, stored.trial(trimmed=trimmed)) == sample("memory", name, expected)


def test_chain_figures_of_a_later_trial() -> None:
    """A later trial has its own readings, all of them higher by what the process grew."""
    found = measure(stored.trial(4))
    assert [found[f"memory.{name}"].value for name in ("peak_mib", "rss_start_mib", "growth_mib_per_iteration")] == [
        132.0 + 4 * stored.GROWTH_MIB,
        20.0 + 4 * stored.GROWTH_MIB,
        18.0 + 4 * stored.GROWTH_MIB,
    ]


def test_peak_leaves_out_what_was_before_the_trial() -> None:
    """The high-water mark at the first reading belongs to what was before, however high it stands."""
    trial = stored.trial(1)
    first = trial.visits[0].observations[0]
    high = replace(first, values={**first.values, "peak_kib": 999.0 * 1024})
    visit = replace(trial.visits[0], observations=(high, *trial.visits[0].observations[1:]))
    assert chain("peak_mib", replace(trial, visits=(visit, trial.visits[1]))).value == 132.0 + stored.GROWTH_MIB


def test_peak_of_a_machine_without_peaks() -> None:
    """Without a high-water mark that can be reset, the chain has no peak."""
    trial = stored.trial()
    bare = replace(trial, visits=tuple(lacking(visit, "peak_kib") for visit in trial.visits))
    assert chain("peak_mib", bare) == absent("memory", "peak_mib", "no peak was read")


@pytest.mark.parametrize("name", ["rss_start_mib", "rss_end_mib", "growth_mib_per_iteration"])
def test_chain_of_an_empty_trial(name: str) -> None:
    """A trial without a visit has no figure for the chain, and says so."""
    assert chain(name, stored.trial(visits=())) == absent("memory", name, "nothing was read")


def staying(points: Mapping[str, tuple[float, float, float]], **changes: object) -> Trial:
    """Return a trial of a chain whose last model has only these points."""
    visit = replace(stored.aligner_visit(), observations=stored.observations(points))
    return replace(stored.trial(), visits=(stored.asr_visit(), visit), **changes)  # type: ignore[arg-type]


POINTS = stored.ALIGNER_POINTS


@pytest.mark.parametrize(
    "names",
    [
        ("before_load", "loaded", "before_run", "ran"),
        ("before_run", "ran"),
        ("before_run", "ran", "unloaded"),
    ],
    ids=["first trial", "trial between", "last trial"],
)
def test_growth_where_models_stay_loaded(names: tuple[str, ...]) -> None:
    """Where models stay from trial to trial, every trial's point is the one after the run, the last trial's too."""
    trial = staying({name: POINTS[name] for name in names})
    expected = sample("memory", "growth_mib_per_iteration", 44.0)
    assert chain("growth_mib_per_iteration", trial) == expected


def test_growth_without_the_reading_after_the_unload() -> None:
    """A trial that ended before anything was read after its run has no point, and names what is missing."""
    trial = staying({"before_load": POINTS["before_load"], "loaded": POINTS["loaded"]})
    name = "growth_mib_per_iteration"
    assert chain(name, trial) == absent("memory", name, "nothing was read at 'unloaded' in this trial")


@pytest.mark.parametrize("names", [tuple(POINTS), ("before_run", "ran")], ids=["recreate", "reuse"])
def test_growth_on_a_machine_without_anon(names: tuple[str, ...]) -> None:
    """Without the counter, the machine is the reason, whether models stay loaded or not."""
    trial = staying({name: POINTS[name] for name in names})
    bare = replace(trial, visits=tuple(lacking(visit, "anon_kib") for visit in trial.visits))
    name = "growth_mib_per_iteration"
    assert chain(name, bare) == absent("memory", name, "this machine has no anon for another process")


def resident(worker_of_aligner: int = 0) -> Trial:
    """Return a trial with both models loaded together: load, load, run, run, unload, unload, trim, trim.

    RSS is 100 before the first unload, 60 after it, 30 after the second, then 28 and 27 after the trims.
    """
    readings = {
        ("asr", "before_load"): 20.0,
        ("asr", "loaded"): 60.0,
        ("aligner", "before_load"): 60.0,
        ("aligner", "loaded"): 80.0,
        ("asr", "before_run"): 80.0,
        ("asr", "ran"): 90.0,
        ("aligner", "before_run"): 90.0,
        ("aligner", "ran"): 100.0,
        ("asr", "unloaded"): 60.0,
        ("aligner", "unloaded"): 30.0,
        ("asr", "trimmed"): 28.0,
        ("aligner", "trimmed"): 27.0,
    }
    seen: dict[str, list[Observation]] = {"asr": [], "aligner": []}
    for number, ((stage, point), rss) in enumerate(readings.items()):
        worker = worker_of_aligner if stage == "aligner" else 0
        seen[stage].append(Observation(point, number * stored.MS, "rss", worker, stored.counters(rss, rss, rss)))
    visits = (
        replace(stored.asr_visit(), observations=tuple(seen["asr"])),
        replace(stored.aligner_visit(), observations=tuple(seen["aligner"])),
    )
    return replace(stored.trial(), visits=visits, most_loaded=2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("asr.release_mib", 100.0 - 60.0),
        ("aligner.release_mib", 60.0 - 30.0),
        ("asr.retention_mib", 30.0 - 28.0),
        ("aligner.retention_mib", 28.0 - 27.0),
        ("memory.rss_start_mib", 20.0),
        ("memory.rss_end_mib", 30.0),
        ("memory.peak_mib", 100.0),
        ("memory.growth_mib_per_iteration", 30.0),
    ],
)
def test_models_that_are_loaded_together(name: str, expected: float) -> None:
    """What an unload or a trim gives back is told from the reading just before it, whichever stage that was for."""
    assert measure(resident())[name].value == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("asr.release_mib", 90.0 - 60.0), ("aligner.release_mib", 100.0 - 30.0)]
)
def test_models_in_processes_of_their_own(name: str, expected: float) -> None:
    """A reading of another process says nothing of what an unload gave back."""
    assert measure(resident(worker_of_aligner=1))[name].value == expected


def test_readings_of_other_probes_are_left_alone() -> None:
    """Another probe's reading at a point is none of ours."""
    trial = stored.trial()
    other = Observation("loaded", 0, "heap", 0, {"heap_kib": 1.0})
    visit = replace(trial.visits[0], observations=(other, *trial.visits[0].observations, other))
    assert measure(replace(trial, visits=(visit, trial.visits[1]))) == measure(trial)


def test_the_last_reading_at_a_point_counts() -> None:
    """A stage that ran twice in a visit is judged by its last run."""
    trial = stored.trial()
    *before, unloaded = trial.visits[0].observations
    points = {"before_run": (118.0, 74.0, 118.0), "ran": (128.0, 84.0, 140.0)}
    again = stored.observations(points, unloaded.at_ns)
    unloaded = replace(unloaded, at_ns=unloaded.at_ns + 5 * stored.MS)
    visit = replace(trial.visits[0], observations=(*before, *again, unloaded))
    found = measure(replace(trial, visits=(visit,)))
    assert [found[f"asr.{name}"].value for name in ("working_memory_mib", "run_peak_mib", "release_mib")] == [
        140.0 - 118.0,
        140.0,
        128.0 - 30.0,
    ]


def with_most(point: str, **values: float) -> Trial:
    """Return a trial in which some counters stand higher at one point of the ASR's visit."""
    visit = stored.asr_visit()
    observations = tuple(
        replace(one, values={**one.values, **values}) if one.point == point else one for one in visit.observations
    )
    return replace(stored.trial(), visits=(replace(visit, observations=observations), stored.aligner_visit()))


@pytest.mark.parametrize(
    ("name", "counter", "divisor"),
    [("swap_mib", "swap_kib", 1024), ("children", "children", 1), ("children_rss_mib", "children_rss_kib", 1024)],
)
@pytest.mark.parametrize("point", ["idle", "ran"])
def test_what_is_seldom_there_is_told_at_its_most(name: str, counter: str, divisor: int, point: str) -> None:
    """Whenever it was read; none of it is 0, no reading is none, and a machine without it is the reason."""
    assert chain(name, with_most(point, **{counter: 2048.0})) == sample("memory", name, 2048 / divisor)
    assert chain(name, stored.trial()) == sample("memory", name, 0.0)
    assert chain(name, stored.trial(visits=())) == absent("memory", name, "nothing was read")
    bare = replace(stored.trial(), visits=tuple(lacking(visit, counter) for visit in stored.trial().visits))
    counted = counter.removesuffix("_kib").replace("_", " ")
    assert chain(name, bare) == absent("memory", name, f"this machine has no {counted} of another process")


@pytest.mark.parametrize("name", ["peak_mib", "rss_end_mib", "growth_mib_per_iteration"])
def test_what_is_read_at_rest_is_in_no_figure_of_the_trial(name: str) -> None:
    """It is after the trim, and its peak is of nobody's work."""
    trial = stored.trial(trimmed=True)
    last = trial.visits[-1]
    rested = replace(last.observations[-1], point="rested", values=stored.counters(900.0, 900.0, 900.0))
    visits = (trial.visits[0], replace(last, observations=(*last.observations, rested)))
    assert chain(name, replace(trial, visits=visits)) == chain(name, trial)


@pytest.mark.parametrize(
    ("before", "after", "most"), [(4.0, 9.0, 9.0), (9.0, 4.0, 9.0)], ids=["started by the run", "ended by the run"]
)
def test_threads_around_the_run(before: float, after: float, most: float) -> None:
    """The most of both readings; one reading alone is enough, and other points do not count."""
    seen = {"loaded": 99.0, "before_run": before, "ran": after, "unloaded": 99.0}
    visit = stored.asr_visit()
    observations = tuple(
        replace(one, values={**one.values, "threads": seen.get(one.point, 1.0)}) for one in visit.observations
    )
    visit = replace(visit, observations=observations)
    for gone, expected in (("idle", most), ("before_run", after), ("ran", before)):
        trial = replace(stored.trial(), visits=(without(visit, gone),))
        assert measure(trial)["asr.run_threads"] == sample("asr", "run_threads", expected)


def test_threads_that_nobody_counted() -> None:
    """Without a reading, and on a machine without the counter, the reason is told."""
    visit = stored.asr_visit()
    none, bare = without(visit, "before_run", "ran"), lacking(visit, "threads")
    found = [measure(replace(stored.trial(), visits=(one,)))["asr.run_threads"] for one in (none, bare)]
    assert found == [
        absent("asr", "run_threads", "nothing was read at 'ran' in this trial"),
        absent("asr", "run_threads", "this machine has no threads for another process"),
    ]


def test_observe_reads_a_live_process() -> None:
    """What is observed is the kernel's counters of the process, by the names that measure looks for."""
    process = Process(os.getpid())
    try:
        values = Rss(None).observe("loaded", process)
    finally:
        process.close()
    assert set(values) == set(stored.counters(1, 1, 1))
    assert (values["rss_kib"] or 0) > 1024


def test_each_name_once() -> None:
    """No metric is declared twice."""
    names = [metric.name for metric in Rss.metrics]
    assert len(names) == len(set(names))
