from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from harness.analysis.handles import Leaking, grows_for_ever, leaking
from harness.records import Observation, Trial, Visit
from tests import stored

EVER = [float(count) for count in range(3, 23)]
POOL = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, *[6.0] * 14]


def trials(
    series: Mapping[str, Sequence[float]],
    worker: int = 0,
    first: int = 1,
    point: str = "rested",
    probe: str = "handles",
) -> list[Trial]:
    """Return a trial an iteration with the n-th count of each counter."""
    found = []
    for number in range(len(next(iter(series.values())))):
        values = {name: counts[number] for name, counts in series.items()}
        seen = Observation(point, 0, probe, worker, values)
        found.append(stored.trial(first + number, visits=(Visit("asr", "asr", observations=(seen,)),)))
    return found


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (EVER, True),
        ([count // 4 for count in range(40)], True),
        ([0.0] * 5 + [float(count) for count in range(15)], False),
        ([4.0] * 20, False),
        ([1.0, *[2.0] * 19], False),
        (POOL, False),
        ([float(count % 5) for count in range(30)], False),
        ([count + (count % 4) * 2.0 for count in range(30)], False),
        ([5.0, 3.0, 6.0, 4.0, *range(7, 23)], True),
        ([float(-count) for count in range(20)], False),
        (EVER[:10], True),
        (EVER[:9], False),
        ([], False),
    ],
    ids=[
        "one each iteration",
        "one every fourth iteration",
        "nothing in the first quarter",
        "flat",
        "one more that stays",
        "a pool that fills up",
        "sawtooth",
        "rising sawtooth",
        "unrest at first",
        "falling",
        "just enough",
        "too few",
        "none",
    ],
)
def test_what_grows_for_ever(counts: Sequence[float], expected: bool) -> None:
    """Each quarter ends higher than it began, and the second half never falls."""
    assert grows_for_ever(counts) is expected


def test_a_leak_is_named_with_its_rate() -> None:
    """One file each iteration, beside files that stay; the count of all is not told a second time."""
    series = {"open_files": [count + 2 for count in EVER], "file /tmp/x": EVER, "file socket": [2.0] * 20}
    assert leaking(trials(series)) == (Leaking("files", "/tmp/x", 1.0, 3.0, 22.0, 20),)


def test_a_thread_that_stays_is_no_leak() -> None:
    """One more after the first iteration."""
    assert leaking(trials({"threads": [1.0, *[2.0] * 19], "thread pool": [0.0, *[1.0] * 19]})) == ()


def test_several_leaks_in_their_order() -> None:
    """Files before threads, the fastest first; a name that came later had none before."""
    series = {
        "file a": EVER,
        "file b": [2 * count for count in EVER],
        "thread c": [count - 3 for count in EVER],
    }
    made = trials(series)
    first = made[0].visits[0].observations[0]
    del first.values["thread c"]  # type: ignore[attr-defined]
    assert [(one.kind, one.name, one.per_iteration, one.first) for one in leaking(made)] == [
        ("files", "b", 2.0, 6.0),
        ("files", "a", 1.0, 3.0),
        ("threads", "c", 1.0, 0.0),
    ]


def test_files_of_ever_new_names_leak_together() -> None:
    """None of the names grows, and the count of all does."""
    series: dict[str, list[float]] = {"open_files": EVER}
    for number in range(20):
        series[f"file /tmp/{number}"] = [float(number <= at) for at in range(20)]
    assert leaking(trials(series)) == (Leaking("files", "(of different names)", 1.0, 3.0, 22.0, 20),)


def test_the_first_iteration_is_left_out() -> None:
    """What it opens for the first time stands in none of the counts: nine are left of ten, and too few."""
    assert leaking(trials({"file a": EVER[:10]}, first=0)) == ()
    assert leaking(trials({"file a": EVER[:11]}, first=0)) == (Leaking("files", "a", 1.0, 4.0, 13.0, 10),)


def test_each_process_is_judged_by_itself() -> None:
    """A worker for each iteration cannot leak; of two that live together each is judged, the longer lived told."""
    apart = [one for number in range(20) for one in trials({"file a": [EVER[number]]}, worker=number, first=1 + number)]
    assert leaking(apart) == ()
    short, long = trials({"file a": EVER[:12]}, worker=1), trials({"file a": EVER, "thread t": EVER}, worker=0)
    assert leaking([*long, *short]) == leaking([*short, *long])
    assert [(one.name, one.n) for one in leaking([*short, *long])] == [("a", 20), ("t", 20)]
    assert [(one.name, one.n) for one in leaking([*short, *trials({"file b": EVER})])] == [("a", 12), ("b", 20)]


@pytest.mark.parametrize("other", [{"point": "unloaded"}, {"probe": "mine"}])
def test_other_readings_are_left_alone(other: dict[str, str]) -> None:
    """Another probe's, or one at another point."""
    assert leaking(trials({"file a": EVER}, **other)) == ()  # type: ignore[arg-type]


def test_skipped_iterations_count_as_time() -> None:
    """A rate is told of the iterations that passed, those of failed trials included."""
    made = trials({"file a": EVER})
    (found,) = leaking([one for one in made if one.iteration % 2])
    assert (found.per_iteration, found.first, found.last, found.n) == (1.0, 3.0, 21.0, 10)


def test_each_leg_is_judged_by_itself() -> None:
    """Counts that grow on across a seam, by a process of the same number, are two short series: nothing can be said."""
    first, later = trials({"file /tmp/x": EVER[:9]}), trials({"file /tmp/x": EVER[9:]}, first=10)
    assert len(leaking([*first, *later])) == 1
    assert leaking([*first, *(replace(one, leg=1) for one in later[:9])]) == ()
    (found,) = leaking([*first, *(replace(one, leg=1) for one in later)])
    assert (found.first, found.last, found.n) == (13.0, 22.0, 10)
