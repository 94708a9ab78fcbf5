import os
from collections.abc import Mapping

import pytest

from harness.cgroup import Cgroup as Read
from harness.metrics import absent, sample
from harness.process import Process
from harness.records import Observation, Trial, Visit
from plugins.probes.cgroup import Cgroup
from tests import stored

Values = Mapping[str, float | None]
MIB = 2.0**20


def trial(*readings: Values) -> Trial:
    """Return a trial with readings one after the other; the later ones are of the stage that is named first."""
    seen = [Observation("ran", number, "cgroup", 0, values) for number, values in enumerate(readings)]
    half = len(seen) // 2
    visits = (
        Visit("aligner", "aligner", observations=tuple(seen[half:])),
        Visit("asr", "asr", observations=tuple(seen[:half])),
    )
    return stored.trial(visits=visits)


def measure(*readings: Values) -> dict[str, object]:
    """Return the figures by name."""
    return {one.metric: one for one in Cgroup(None).measure(trial(*readings))}


def test_sizes_are_the_last_and_pressure_is_a_difference() -> None:
    """In the order of time, whichever stage they were read for."""
    first = {"limited": 1.0, "limit_bytes": 64 * MIB, "peak_bytes": 8 * MIB, "pressure_some_us": 5_000.0}
    last = {"limited": 1.0, "limit_bytes": 32 * MIB, "peak_bytes": 16 * MIB, "pressure_some_us": 7_500.0}
    assert measure(first, last) == {
        "cgroup_peak_mib": sample("memory", "cgroup_peak_mib", 16.0),
        "cgroup_limit_mib": sample("memory", "cgroup_limit_mib", 32.0),
        "pressure_ms": sample("memory", "pressure_ms", 2.5),
        "system_pressure_ms": absent("memory", "system_pressure_ms", "no pressure was read"),
    }


@pytest.mark.parametrize(
    ("readings", "name", "reason"),
    [
        ([], "cgroup_peak_mib", "nothing was read in this trial"),
        ([], "pressure_ms", "nothing was read in this trial"),
        ([{"limited": 0.0}], "cgroup_limit_mib", "the cgroup has no limit"),
        ([{"limited": 1.0, "peak_bytes": None}], "cgroup_peak_mib", "the cgroup does not tell it"),
        ([{"limited": None}], "cgroup_peak_mib", "the worker is in no memory cgroup that can be seen"),
        (
            [{"pressure_some_us": 9.0}, {"pressure_some_us": 1.0}],
            "pressure_ms",
            "the workers of this trial were in different cgroups",
        ),
    ],
)
def test_what_is_missing_has_its_reason(readings: list[Values], name: str, reason: str) -> None:
    """Never a zero."""
    assert measure(*readings)[name] == absent("memory", name, reason)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (
            Read(version=2, peak_bytes=3, current_bytes=2, limit_bytes=9, oom_kills=1, pressure_some_us=4),
            {
                "limited": 1.0,
                "limit_bytes": 9,
                "peak_bytes": 3,
                "current_bytes": 2,
                "oom_kills": 1,
                "pressure_some_us": 4,
            },
        ),
        (
            Read(version=1, peak_bytes=3, current_bytes=2, oom_kills=1, system_pressure_some_us=7),
            {
                "limited": 0.0,
                "peak_bytes": 3,
                "current_bytes": 2,
                "oom_kills": 1,
                "pressure_some_us": None,
                "system_pressure_some_us": 7,
            },
        ),
        (
            Read(),
            {
                "limited": None,
                "peak_bytes": None,
                "current_bytes": None,
                "oom_kills": None,
                "pressure_some_us": None,
                "system_pressure_some_us": None,
            },
        ),
    ],
)
def test_the_group_is_read(read: Read, expected: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit is no counter that the machine lacks; the system's pressure stands in for the group's."""
    monkeypatch.setattr(Process, "cgroup", lambda self: read)
    process = Process(os.getpid())
    try:
        assert Cgroup(None).observe("ran", process) == expected
        assert Cgroup(None).observe("idle", process) == {}
    finally:
        process.close()
