import os
from collections.abc import Mapping

import pytest

from harness.handles import Handles as Read
from harness.metrics import absent, sample
from harness.process import Process
from harness.records import Trial, Visit
from plugins.probes.handles import Handles
from tests import stored


def trial(*readings: tuple[int, Mapping[str, float | None]]) -> Trial:
    """Return a trial in which workers came to rest."""
    seen = tuple(stored.reading("rested", "handles", values, worker) for worker, values in readings)
    return stored.trial(visits=(Visit("asr", "asr", observations=seen),))


def observed(monkeypatch: pytest.MonkeyPatch, read: Read) -> dict[str, float | None]:
    """Return what the probe makes of what is open."""
    monkeypatch.setattr(Process, "handles", lambda self: read)
    process = Process(os.getpid())
    try:
        assert Handles(None).observe("unloaded", process) == {}
        return dict(Handles(None).observe("rested", process))
    finally:
        process.close()


def test_counts_and_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter for each name, at rest alone."""
    read = Read(3, 2, {"/tmp/x": 2, "socket": 1}, {"python": 1, "pool": 1})
    assert observed(monkeypatch, read) == {
        "open_files": 3,
        "threads": 2,
        "file /tmp/x": 2.0,
        "file socket": 1.0,
        "thread pool": 1.0,
        "thread python": 1.0,
    }


def test_the_most_frequent_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty of sixty, and the other ten together; of those that are as frequent, the first by name."""
    names = {f"/tmp/{number:02}": 1 for number in range(59)} | {"/tmp/zz": 4}
    found = observed(monkeypatch, Read(63, 1, names, {}))
    kept = [name for name in found if name.startswith("file ")]
    assert kept == ["file /tmp/zz", *(f"file /tmp/{number:02}" for number in range(49)), "file (others)"]
    assert (found["file /tmp/zz"], found["file (others)"]) == (4.0, 10.0)


def test_figures_are_of_all_workers() -> None:
    """Each count twice: as it is, and as a point of its trend."""
    first, second = {"open_files": 5.0, "threads": 1.0}, {"open_files": 6.0, "threads": 2.0}
    assert list(Handles(None).measure(trial((0, first), (1, second)))) == [
        sample("memory", "open_files", 11.0),
        sample("memory", "threads_seen", 3.0),
        sample("memory", "open_files_per_iteration", 11.0),
        sample("memory", "threads_per_iteration", 3.0),
    ]


def test_what_is_missing_has_its_reason() -> None:
    """A machine that does not count, and a trial after which no worker rested."""
    bare = list(Handles(None).measure(trial((0, {"open_files": None, "threads": 1.0}))))
    assert bare[0] == absent("memory", "open_files", "this machine does not count open files of another process")
    assert bare[1] == sample("memory", "threads_seen", 1.0)
    assert {one.reason for one in Handles(None).measure(trial())} == {"no worker came to rest in this trial"}
