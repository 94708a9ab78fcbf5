from dataclasses import replace

from harness.analysis.presence import Overlap
from harness.machine.allocation import Allocation
from harness.report.machine_tables import machine_tables
from harness.report.sharing_lines import run_sharing, sweep_sharing
from tests import stored
from tests.over_machines import ALPHA, ON_ALPHA, over

VALID = "valid all the same: memory (memory.peak_mib)"


def test_a_run_beside_others() -> None:
    """Times and the page cache are not its own; memory and accuracy are."""
    seen = stored.environment(allocation=Allocation(launcher="joblib", neighbours=("job 1, process 77",)))
    who, what = run_sharing(stored.run(), seen)
    assert who == "Shared machine: another job was on it during the run (job 1, process 77)"
    spoiled, _, valid = what.partition("; valid all the same: ")
    assert "asr.rtf" in spoiled
    assert "asr.cached_share" in spoiled
    assert "memory.peak_mib" in valid
    assert "asr.wer" in valid
    assert run_sharing(stored.run(), stored.environment()) == run_sharing(stored.run(), None) == []
    noise, given = list(machine_tables(seen))
    assert ("other_jobs", "1") in noise.rows
    assert ("launcher", "joblib") in given.rows


def test_cells_that_ran_at_the_same_time() -> None:
    """Told from the records, though each job may have been told that it was alone."""
    one = over((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 1.5, ALPHA))
    assert sweep_sharing(one) == []
    together = replace(one, overlaps=(Overlap(ON_ALPHA, "0", "2", 35.4),))
    assert sweep_sharing(together) == [
        "Shared machine: jobs 0 and 2 together on alpha for 35 s",
        f"Of a shared machine in jobs 0 and 2, and not valid as this machine's own: asr.rtf; {VALID}",
    ]
    every = replace(one, cells=tuple(replace(cell, neighbours=("job x",)) for cell in one.cells))
    assert sweep_sharing(every) == [
        "Shared machine: beside job 0: job x; beside job 1: job x; beside job 2: job x",
        f"Of a shared machine, and not valid as this machine's own: asr.rtf; {VALID}",
    ]
