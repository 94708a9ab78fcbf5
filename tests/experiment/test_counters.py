import os
from itertools import pairwise

from tests.conftest import MakeSettings, RunPlan
from tests.experiment.probes import Counters
from tests.experiment.trials import read

CORES = os.cpu_count() or 1
PEAK_LAG_MIB = 3 * max(32, 2 * CORES) * CORES * 4096 / 2**20
"""How far ``VmHWM`` may lag behind: since Linux 6.2 it is taken from three per-CPU counters (anon, file, shmem), of
each of which every CPU may keep max(32, 2 x CPUs) pages to itself (``lib/percpu_counter.c``). ``VmRSS`` is the sum."""


def test_what_the_kernel_counts_is_in_every_phase(settings: MakeSettings, run_plan: RunPlan) -> None:
    """The pages that a load touches for the first time are its minor faults."""
    ran = run_plan(settings({"keep_mib": 8.0}, order=("asr",)))
    load = ran.trials[0].visits[0].phase("load")
    assert load is not None
    assert (load.minor_faults or 0) > 3  # eight MiB are four huge pages, or two thousand small ones
    assert None not in (load.major_faults, load.voluntary_switches, load.involuntary_switches, load.block_reads)


def test_a_peak_of_an_instant_is_seen_exactly(settings: MakeSettings, run_plan: RunPlan) -> None:
    """64 MiB that live inside the inference call, which nobody samples, stand in the peak and in nothing else."""
    ran = run_plan(settings({"work_mib": 64.0}, order=("asr",), iterations=2), probes=(Counters,))
    for trial in ran.trials:
        before = read(trial, "asr", "before_run", "rss_kib")
        assert 64 - PEAK_LAG_MIB <= (read(trial, "asr", "ran", "peak_kib") - before) / 1024 < 66
        assert abs(read(trial, "asr", "ran", "rss_kib") - before) / 1024 < 1
        assert (read(trial, "asr", "unloaded", "peak_kib") - before) / 1024 < 2


def test_load_overhead_is_what_the_model_keeps(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Within 1 MiB of 48 MiB, taken by the load and given back by the unload."""
    ran = run_plan(settings({"keep_mib": 48.0}, order=("asr",), iterations=2), probes=(Counters,))
    for trial in ran.trials:
        before = read(trial, "asr", "before_load", "rss_kib")
        assert abs((read(trial, "asr", "loaded", "rss_kib") - before) / 1024 - 48) < 1
        assert abs((read(trial, "asr", "loaded", "peak_kib") - before) / 1024 - 48) < 1
        assert abs((read(trial, "asr", "unloaded", "rss_kib") - before) / 1024) < 1


def test_a_leak_is_recovered_from_the_counters(settings: MakeSettings, run_plan: RunPlan) -> None:
    """32 MiB leaked in each load stand in anon after each unload, within 1 MiB."""
    ran = run_plan(settings({"leak_mib": 32.0}, order=("asr",), iterations=3), probes=(Counters,))
    anon = [read(trial, "asr", "unloaded", "anon_kib") / 1024 for trial in ran.trials]
    assert [abs(after - before - 32) < 1 for before, after in pairwise(anon)] == [True, True]
