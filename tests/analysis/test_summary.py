from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.analysis.handles import Leaking
from harness.analysis.statistics import ratio_interval, spread
from harness.analysis.summary import GROWTH, MetricSummary, Summary, summarise
from harness.analysis.verdict import MIN_FOR_LEAK, Verdict
from harness.metrics import Kind, Measurement, Metric, absent, constant, ratio, sample
from harness.records import Budgets, Observation, Outcome, Phase, ProbeRecord, Protocol, Residency, Run, Trial, Visit
from tests import stored

SPEED = Metric(name="speed_ms", unit="ms", main=True, description="a sample")
SHARE = Metric(name="share", unit="1", kind=Kind.RATIO, format=".1%", description="a ratio")
ERRORS = Metric(name="errors", unit="1", kind=Kind.RATIO, cold_apart=False, description="a ratio of every trial")
TREND = Metric(name=GROWTH, unit="MiB/iteration", scope="memory", kind=Kind.TREND, description="a trend")
TEXT = Metric(name="text", unit="text", kind=Kind.CONSTANCY, cold_apart=False, description="a constancy")


def run(*metrics: Metric, **changes: Any) -> Run:
    """Return a run with one probe."""
    probe = ProbeRecord(name="made", origin="here", options={}, metrics=metrics)
    return stored.run(probes=(probe,), **changes)


def trial(index: int, *measurements: Measurement, worker: int = 0, **changes: Any) -> Trial:
    """Return a trial of one process with these measurements."""
    visit = Visit("asr", "asr", phases=(Phase("run", 0, 1, 0, worker, 1),))
    return stored.trial(index, visits=(visit,), measurements=measurements, **changes)


def speeds(*values: float | None) -> list[Trial]:
    """Return a trial for each value, the first of them cold; None is a trial without one."""
    return [
        trial(
            index, absent("asr", "speed_ms", f"none in {index}") if value is None else sample("asr", "speed_ms", value)
        )
        for index, value in enumerate(values)
    ]


def entry(metric: Metric, trials: Sequence[Trial], scope: str = "asr", **changes: Any) -> MetricSummary:
    """Return what the summary of a run says of its only metric."""
    return summarise(run(metric, **changes), trials).metrics[f"{scope}.{metric.name}"]


def test_cold_apart() -> None:
    """The cold trial's value stands by itself, and the steady ones have median and spread of their own."""
    found = entry(SPEED, speeds(900.0, 10.0, 40.0, 20.0))
    expected = spread([10.0, 40.0, 20.0])
    assert (found.n, found.value, found.median, found.mean) == (3, 20.0, 20.0, expected.mean)
    assert (found.min, found.q1, found.q3, found.max) == (10.0, 15.0, 30.0, 40.0)
    assert (found.interval, found.p90, found.p99) == (expected.interval, None, None)
    assert (found.cold, found.null_reason) == (900.0, None)


def test_warmup_is_left_out() -> None:
    """Warm-up trials are in no steady-state figure, and are not the cold one."""
    trials = speeds(900.0, 500.0, 400.0, 10.0, 30.0)
    trials = [replace(one, warmup=one.index in (1, 2)) for one in trials]
    found = entry(SPEED, trials)
    assert (found.n, found.value, found.cold) == (2, 20.0, 900.0)


def test_what_does_not_depend_on_warmth_counts_every_trial() -> None:
    """A word error rate is that of every trial, the cold one and the warm-up included."""
    counts = ((1, 10), (0, 10), (2, 20))
    trials = [trial(index, ratio("asr", "errors", *count), warmup=index == 1) for index, count in enumerate(counts)]
    found = entry(ERRORS, trials)
    assert (found.n, found.numerator, found.denominator, found.value, found.cold) == (3, 3, 40, 0.075, None)


def test_ratio_is_sum_over_sum() -> None:
    """The figure is sum / sum; mean and median of the ratios stand beside it under their own names."""
    pairs = ((5.0, 5.0), (1.0, 2.0), (1.0, 8.0), (3.0, 30.0))
    found = entry(SHARE, [trial(index, ratio("asr", "share", *pair)) for index, pair in enumerate(pairs)])
    assert (found.numerator, found.denominator, found.value) == (5.0, 40.0, 0.125)
    assert found.mean == pytest.approx((0.5 + 0.125 + 0.1) / 3)
    assert (found.median, found.min, found.max) == (0.125, 0.1, 0.5)
    assert found.interval == ratio_interval([1.0, 1.0, 3.0], [2.0, 8.0, 30.0])
    assert (found.n, found.cold) == (3, 1.0)


def test_ratio_of_two_trials_has_no_interval() -> None:
    """Two steady trials have a figure and no interval."""
    found = entry(SHARE, [trial(index, ratio("asr", "share", 1, 2)) for index in range(3)])
    assert (found.n, found.value, found.interval) == (2, 0.5, None)


def test_declaration_is_carried_along() -> None:
    """An entry says what its metric is, so that it can be read without the plugin."""
    found = entry(SHARE, [])
    assert (found.scope, found.metric, found.kind, found.unit) == ("asr", "share", Kind.RATIO, "1")
    assert (found.better, found.format, found.main, found.description) == ("lower", ".1%", False, "a ratio")


def test_a_stage_metric_has_an_entry_for_each_stage() -> None:
    """A metric of stages is there for each of the run, one of the chain once."""
    assert list(summarise(run(SPEED, TREND), []).metrics) == ["asr.speed_ms", "aligner.speed_ms", f"memory.{GROWTH}"]


@pytest.mark.parametrize(
    ("trials", "reason", "cold"),
    [
        ([], "no trial was completed", None),
        ([stored.failed(0)], "no trial was completed", None),
        (speeds(7.0), "only the cold first trial has a value", 7.0),
        (speeds(7.0, None), "only the cold first trial has a value", 7.0),
        (speeds(None, None), "none in 1", None),
        ([stored.trial(0), stored.trial(1)], "nothing was measured", None),
    ],
    ids=["no trial", "all failed", "one trial", "cold alone", "absent", "never measured"],
)
def test_null_reason(trials: list[Trial], reason: str, cold: float | None) -> None:
    """Where there is no figure there is a reason; the cold trial's own value stays."""
    found = entry(SPEED, trials)
    assert (found.value, found.n, found.null_reason, found.cold) == (None, 0, reason, cold)


def test_absent_in_some_trials() -> None:
    """A trial without a value is not in n, and no reason is given where there is a figure."""
    found = entry(SPEED, speeds(9.0, 1.0, None, 3.0))
    assert (found.n, found.value, found.null_reason) == (2, 2.0, None)


def test_failed_trials_are_in_no_metric() -> None:
    """A trial that failed is counted by its outcome, whatever it had measured."""
    trials = speeds(9.0, 1.0, 1000.0, 3.0)
    trials[2] = replace(trials[2], outcome=Outcome("crashed", "aligner", "run", "SIGKILL"))
    found = summarise(run(SPEED), [*trials, stored.failed(4), replace(stored.failed(5), outcome=Outcome("timeout"))])
    assert found.outcomes == {"ok": 3, "crashed": 2, "timeout": 1}
    assert (found.metrics["asr.speed_ms"].n, found.metrics["asr.speed_ms"].max) == (2, 3.0)


def test_failed_cold_trial() -> None:
    """Where the cold trial failed, there is no cold value; the next trial is not made one."""
    trials = speeds(900.0, 1.0, 3.0)
    trials[0] = replace(trials[0], outcome=Outcome("error"))
    found = entry(SPEED, trials)
    assert (found.n, found.value, found.cold) == (2, 2.0, None)


def points(values: Sequence[float], workers: Sequence[int]) -> list[Trial]:
    """Return a trial for each value of the trend, each served by one process."""
    return [
        trial(index, sample("memory", GROWTH, value), worker=worker)
        for index, (value, worker) in enumerate(zip(values, workers, strict=True))
    ]


def test_trend() -> None:
    """The figure is the slope, the cold trial left out."""
    found = entry(TREND, points([50.0, 10.0, 10.5, 11.0, 11.5], [0] * 5), "memory")
    assert (found.n, found.value, found.interval, found.null_reason) == (4, 0.5, None, None)


def test_trend_with_an_interval() -> None:
    """From five points on there is one; that of a line has no width."""
    found = entry(TREND, points([50.0, 10.0, 10.5, 11.0, 11.5, 12.0], [0] * 6), "memory")
    assert (found.n, found.value) == (5, 0.5)
    assert found.interval == pytest.approx((0.5, 0.5))


def test_trend_over_the_longest_stretch_in_one_process() -> None:
    """A worker that was replaced begins anew: the slope is of the longest stretch, never across two processes."""
    trials = points([0.0, 100.0, 101.0, 102.0, 40.0, 42.0, 44.0, 46.0, 9.0], [0, 0, 0, 0, 1, 1, 1, 1, 2])
    found = entry(TREND, trials, "memory")
    assert (found.n, found.value) == (4, 2.0)


def test_trend_over_a_gap() -> None:
    """A trial without a point leaves a gap, and the trials after it keep their numbers."""
    trials = points([0.0, 1.0, 2.0, 3.0, 5.0, 6.0], [0] * 6)
    trials[4] = trial(4, absent("memory", GROWTH, "nothing was read"))
    found = entry(TREND, [*trials[:5], replace(trials[5], measurements=(sample("memory", GROWTH, 5.0),))], "memory")
    assert (found.n, found.value) == (4, 1.0)


@pytest.mark.parametrize(
    ("workers", "n"), [([0, 0, 0], 2), ([0, 1, 2], 1), ([0, 1, 1, 2, 2], 2)], ids=["short", "a worker each", "two each"]
)
def test_trend_of_too_few_points(workers: list[int], n: int) -> None:
    """Two points in one process make no slope."""
    found = entry(TREND, points([1.0] * len(workers), workers), "memory")
    assert (found.n, found.value) == (n, None)
    assert found.null_reason == f"a slope needs 3 points in one process, there {'is' if n == 1 else 'are'} {n}"


@pytest.mark.parametrize("count", [1, 3, 6])
def test_trend_has_no_cold_value(count: int) -> None:
    """The first trial's memory is no slope, and does not stand where one is looked for."""
    found = entry(TREND, points([100.0 + index for index in range(count)], [0] * count), "memory")
    assert found.cold is None


def texts(*values: str, utterances: Sequence[str] = ()) -> list[Trial]:
    """Return a trial for each transcript, of one utterance or of those that are named."""
    names = utterances or ["jfk"] * len(values)
    return [
        trial(index, constant("asr", "text", text), utterance=stored.utterance(id=name))
        for index, (text, name) in enumerate(zip(values, names, strict=True))
    ]


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        (texts("a b"), "unchanged"),
        (texts("a b", "a b", "a b"), "unchanged"),
        (texts("a", "a", "b", "c"), "differs first in trial 2: 'b' instead of 'a'"),
        (texts("a", "b", "a", "b", utterances=["one", "two", "one", "two"]), "unchanged"),
        (
            texts("a", "b", "a", "c", utterances=["one", "two", "one", "two"]),
            "differs first in trial 3: 'c' instead of 'b'",
        ),
        (texts("", ""), "unchanged"),
        (texts("", "a"), "differs first in trial 1: 'a' instead of ''"),
    ],
)
def test_constancy(trials: list[Trial], expected: str) -> None:
    """Each utterance's text is that of its first trial, the cold one too; the first difference is said."""
    found = entry(TEXT, trials)
    assert (found.text, found.value, found.null_reason, found.n) == (expected, None, None, len(trials))


@pytest.mark.parametrize(
    ("residency", "most_loaded", "allowed", "held"),
    [
        ("one_at_a_time", 1, 1, True),
        ("one_at_a_time", 2, 1, False),
        ("phase_batched", 1, 1, True),
        ("phase_batched", 2, 1, False),
        ("all_resident", 2, 2, True),
        ("all_resident", 3, 2, False),
    ],
)
def test_guard(residency: Residency, most_loaded: int, allowed: int, held: bool) -> None:
    """The largest number of models at one time, of any trial, against what the residency allows."""
    protocol = Protocol(order=("asr", "aligner"), residency=residency)
    trials = [trial(0, most_loaded=0), replace(trial(1, most_loaded=most_loaded), outcome=Outcome("error")), trial(2)]
    assert summarise(run(SPEED, protocol=protocol), trials).guard == {
        "residency": residency,
        "most_loaded": most_loaded,
        "allowed": allowed,
        "held": held,
    }


def test_guard_of_no_trial() -> None:
    """Where nothing was loaded, the guard held."""
    assert summarise(run(SPEED), []).guard["held"] is True


def test_problems_and_notes() -> None:
    """Problems name their trial; the run's notes come before those of reading it."""
    trials = [trial(0, problems=("heap failed",)), trial(1), trial(2, problems=("x", "y"))]
    found = summarise(run(SPEED, notes=("a",)), trials, ["b"])
    assert found.problems == ("trial 0: heap failed", "trial 2: x", "trial 2: y")
    assert found.notes == ("a", "b")


def readings(anon_mib: Sequence[float], trimmed_mib: float | None = None) -> list[Trial]:
    """Return a trial for each level that an unload leaves; loads stand on the one before, peaks are 300 MiB higher."""
    made = []
    for index, after in enumerate(anon_mib):
        points = {"before_load": anon_mib[max(0, index - 1)], "unloaded": after}
        if trimmed_mib is not None and index == len(anon_mib) - 1:
            points["trimmed"] = trimmed_mib
        at_ns = index * 36_000_000_000
        seen = tuple(
            Observation(point, at_ns + number, "rss", 0, stored.counters(level, level, level + 300.0))
            for number, (point, level) in enumerate(points.items())
        )
        phases = (Phase("run", at_ns, at_ns + 1, 0, 0, 1),)
        visit = Visit("asr", "asr", phases=phases, observations=seen)
        made.append(stored.trial(index, visits=(visit,), measurements=(sample("memory", GROWTH, after),)))
    return made


LEAKING = [100.0 + 0.5 * index for index in range(MIN_FOR_LEAK + 1)]
"""Half a MiB in each iteration, as many as a leak needs, and the cold one."""


@pytest.mark.parametrize(
    ("trimmed_mib", "word"), [(100.0, "retention"), (119.0, "leak"), (110.0, "undecided"), (None, "leak")]
)
def test_verdict(trimmed_mib: float | None, word: str) -> None:
    """The verdict is on the steady iterations, with what the last trim gave back."""
    found = summarise(run(TREND), readings(LEAKING, trimmed_mib)).verdicts["memory"]
    assert (found.verdict, found.n, found.slope_mib_per_iteration) == (word, MIN_FOR_LEAK, 0.5)
    assert found.interval == pytest.approx((0.5, 0.5))
    assert found.given_back_mib == (None if trimmed_mib is None else 120.0 - trimmed_mib)


def test_the_stage_that_leaks() -> None:
    """The only stage that took something is named; one that was not read is not."""
    found = summarise(run(TREND), readings(LEAKING)).stage_verdicts
    assert list(found) == ["asr"]
    assert (found["asr"].verdict, found["asr"].loop, found["asr"].grown_mib) == ("leak", "load, run, unload", 20.0)


@pytest.mark.parametrize(("leak_kib", "word"), [(64.0, "stable"), (4.0, "undecided")])
def test_what_growth_matters_is_the_runs_own(leak_kib: float, word: str) -> None:
    """Noise that cannot hide 64 KiB an iteration can hide 4."""
    values = [100.0 + 0.25 * (index * 7 % 5) for index in range(30)]
    found = summarise(run(TREND, budgets=Budgets(leak_kib=leak_kib)), readings(values))
    assert found.verdicts["memory"].verdict == word


def test_runway() -> None:
    """420 MiB at its peak, half a MiB more in each iteration of 36 s: 500 MiB are reached in 160, 1.6 hours."""
    found = summarise(run(TREND, budgets=Budgets(memory_mib=500.0)), readings(LEAKING)).runway
    assert found is not None
    assert (found.budget_mib, found.peak_mib, found.iterations, found.hours) == (500.0, 420.0, 160, 1.6)
    assert summarise(run(TREND), readings(LEAKING)).runway is None


@pytest.mark.parametrize(
    ("budgets", "values", "broken"),
    [
        (Budgets(), LEAKING, ("memory leaks",)),
        (Budgets(residual_mib=0.5), LEAKING[:3], ("asr held 1.00 MiB after an unload, 0.5 may be",)),
        (
            Budgets(residual_mib=16.0),
            LEAKING,
            ("memory leaks", "asr held 20.00 MiB after an unload, 16 may be"),
        ),
        (Budgets(residual_mib=1.0), LEAKING[:3], ()),
        (Budgets(), LEAKING[:3], ()),
    ],
    ids=["leak", "residual", "both", "in its budget", "neither"],
)
def test_what_is_broken(budgets: Budgets, values: list[float], broken: tuple[str, ...]) -> None:
    """A line each for a leak and for each residual above its budget, whether the run is strict or not."""
    assert summarise(run(TREND, budgets=budgets), readings(values)).broken == broken


def test_a_broken_guard_is_broken() -> None:
    """Its line has what was loaded and what may be."""
    found = summarise(run(SPEED), [trial(0, most_loaded=2)])
    assert found.broken == ("2 models were loaded at one time, 1 may be",)


def test_a_residual_that_nobody_reads_is_said() -> None:
    """Without the probe, a budget is neither passed nor failed."""
    found = summarise(run(SPEED, budgets=Budgets(residual_mib=1.0)), [])
    assert {one.reason for one in found.residuals.values()} == {"no unload was seen by the probe rss"}
    assert (list(found.residuals), found.broken) == (["asr", "aligner"], ())


def test_a_failed_utterance_makes_its_iteration_a_gap() -> None:
    """The verdict has a point fewer; the trials that were ok are in every other figure."""
    trials = [replace(one, iteration=index // 2) for index, one in enumerate(readings([100.0] * 24))]
    trials[6] = replace(trials[6], outcome=Outcome("error"))
    found = summarise(run(TREND), trials)
    assert (found.verdicts["memory"].n, found.metrics[f"memory.{GROWTH}"].n) == (10, 11)


def test_no_verdict_without_its_trend() -> None:
    """A run whose probes read no memory has no verdict on it."""
    found = summarise(run(SPEED), speeds(1.0, 2.0))
    assert (found.verdicts, found.stage_verdicts, found.runway) == ({}, {}, None)


def test_verdict_of_no_trial() -> None:
    """Without a trial, the verdict is undecided."""
    because = "0 steady iterations; at least 10 are needed to tell growth from noise"
    expected = Verdict(verdict="undecided", because=because, n=0, settles_at=MIN_FOR_LEAK + 1)
    assert summarise(run(TREND), []).verdicts == {"memory": expected}


# --- the hand-made run, with the probes that ship ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "n", "value", "cold"),
    [
        ("asr.ttft_ms", 2, 400.0, 400.0),
        ("asr.load_overhead_mib", 2, 96.0, 96.0),
        ("asr.net_overhead_mib", 2, 10.0, 10.0),
        ("asr.load_peak_mib", 2, 120.75, 120.0),
        ("asr.rtf", 2, 0.2, 0.2),
        ("asr.wer", 3, 0.2, None),
        ("aligner.latency_ms", 2, 160.0, 160.0),
        ("aligner.retention_mib", 1, 8.0, None),
        ("asr.import_ms", 0, None, 50.0),
        ("memory.peak_mib", 2, 132.75, 132.0),
    ],
)
def test_hand_made_run(name: str, n: int, value: float | None, cold: float | None) -> None:
    """Trials 1 and 2 are steady, 0.5 and 1 MiB above the cold one."""
    found = summarise(stored.run(), stored.trials()).metrics[name]
    assert (found.n, found.value, found.cold) == (n, value, cold)


def test_growth_of_the_hand_made_run() -> None:
    """Over four steady trials the process grew by half a MiB each; the verdict wants more of them."""
    found = summarise(stored.run(), stored.trials(5))
    growth = found.metrics["memory.growth_mib_per_iteration"]
    assert (growth.n, growth.value, growth.interval) == (4, 0.5, None)
    assert (found.verdicts["memory"].verdict, found.verdicts["memory"].given_back_mib) == ("undecided", 8.0)


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_each_entry_has_a_figure_or_a_reason(count: int) -> None:
    """Exactly one of value, text and reason is set, for any number of trials."""
    for name, found in summarise(stored.run(), stored.trials(count)).metrics.items():
        assert sum(one is not None for one in (found.value, found.text, found.null_reason)) == 1, name


def test_shape() -> None:
    """The JSON has the keys that its readers rely on, with these types, and reads back as the same summary."""
    made = summarise(stored.run(), stored.trials(12))
    encoded = msgspec.json.encode(made)
    assert msgspec.json.decode(encoded, type=Summary) == made
    found = msgspec.json.decode(encoded)
    assert found["schema"] == 1
    assert {"metrics", "verdicts", "outcomes"} <= set(found)
    assert {
        "asr.ttft_ms",
        "asr.wer",
        "asr.load_overhead_mib",
        "asr.net_overhead_mib",
        "asr.load_peak_mib",
        "aligner.latency_ms",
        "memory.growth_mib_per_iteration",
    } <= set(found["metrics"])
    numbers = {"value", "median", "mean", "numerator", "denominator", "cold"}
    for name, one in found["metrics"].items():
        assert name == f"{one['scope']}.{one['metric']}"
        assert one["kind"] in ("sample", "ratio", "trend", "constancy")
        assert isinstance(one["unit"], str)
        assert isinstance(one["n"], int)
        assert {key for key in numbers if not isinstance(one[key], int | float | None)} == set()
        assert one["interval"] is None or (len(one["interval"]) == 2 and one["interval"][0] <= one["interval"][1])
        assert one["null_reason"] is None or one["null_reason"]
    assert found["metrics"]["asr.wer"]["numerator"] == 12
    assert found["metrics"]["asr.wer"]["denominator"] == 60
    assert found["metrics"]["aligner.ttft_ms"]["null_reason"] == "the stage does not stream: it answers all at once"
    memory = found["verdicts"]["memory"]
    assert (memory["verdict"], memory["slope_mib_per_iteration"]) == ("undecided", 0.5)
    assert memory["interval"] == pytest.approx([0.5, 0.5])
    assert {"because", "n", "detectable_mib", "settles_at", "grown_mib", "given_back_mib", "after_trim"} <= set(memory)
    assert {"asr", "aligner"} == set(found["stage_verdicts"]) == set(found["residuals"])
    assert (found["runway"], found["broken"]) == (None, [])
    assert found["outcomes"] == {"ok": 12}


def test_growth_is_per_iteration_whatever_the_number_of_utterances() -> None:
    """Of each iteration the last trial counts: with two utterances 1 MiB a trial is 2 MiB an iteration."""
    name = "growth_mib_per_iteration"
    trials = [
        stored.trial(index=index, iteration=index // 2, measurements=(sample("memory", name, 100.0 + index),))
        for index in range(12)
    ]
    found = summarise(stored.run(), trials).metrics[f"memory.{name}"]
    assert (found.value, found.n) == (2.0, 5)


def test_a_run_that_was_cut_short_says_what_it_did_not_come_to() -> None:
    """A killed run's summary does not look like a whole one's."""
    run = replace(stored.run(), trials=50)
    assert summarise(run, [stored.trial()]).notes[-1] == "49 of 50 trials were not done"
    assert summarise(replace(run, trials=2), [stored.trial()]).notes[-1] == "1 of 2 trials was not done"


def test_files_that_leak_are_named() -> None:
    """From what the probe ``handles`` read at rest; a strict run fails for them. Failed trials are left out."""
    trials = []
    for index in range(12):
        seen = stored.reading("rested", "handles", {"open_files": 5.0 + index, "file /tmp/x": 1.0 + index})
        trials.append(trial(index))
        trials[-1] = replace(trials[-1], visits=(replace(trials[-1].visits[0], observations=(seen,)),))
    found = summarise(run(SPEED), trials)
    assert found.leaking_handles == (Leaking("files", "/tmp/x", 1.0, 2.0, 12.0, 11),)
    assert found.broken == ("files leak: /tmp/x",)
    trials[4] = replace(trials[4], outcome=Outcome("refused"))
    trials[5] = replace(trials[5], outcome=Outcome("refused"))
    assert summarise(run(SPEED), trials).leaking_handles == ()


def test_counters_that_the_machine_lacks_are_a_note() -> None:
    """Those that no reading of the run has."""
    seen = stored.reading("loaded", "rss", {"rss_kib": 1.0, "peak_kib": None})
    visit = replace(trial(0).visits[0], observations=(seen,))
    found = summarise(run(SPEED), [replace(one, visits=(visit,)) for one in speeds(1.0, 2.0, 3.0)])
    assert found.notes == ("counters that this machine does not have: rss: peak_kib",)
