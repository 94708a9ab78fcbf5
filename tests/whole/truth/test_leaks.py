"""What leaks, at which rate and where, against an engine whose leaks are known."""

import pytest

from harness.analysis.verdict import MIN_FOR_LEAK
from tests.engine.build import Value
from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, values

pytestmark = NEEDS
ENOUGH = f"iterations={MIN_FOR_LEAK + 1}"
QUICK = ("probe=[rss]",)


@pytest.mark.parametrize(
    ("leaks_kib", "truth_mib"),
    [
        ({"leak_load_kib": 2048}, 2.0),
        ({"leak_run_kib": 512}, 0.5),
        ({"leak_load_kib": 128, "leak_run_kib": 256, "leak_with": "mmap"}, 0.375),
        ({}, 0.0),
    ],
)
@pytest.mark.parametrize("lifecycle", ["recreate", "restart"])
def test_a_leak_is_found_at_its_true_rate(
    lifecycle: str, leaks_kib: dict[str, Value], truth_mib: float, alone: Run
) -> None:
    """The slope is the leak of an iteration; a model that stays loaded leaks in its runs alone."""
    if lifecycle == "restart":
        truth_mib -= float(leaks_kib.get("leak_load_kib", 0)) / 1024
    ran = alone(ENOUGH, *QUICK, f"lifecycle={lifecycle}", keep_mib=16, **leaks_kib)
    assert ran.summary["metrics"]["memory.growth_mib_per_iteration"]["value"] == pytest.approx(
        truth_mib, rel=0.01, abs=0.02
    )
    word = "leak" if truth_mib else "stable"
    assert ran.summary["verdicts"]["memory"]["verdict"] == word
    stage = ran.summary["stage_verdicts"]["asr"]
    assert (stage["verdict"], stage["loop"]) == (word, "run" if lifecycle == "restart" else "load, run, unload")
    assert stage["net_mib_per_iteration"] == pytest.approx(truth_mib, rel=0.01, abs=0.02)


def test_the_stage_that_leaks_is_named(chain: Run) -> None:
    """Two stages share a process that grows: the one that takes more than it gives back is named, the other cleared."""
    ran = chain(ENOUGH, *QUICK, asr={"keep_mib": 8}, aligner={"keep_mib": 8, "leak_load_kib": 512})
    words = {stage: one["verdict"] for stage, one in ran.summary["stage_verdicts"].items()}
    assert (ran.summary["verdicts"]["memory"]["verdict"], words) == ("leak", {"asr": "stable", "aligner": "leak"})


def test_a_process_that_does_not_live_on_cannot_grow(chain: Run) -> None:
    """With a worker for each stage's work there is no series, and the verdict says what would give one."""
    ran = chain("iterations=3", *QUICK, "isolation=stage", aligner={"leak_load_kib": 512})
    verdict = ran.summary["verdicts"]["memory"]
    assert (verdict["verdict"], verdict["n"], verdict["settles_at"]) == ("undecided", 0, None)
    assert verdict["because"] == "no process served more than one iteration, so none could grow; isolation=run tells"
    assert ran.summary["stage_verdicts"] == {}


@pytest.mark.parametrize(
    ("costs", "line"),
    [
        ({"leak_fd_per_load": 1}, "Leak (files): 1 /dev/null an iteration (3 -> 12 over 10 iterations)"),
        ({"leak_fd_per_load": 3}, "Leak (files): 3 /dev/null an iteration (7 -> 34 over 10 iterations)"),
        (
            {"leak_thread_per_load": 2},
            "Leak (threads): 2 truth-leaked an iteration (4 -> 22 over 10 iterations)",
        ),
    ],
)
def test_files_and_threads_that_leak_are_named(costs: dict[str, Value], line: str, alone: Run) -> None:
    """By name and at their true rate, on the screen and in the report; descriptor 0 is a /dev/null of the worker's."""
    ran = alone("iterations=11", **costs)
    assert [one for one in ran.out.splitlines() if one.startswith("Leak (")] == [line]
    assert f"- {line}" in (ran.folder / "report.md").read_text(encoding="utf-8").splitlines()


def test_files_and_threads_that_stay_are_no_leak(alone: Run) -> None:
    """A model that is loaded once leaks in that load alone."""
    ran = alone("iterations=11", "lifecycle=reuse", leak_fd_per_load=2, leak_thread_per_load=2)
    assert values(ran, "threads_seen", "memory") == [3] * 11
    assert (ran.summary["leaking_handles"], "Leak (" in ran.out) == ([], False)
