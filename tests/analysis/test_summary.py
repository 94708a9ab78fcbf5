from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from harness.analysis.handles import Leaking
from harness.analysis.summary import GROWTH, Summary, summarise
from harness.analysis.verdict import MIN_FOR_LEAK, Verdict
from harness.metrics import sample
from harness.protocol import Budgets, Protocol, Residency
from harness.records import Observation, Outcome, Phase, Trial, Visit
from tests import stored
from tests.analysis.made import SPEED, TREND, run, speeds, trial


def test_a_stage_metric_has_an_entry_for_each_stage() -> None:
    """A metric of stages is there for each of the run, one of the chain once."""
    assert list(summarise(run(SPEED, TREND), []).metrics) == ["asr.speed_ms", "aligner.speed_ms", f"memory.{GROWTH}"]


def test_failed_trials_are_in_no_metric() -> None:
    """A trial that failed is counted by its outcome, whatever it had measured."""
    trials = speeds(9.0, 1.0, 1000.0, 3.0)
    trials[2] = replace(trials[2], outcome=Outcome("crashed", "aligner", "run", "SIGKILL"))
    found = summarise(run(SPEED), [*trials, stored.failed(4), replace(stored.failed(5), outcome=Outcome("timeout"))])
    assert found.outcomes == {"ok": 3, "crashed": 2, "timeout": 1}
    assert (found.metrics["asr.speed_ms"].n, found.metrics["asr.speed_ms"].max) == (2, 3.0)


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
    assert (found["asr"].verdict, found["asr"].loop, found["asr"].grown_mib) == ("leak", "load, run, unload", 19.5)


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


UNREAD = "what aligner held after an unload was not checked: no unload was seen by the probe rss"


@pytest.mark.parametrize(
    ("budgets", "values", "broken"),
    [
        (Budgets(), LEAKING, ("memory leaks",)),
        (Budgets(residual_mib=0.5), LEAKING[:3], ("asr held 1.00 MiB after an unload, 0.5 may be", UNREAD)),
        (
            Budgets(residual_mib=16.0),
            LEAKING,
            ("memory leaks", "asr held 20.00 MiB after an unload, 16 may be", UNREAD),
        ),
        (Budgets(residual_mib=1.0), LEAKING[:3], (UNREAD,)),
        (Budgets(), LEAKING[:3], ()),
    ],
    ids=["leak", "residual", "both", "in its budget", "neither"],
)
def test_what_is_broken(budgets: Budgets, values: list[float], broken: tuple[str, ...]) -> None:
    """A line each for a leak and for each residual above its budget or unread, whether the run is strict or not."""
    assert summarise(run(TREND, budgets=budgets), readings(values)).broken == broken


def test_a_broken_guard_is_broken() -> None:
    """Its line has what was loaded and what may be."""
    found = summarise(run(SPEED), [trial(0, most_loaded=2)])
    assert found.broken == ("2 models were loaded at one time, 1 may be",)


def test_a_residual_that_nobody_reads_is_said() -> None:
    """Without the probe, a budget is neither passed nor failed."""
    found = summarise(run(SPEED, budgets=Budgets(residual_mib=1.0)), [])
    assert {one.reason for one in found.residuals.values()} == {"no unload was seen by the probe rss"}
    assert (list(found.residuals), found.broken) == (["asr", "aligner"], (UNREAD.replace("aligner", "asr"), UNREAD))


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
    assert found["schema"] == 3
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
