from dataclasses import replace
from typing import Any

from harness.metrics import absent, sample
from plugins.probes.faults import Faults
from tests import stored

LOAD = {"minor_faults": 10, "major_faults": 20, "voluntary_switches": 30, "involuntary_switches": 40, "block_reads": 50}
RUN = {"minor_faults": 1, "major_faults": 2, "voluntary_switches": 3, "involuntary_switches": 4, "block_reads": 5}


def test_each_count_is_that_of_its_call() -> None:
    """What the load read from the disk, what the run waited for."""
    visit = stored.asr_visit()
    counts: dict[str, Any] = {"load": LOAD, "run": RUN}
    phases = tuple(replace(phase, **counts.get(phase.name, {})) for phase in visit.phases)
    assert list(Faults(None).measure(stored.trial(visits=(replace(visit, phases=phases),)))) == [
        sample("asr", "minor_faults_run", 1.0),
        sample("asr", "major_faults_load", 20.0),
        sample("asr", "major_faults_run", 2.0),
        sample("asr", "voluntary_switches_run", 3.0),
        sample("asr", "involuntary_switches_run", 4.0),
        sample("asr", "block_reads_load", 50.0),
    ]


def test_what_is_missing_has_its_reason() -> None:
    """A platform that does not count, and a phase that there was not."""
    visit = stored.asr_visit()
    found = {one.metric: one for one in Faults(None).measure(stored.trial(visits=(visit,)))}
    reason = "this platform does not count voluntary switches"
    assert found["voluntary_switches_run"] == absent("asr", "voluntary_switches_run", reason)
    loaded = replace(visit, phases=tuple(phase for phase in visit.phases if phase.name != "load"))
    found = {one.metric: one for one in Faults(None).measure(stored.trial(visits=(loaded,)))}
    assert found["block_reads_load"] == absent("asr", "block_reads_load", "no load in this trial")
