from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.counterpart import Counterpart, counterpart
from harness.analysis.findings import Against, findings
from harness.analysis.scaling import thread_scaling
from harness.analysis.standing import best, ratios
from harness.analysis.sweep import Sweep
from tests.analysis.cells import threaded
from tests.over_machines import ALPHA, BETA, GAMMA, ON_BETA, ON_GAMMA, over, pooled

NAMES = ["asr.rtf", "memory.peak_mib"]


def test_one_machine_is_as_ever() -> None:
    """Also where a cell's machine is not known: it is the baseline that everything is compared with."""
    one = over((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 4.0, None))
    assert [counterpart(one, cell) for cell in one.cells] == [Counterpart("0", one.cells[0].metrics)] * 3
    assert {job: found["asr.rtf"].value for job, found in ratios(one, NAMES).items()} == {"1": 0.5, "2": 2.0}
    assert best(one.cells, NAMES) == {"asr.rtf": ("1",), "memory.peak_mib": ("1",)}
    assert [(found.name, found.best.job) for found in findings(one)] == [("asr.rtf", "1"), ("memory.peak_mib", "1")]


def test_times_are_compared_within_a_machine_and_memory_across() -> None:
    """A machine without the baseline has no ratio; one of the same kind has one that says so."""
    one = over((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 1.5, BETA), (8, 0.5, GAMMA), (2, 0.4, GAMMA), (2, 9.0, None))
    found = ratios(one, NAMES)
    assert {job: entry["asr.rtf"].other_machine for job, entry in found.items() if "asr.rtf" in entry} == {
        "1": False,
        "2": True,
    }
    assert {job: round(entry["memory.peak_mib"].value, 3) for job, entry in found.items()} == {
        "1": 0.5,
        "2": 0.75,
        "3": 0.25,
        "4": 0.2,
        "5": 4.5,
    }
    assert best(one.cells, NAMES) == {"asr.rtf": ("1", "4"), "memory.peak_mib": ("4",)}


def test_findings_are_of_one_machine() -> None:
    """The best of a machine without the baseline has nothing to be better than."""
    one = over((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 1.5, BETA), (8, 0.5, GAMMA), (2, 0.4, GAMMA))
    said = [(found.name, found.best.job, found.against, found.ratio) for found in findings(one)]
    assert said == [
        ("asr.rtf on alpha", "1", Against.BETTER, 0.5),
        ("asr.rtf on gamma", "4", Against.NO_BASELINE, None),
        ("memory.peak_mib", "4", Against.BETTER, pytest.approx(0.2)),
    ]


def test_the_same_cell_on_another_machine_stands_for_the_baseline_there() -> None:
    """As where every machine ran the whole sweep."""
    one = over((1, 2.0, ALPHA), (1, 0.8, GAMMA), (2, 0.4, GAMMA), (2, 1.0, BETA), (1, 2.0, BETA))
    found = ratios(one, ["asr.rtf"])
    assert {job: (entry["asr.rtf"].value, entry["asr.rtf"].of) for job, entry in found.items() if entry} == {
        "2": (0.5, "1"),
        "3": (0.5, "4"),
    }
    assert counterpart(one, one.cells[1]) == Counterpart("1", one.cells[1].metrics)


def test_a_cell_of_several_machines() -> None:
    """Its pooled time is compared with nothing; the baseline's part on a machine is what that machine's cells have."""
    one = over((1, 2.0, ALPHA), (2, 0.25, GAMMA), (4, 1.0, ALPHA))
    base = pooled(one, 0, ON_GAMMA, rtf=0.5)
    assert ratios(base, ["asr.rtf"])["1"]["asr.rtf"].value == 0.5
    assert ratios(base, ["asr.rtf"])["2"]["asr.rtf"].value == 1.0
    other = pooled(one, 2, ON_BETA, rtf=0.5)
    assert counterpart(other, other.cells[2]) is None
    assert "asr.rtf" not in ratios(other, NAMES)["2"]


def test_threads_are_held_against_each_other_within_a_machine() -> None:
    """A machine with one thread count has no sheet, nor has a cell of which nobody knows where it ran."""
    places = ((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 0.5, BETA), (1, 0.3, GAMMA), (4, 0.1, GAMMA), (8, 9.0, None))
    cells = tuple(
        replace(threaded(job, threads, rtf), environment=where) for job, (threads, rtf, where) in enumerate(places)
    )
    sheets = thread_scaling(Sweep(Path("sweep"), cells, ("threads",), {}))
    assert [(sheet.stage, dict(sheet.keys), [row.threads for row in sheet.rows]) for sheet in sheets] == [
        ("asr", {"machine": "alpha"}, [1, 2]),
        ("asr", {"machine": "gamma"}, [1, 4]),
    ]
