from dataclasses import replace

from harness.analysis.sweep import Sweep
from harness.report.caution_notes import caution_notes
from tests import stored
from tests.made_sweep import cell, near, sweep


def on(*hosts: str | None) -> Sweep:
    """Return a sweep with a cell on each of these hosts; None for one that is not known."""
    environments = [None if host is None else replace(stored.environment(), hostname=host) for host in hosts]
    cells = [cell(job, {"threads": str(job)}, {"asr.rtf": near(1.0)}) for job in range(len(hosts))]
    return sweep([replace(one, environment=there) for one, there in zip(cells, environments, strict=True)])


def test_one_machine() -> None:
    """Nothing is said, also where one cell's machine is not known."""
    assert list(caution_notes(on("here", None, "here"))) == []


def test_different_machines() -> None:
    """They are named first, then what is not compared across them."""
    assert list(caution_notes(on("a", "b", "a"))) == [
        "2 machines of one kind (Made Up 9000, 4 cores, 8 GiB, x86_64): a and b",
        "Not compared across machines: asr.rtf",
    ]


def test_a_key_that_changes_nothing() -> None:
    """It is said once, and other notes are left to the table."""
    note = "threads is swept, and changes nothing for asr (null): uses_threads is false"
    one = on("a", "a")
    one = replace(one, cells=tuple(replace(cell, notes=(note, "threads is 6 of 2 cores")) for cell in one.cells))
    assert list(caution_notes(one)) == [note]


def test_a_note_of_some_cells() -> None:
    """It says of which; a cell in which nothing ran says nothing, and is not counted."""
    note = "threads is swept, and changes nothing for asr (null): uses_threads is false"
    one = on(*"aaaaaa")
    some = tuple(
        replace(cell, job=str(at), trials=at, notes=(note,) * (at in (1, 2))) for at, cell in enumerate(one.cells)
    )
    assert list(caution_notes(replace(one, cells=some))) == [f"{note} (jobs 1, 2)"]
    assert list(caution_notes(replace(one, cells=some[:3]))) == [note]
    many = tuple(replace(cell, notes=(note,) * (at < 5)) for at, cell in enumerate(some))
    assert list(caution_notes(replace(one, cells=many))) == [f"{note} (5 of 6 cells)"]
