"""Two models that are loaded at one time."""

from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, REFERENCE

pytestmark = NEEDS


def test_two_resident_models_are_two_processes(chain: Run) -> None:
    """The engine's state is global, so each stage has a worker of its own; neither hears the other."""
    ran = chain("iterations=2", "residency=all_resident", "lifecycle=restart")
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    pids: dict[str, set[int]] = {"asr": set(), "aligner": set()}
    for trial in ran.trials:
        for visit in trial["visits"]:
            pids[visit["stage"]] |= {phase["pid"] for phase in visit["phases"]}
    assert [len(one) for one in pids.values()] == [1, 1]
    assert pids["asr"].isdisjoint(pids["aligner"])
    assert [trial["visits"][0]["text"] for trial in ran.trials] == [REFERENCE] * 2


def test_two_resident_models_are_counted_as_two(chain: Run) -> None:
    """What the guard says was loaded at one time is the number of models, in however many processes."""
    ran = chain("iterations=1", "residency=all_resident")
    assert ran.trials[0]["most_loaded"] == 2
