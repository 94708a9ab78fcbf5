"""What a model takes, needs and gives back, against an engine whose costs are known: tests/engine/README.md."""

import re

import pytest

from tests.engine.build import Value
from tests.whole.command import Ran
from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, near, values

pytestmark = NEEDS


@pytest.mark.parametrize(
    ("costs", "truth_mib"),
    [
        pytest.param({"keep_mib": 96}, {"load_overhead_mib": 96, "release_mib": 96, "net_overhead_mib": 0}, id="kept"),
        pytest.param(
            {"keep_mib": 300, "work_mib": 8},
            {"load_overhead_mib": 300, "working_memory_mib": 8, "net_overhead_mib": 0},
            id="kept-large",
        ),
        pytest.param({"keep_mib": 8, "map_mib": 64}, {"load_overhead_mib": 72, "net_overhead_mib": 0}, id="mapped"),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 48, "load_peak_ms": 0},
            {"load_working_mib": 64, "load_overhead_mib": 16, "net_overhead_mib": 0},
            id="peak-of-no-time",
        ),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 200, "load_peak_ms": 1},
            {"load_working_mib": 216, "load_overhead_mib": 16},
            id="peak-of-1-ms",
        ),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 96, "work_mib": 40},
            {"working_memory_mib": 40, "load_working_mib": 112, "net_overhead_mib": 0},
            id="each-phase-its-own-peak",
        ),
        pytest.param(
            # above 32 MiB, glibc keeps no block of what was freed
            {"keep_mib": 48, "work_mib": 150, "memory_with": "malloc"},
            {"working_memory_mib": 150, "load_overhead_mib": 48, "net_overhead_mib": 0},
            id="malloc",
        ),
        pytest.param(
            {"keep_mib": 8, "leak_load_kib": 3072}, {"load_overhead_mib": 11, "net_overhead_mib": 3}, id="leak"
        ),
        pytest.param({}, {"load_overhead_mib": 0, "working_memory_mib": 0, "net_overhead_mib": 0}, id="nothing"),
    ],
)
def test_each_trial_has_the_true_memory(costs: dict[str, Value], truth_mib: dict[str, float], alone: Run) -> None:
    """What the model takes, needs and gives back, in every trial and so in every summary."""
    ran = alone(**costs)
    assert (ran.status, ran.outcomes) == (0, ["ok"] * 3)
    for metric, truth in truth_mib.items():
        assert values(ran, metric) == [near(truth)] * 3, metric
        assert ran.summary["metrics"][f"asr.{metric}"]["median"] == near(truth)


def test_the_peak_of_a_run_is_what_is_kept_and_what_it_works_with(alone: Run) -> None:
    """The run's peak, and the trial's where the load has none of its own."""
    ran = alone(keep_mib=40, work_mib=60)
    for before, peak, whole in zip(
        values(ran, "rss_before_load_mib"),
        values(ran, "run_peak_mib"),
        values(ran, "peak_mib", "memory"),
        strict=True,
    ):
        assert (peak - before, whole) == (near(100), peak)


def test_a_mapped_model_is_no_allocation(alone: Run) -> None:
    """It counts as the file that it is, or as shared memory where the file lies there."""
    for trial in alone(keep_mib=8, map_mib=64).trials:
        at = {look["point"]: look["values"] for look in trial["visits"][0]["observations"]}
        added = {name: (at["loaded"][name] - at["before_load"][name]) / 1024 for name in at["loaded"]}
        assert added["anon_kib"] == near(8)
        assert added["file_kib"] + added["shmem_kib"] == near(64)


def test_what_the_allocator_keeps_is_no_leak(alone: Run) -> None:
    """It stays after the unload, a trim gives it back, nothing is left, and it is called by its name."""
    ran = alone("trim=each", keep_mib=8, retain_mib=32)
    assert values(ran, "net_overhead_mib") == [near(32)] * 3
    assert values(ran, "retention_mib") == [near(32)] * 3
    assert values(ran, "residual_mib") == [near(0)] * 3


def test_memory_that_the_allocator_reuses_is_no_overhead_twice(alone: Run) -> None:
    """What glibc keeps of a small model's blocks hides the next load's; a worker for each iteration shows it."""
    ran = alone("isolation=iteration", keep_mib=16, memory_with="malloc")
    assert values(ran, "load_overhead_mib") == [near(16)] * 3


def test_the_context_length_sizes_the_kv_cache(alone: Run) -> None:
    """A sweep of the length shows what a token costs; the record says what the engine got."""
    ran = alone("-m", "context_length=512,1024,4096", "iterations=1", keep_mib=4, kv_kib_per_token=20)
    runs = sorted(path.parent for path in ran.folder.glob("*/summary.json"))
    assert len(runs) == 3
    for path, length in zip(runs, (512, 1024, 4096), strict=True):
        one = Ran(0, f"Results: {path}", "")
        assert values(one, "load_overhead_mib") == [near(4 + 20 * length / 1024)]
        (facts,) = [phase["facts"] for phase in one.trials[0]["visits"][0]["phases"] if phase["name"] == "load"]
        assert (facts["max_length"], facts["context_length"]) == (length, length)
        assert facts["options"][facts["options"].index("-l") + 1] == str(length)
    said = re.search(r"^asr: (\S+) MiB of load overhead for 1,024 tokens ", ran.out, re.MULTILINE)
    assert said is not None
    assert float(said[1]) == near(20)


def test_the_ledger_says_the_truth(chain: Run) -> None:
    """Each phase adds what the model file says; what all resident would need is inferred, and then measured."""
    asr: dict[str, Value] = {"keep_mib": 64, "leak_load_kib": 256, "load_peak_mib": 12, "work_mib": 24}
    aligner: dict[str, Value] = {"keep_mib": 16, "map_mib": 8, "work_mib": 40}
    ran = chain("iterations=3", "trim=each", asr=asr, aligner=aligner)
    rows = {key: {row["phase"]: row for row in one["rows"]} for key, one in ran.summary["ledger"].items()}
    for key, kept_mib, left_mib in (("asr", 64.25, 0.25), ("aligner", 16, 0)):
        assert rows[key]["first load"]["anon_change_mib"] == near(kept_mib)
        assert rows[key]["load"]["anon_change_mib"] == near(kept_mib)
        assert rows[key]["steady run"]["anon_change_mib"] == near(0)
        assert rows[key]["unload"]["anon_change_mib"] == near(left_mib - kept_mib)
        assert rows[key]["steady run"]["rss_mib"] == near(rows[key]["load"]["rss_mib"])
    assert rows["asr"]["load"]["peak_mib"] - rows["asr"]["load"]["rss_mib"] == near(12)
    assert rows["asr"]["steady run"]["peak_mib"] - rows["asr"]["steady run"]["rss_mib"] == near(24)
    assert rows["aligner"]["steady run"]["peak_mib"] - rows["aligner"]["steady run"]["rss_mib"] == near(40)
    found = ran.summary["chain"]
    needs = {key: (one["holds_mib"], one["need_mib"], one["clean"]) for key, one in found["stages"].items()}
    assert needs == {"asr": (near(64.25), near(88.25), True), "aligner": (near(24), near(64), True)}
    assert found["one_at_a_time_mib"] - found["stages"]["asr"]["base_mib"] == near(88.25)
    # this stage stands no second model in its process, so all resident has a second process as well
    assert found["saved_mib"] == near(64.25 + 24 + 40 - 88.25 + found["stages"]["aligner"]["base_mib"])
    resident = chain("iterations=3", "trim=each", "residency=all_resident", asr=asr, aligner=aligner).summary["chain"]
    assert resident["all_resident_mib"] == near(found["all_resident_mib"])
    assert resident["one_at_a_time_mib"] == near(found["one_at_a_time_mib"])
